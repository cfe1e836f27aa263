"""A small Monday of the same shape as the real one, as fast as the machine can, with its ledger."""

from datetime import date
from uuid import UUID

import asyncpg

from smp_local.day.calendar import UNANSWERED
from smp_local.day.plan import Size
from smp_local.day.player import Player, Script, plan
from smp_local.worlds.laval import LAVAL
from smp_local.worlds.le_mans import LE_MANS
from tests.flows.house import House

MONDAY = date(2027, 2, 1)  # a day that no other test touches
SMALL = Size(ahead=9, absent=1, cancelling=2, emergencies=2, same_day=1, walk_ins=1, social=1, cast=False)
SMALLER = Size(ahead=3, absent=1, cancelling=1, emergencies=1, same_day=0, walk_ins=0, social=0, rubs=False, cast=False)
FAST = 100_000.0


async def test_a_short_monday_balances_its_ledger_and_a_missing_fact_would_show(house: House) -> None:
    plans = plan(MONDAY, 7, Script(((LAVAL, SMALL), (LE_MANS, SMALLER))))
    player = Player(house.addresses, plans, speed=FAST, say=lambda _text: None)
    others = set((await player.check()).faults)  # what other tests have done to this platform on purpose
    try:
        ledger = await player.live()
    finally:
        await player.aclose()
    assert set(ledger.faults) <= others
    laval, le_mans = player.desks
    assert (laval.counts.seen, laval.counts.absent, laval.counts.cancelled) == (SMALL.seen + SMALL.social, 1, 2)
    assert (le_mans.counts.seen, le_mans.counts.absent) == (SMALLER.seen, 1)
    assert all(rub.is_right for rub in player.rubs[0].met)
    assert len(player.rubs[0].met) >= 5
    assert ledger.crossings > 0
    assert ledger.acknowledged == len(player.history.acknowledged)
    assert all(chain.agrees and chain.appointments for chain in ledger.chains.values())
    await _every_intern_was_supervised(house)
    await _a_missing_fact_shows(house, player, laval.appointments["ahead-00"])


async def _every_intern_was_supervised(house: House) -> None:
    sql = "SELECT count(*) FROM appointment WHERE role = 'intern' AND state = 'done' AND supervisor IS NULL"
    assert await house.books.value("booking", sql) == 0


async def _a_missing_fact_shows(house: House, player: Player, appointment: str) -> None:
    """A ledger that cannot fail proves nothing: one fact is taken away behind everybody's back."""
    connection = await asyncpg.connect(house.addresses.database("reporting"))
    try:
        await connection.execute("DELETE FROM appointment_fact WHERE appointment = $1", UUID(appointment))
    finally:
        await connection.close()
    ledger = await player.check(player.conductor.now + UNANSWERED)
    assert not ledger.balanced
    assert [fault.what for fault in ledger.faults if appointment in fault.what and fault.kind == "facts_wrong"]
    assert not ledger.chains[LAVAL.site].agrees
