"""What is free already is gone through for somebody for whom something has changed: they have joined, wish for
something else, have no offer any more, are not expected elsewhere any more, may have what they could not have.

What suits them is then offered as any free time is, to the first in order whom it suits: that may be somebody who has
changed at the same moment. They are looked at until they have an offer, or nothing is left.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from booking.domain.availability import Slot
from booking.domain.intervals import Interval
from booking.domain.kinds import Kind
from booking.domain.offers import next_day
from booking.domain.rules import Rules
from booking.domain.waiting_list import Entry, in_order
from booking.store import offers, sessions, waiting_list
from booking.store.offers import SecondLook
from booking.use_cases.kinds.kind_book import kinds_in
from booking.use_cases.waiting_list.offering import Choice, Outcome, Where, choices, offer_time
from smp.postgres import Scope, Transaction

_SOON = timedelta(seconds=2)  # somebody whom it suits is busy with another answer


async def look_for(tx: Transaction, look: SecondLook, rules: Rules, now: datetime) -> Outcome:
    """Make one offer and keep the line in the queue; else put it off until they may be asked, or forget it."""
    tx.rescope(Scope(frozenset({look.territory})))
    waiting = in_order(await waiting_list.of_patient(tx, look.patient, now.date()))
    again: list[datetime] = []
    if not await offers.running(tx, [entry.id for entry in waiting]):  # else its end asks for another look
        for site in sorted({site for entry in waiting for site in entry.wishes.sites}):  # the order of their locks
            there = await Where.at(tx, site, rules, now)
            if there is None:
                continue
            outcome, ask_at = await _look_at(tx, there, [entry for entry in waiting if site in entry.wishes.sites])
            if outcome is Outcome.OFFERED:
                return outcome
            again += [ask_at] if ask_at else []
    if again:
        await offers.put_off_second_look(tx, look.id, min(again))
    else:
        await offers.forget_second_look(tx, look.id)
    return Outcome.NOBODY


async def _look_at(tx: Transaction, there: Where, entries: Iterable[Entry]) -> tuple[Outcome, datetime | None]:
    """Go through what is free at a site; without an offer, when to look there again, if at all."""
    if (ask_at := there.reachable.from_(there.now)) > there.now:
        return Outcome.NOBODY, ask_at
    again: datetime | None = None
    for entry in entries:
        asked = await there.candidates(tx, entry.wishes.kinds)
        if entry.id not in {each.id for each in asked}:
            again = next_day(there.now, there.site.zone)  # they said "later", or were asked often enough today
            continue
        for session, window in (await _windows(tx, there, entry)).items():
            found = await sessions.get(tx, session)
            outcome = await offer_time(tx, there, found.session, window) if found else Outcome.NOBODY
            if outcome is Outcome.OFFERED:
                return outcome, None
            if outcome is Outcome.BUSY:
                return Outcome.NOBODY, there.now + _SOON
    return Outcome.NOBODY, again


async def _windows(tx: Transaction, there: Where, entry: Entry) -> dict[UUID, Interval]:
    """The sessions that have free time for this person, the soonest first, and from when to when."""
    reach = Interval(there.now, there.now + timedelta(days=there.rules.offers.days_ahead))
    free: list[tuple[Slot, Kind]] = []
    for code in sorted(entry.wishes.kinds):
        for kind, part in await kinds_in(tx, code, reach, there.site, there.rules):
            free += [(slot, kind) for slot in await there.free(tx, kind, part, entry.patient)]
    answered = await waiting_list.answered(tx, [entry.id])
    later = await waiting_list.to_replace(tx, entry, there.now)
    found: dict[UUID, Interval] = {}
    for choice in choices(entry, there, free, answered.get(entry.id, ())):
        if later is not None and later[1] <= choice.slot.period.start:
            break
        found[choice.slot.session] = _widened(found.get(choice.slot.session), choice)
    return found


def _widened(known: Interval | None, choice: Choice) -> Interval:
    time = choice.kind.around(choice.slot.period)
    return time if known is None else Interval(min(known.start, time.start), max(known.end, time.end))
