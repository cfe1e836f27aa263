"""Presence has changed: which appointments of interns are no longer covered, and which are again.

A session of a supervisor that is opened, cancelled, moved or shortened, a declaration by telephone and registry's facts
only ask for another look; this job looks, a day of a territory at a time. Whoever is expected is flagged; an offer is
withdrawn, for its place could not be given; what interns have free is gone through for whoever waits. A booking that
was checked against the former presence has committed before the look (it waits for it) and is found by it. Whatever is
looked at twice, or after a crash, comes to the same.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from booking.domain.appointments import WAITING, State
from booking.domain.intervals import Interval
from booking.domain.kinds import INTERN
from booking.domain.rules import Rules
from booking.domain.supervision import Coverage, Lost
from booking.store import appointments, projections, supervision
from booking.store.supervision import InternAct
from booking.use_cases.appointments import announcing
from booking.use_cases.appointments.cancel_appointment import CENTRE, CancelRequest, cancel
from booking.use_cases.one_by_one import one_by_one
from smp.contracts import AppointmentSupported, AppointmentUnsupported
from smp.contracts.base import EventData
from smp.contracts.envelope import Event
from smp.contracts.vocabulary import Practitioner
from smp.postgres import Database, Scope, Transaction

BY = "booking.recheck-supervision"
STANDING = frozenset({State.HELD, State.BOOKED}) | WAITING
UNCOVERED = CancelRequest(CENTRE, "no_supervisor")
QUIET = timedelta(seconds=5)  # registry's facts come in bursts, at a rebuild above all: they are judged once all heard


async def recheck_supervision(database: Database, rules: Rules, now: datetime, *, begins: bool = True) -> int:
    """The job: look again at every day that was asked for, and at all of them once the ratio is another setting.
    `begins`: for the first time in this process. While processes have different ratios, which is so during a change of
    the setting, the one that began last judges. Returns how many days were looked at."""
    async with database.transaction(Scope.everywhere()) as tx:
        for territory in await supervision.judge_by(tx, rules.interns_per_supervisor, begins=begins):
            await supervision.ask_again_for_all_days(tx, territory, now - QUIET)  # nothing more is to be waited for
        territories = await supervision.territories_to_spread(tx, now - QUIET)
    for territory in territories:
        async with database.transaction(Scope(frozenset({territory}))) as tx:
            await supervision.spread(tx, territory, now.date() - timedelta(days=1))
    async with database.transaction(Scope.everywhere()) as tx:
        days = await supervision.days_to_look_at(tx, rules.interns_per_supervisor)

    async def look(at: tuple[str, date]) -> None:
        territory, day = at
        async with database.transaction(Scope(frozenset({territory}))) as tx:
            await _look_at(tx, territory, day, rules, now)

    await one_by_one(BY, days, look)
    return len(days)


async def _look_at(tx: Transaction, territory: str, day: date, rules: Rules, now: datetime) -> None:
    await supervision.one_booking_at_a_time(tx, territory, [day])
    await supervision.take_day(tx, territory, day)
    acts = await supervision.acts_of_day(tx, territory, day, now)
    verdicts = await _verdicts(tx, territory, day, acts, rules)
    open_to_change = [each for each in acts if each.state in STANDING and each.period.end > now]
    offers = [it for it in open_to_change if it.is_offer and verdicts.get(it.id)]
    if offers and await _withdraw(tx, offers, rules, now) < len(offers):
        await supervision.ask_again(tx, territory, [day])
    await _flag(tx, territory, day, [it for it in open_to_change if it not in offers], verdicts, now)
    await supervision.look_at_free_places(tx, day, now, now + timedelta(days=rules.offers.days_ahead))


async def _withdraw(tx: Transaction, offers: Sequence[InternAct], rules: Rules, now: datetime) -> int:
    """Give the holds of these offers up, of which `end_offers` tells the people who wait; those somebody is busy with
    are left for the next look. How many are over."""
    locked = await appointments.lock_free(tx, [it.id for it in offers])
    gone = [cancel(hold, UNCOVERED, rules, now, BY) for hold in locked.values() if hold.is_offer]
    await appointments.save(tx, gone)
    for each in gone:
        announcing.released(tx, each, now)
    return len(locked)


async def _flag(
    tx: Transaction,
    territory: str,
    day: date,
    open_to_change: Sequence[InternAct],
    verdicts: Mapping[UUID, Lost | None],
    now: datetime,
) -> None:
    """Say of each appointment that it is not covered any more, or is again."""
    lost = [(it, why) for it in open_to_change if (why := verdicts.get(it.id)) and not it.is_unsupported]
    regained = [it for it in open_to_change if it.is_unsupported and verdicts.get(it.id, Lost.NO_SUPERVISOR) is None]
    changed = [*(it for it, _ in lost), *regained]
    if not changed:
        return
    versions = await supervision.step(tx, changed, now, BY)
    lost, regained = [each for each in lost if each[0].id in versions], [it for it in regained if it.id in versions]
    await supervision.mark_unsupported(tx, lost, now)
    await supervision.clear_unsupported(tx, regained)
    for it, why in lost:
        _say(tx, territory, it, _unsupported(it, why, now), versions[it.id], now)
    for it in regained:
        _say(tx, territory, it, _supported(it, now), versions[it.id], now)
    if len(versions) < len(changed):
        await supervision.ask_again(tx, territory, [day])


async def _verdicts(
    tx: Transaction, territory: str, day: date, acts: Sequence[InternAct], rules: Rules
) -> dict[UUID, Lost | None]:
    if not acts:
        return {}
    return judged(acts, await coverage_of(tx, territory, day, acts, rules))


async def coverage_of(tx: Transaction, territory: str, day: date, acts: Sequence[InternAct], rules: Rules) -> Coverage:
    """Who answers for these interns, from where, around these acts (at least one) of a day."""
    whole = Interval(min(each.period.start for each in acts), max(each.period.end for each in acts))
    interns = {each.professional for each in acts}
    return Coverage(
        # Sites of a territory share their clock: any of them tells the days of the supervisions.
        await projections.supervisions(tx, acts[0].site, interns),
        await supervision.presence_of_supervisors(tx, interns, whole),
        await supervision.reaches(tx, territory, whole),
        rules.interns_per_supervisor.on(day),
    )


def judged(acts: Sequence[InternAct], coverage: Coverage) -> dict[UUID, Lost | None]:
    """Why each act is not covered. Of an intern nobody was ever said to answer for, nothing: it was not heard yet."""
    interns = {tie.intern for tie in coverage.supervisions}
    heard = [each for each in acts if each.professional in interns]
    why = coverage.verdicts([each.act for each in heard])
    return {each.id: verdict for each, verdict in zip(heard, why, strict=True)}


def _unsupported(it: InternAct, why: Lost, now: datetime) -> AppointmentUnsupported:
    return AppointmentUnsupported(
        appointment=it.id,
        site=it.site,
        patient=it.patient,
        session=it.session,
        practitioners=(Practitioner(professional=it.professional, role=INTERN),),
        start=it.period.start,
        end=it.period.end,
        reason=why,
        since=now,
    )


def _supported(it: InternAct, now: datetime) -> AppointmentSupported:
    return AppointmentSupported(
        appointment=it.id,
        site=it.site,
        patient=it.patient,
        session=it.session,
        start=it.period.start,
        end=it.period.end,
        supported_at=now,
    )


def _say(tx: Transaction, territory: str, it: InternAct, data: EventData, version: int, now: datetime) -> None:
    tx.publish(Event.of(data, subject=it.id, territory=territory, site=it.site, sequence=version, time=now))
