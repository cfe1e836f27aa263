"""An intern who takes over the patients of somebody else: no more than the acts of a half-day, and no more interns at
one instant than their supervisors answer for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from booking.domain.appointments import Appointment
from booking.domain.intervals import Interval
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.domain.supervision import Act, Coverage, Lost, acts_in_half_day
from booking.store import projections, supervision
from smp.postgres import Transaction

Given = tuple[Appointment, Session]
"""An appointment, and the session of the intern who takes it over."""


@dataclass(frozen=True, slots=True)
class TakingOver:
    """What is `given` to interns when sessions change. `changing` are those sessions, `standing` the appointments in
    them, whatever becomes of them, `homes` the sessions there will be."""

    given: Sequence[Given]
    standing: Collection[UUID]
    changing: Collection[UUID]
    homes: Sequence[Session]


async def beyond_reach(tx: Transaction, it: TakingOver, rules: Rules, now: datetime) -> frozenset[UUID]:
    """The appointments that the interns cannot take over: the latest booked.

    To be asked once sessions, their days (`supervising.keep_days`) and appointments are locked.
    """
    days: dict[tuple[str, date], list[Given]] = {}
    for appointment, home in it.given:
        days.setdefault((home.territory, home.day), []).append((appointment, home))
    left: set[UUID] = set()
    for (territory, day), given in sorted(days.items(), key=lambda each: each[0]):
        stored = await supervision.acts_of_day(tx, territory, day, now)
        acts = [each.act for each in stored if each.id not in it.standing]
        coverage = await _coverage(tx, given, acts, it, rules)
        left |= await _left(tx, given, acts, coverage, rules)
    return frozenset(left)


async def _left(
    tx: Transaction, given: Sequence[Given], acts: list[Act], coverage: Coverage, rules: Rules
) -> set[UUID]:
    """Of one day. Who booked first is taken over first; whoever is, counts for the next."""
    left: set[UUID] = set()
    for it, home in sorted(given, key=lambda each: (each[0].booked_at or each[0].requested_at, each[0].id)):
        act = Act(home.professional, home.site, it.period)
        site = await projections.site(tx, home.site)
        own = [each.period.start for each in acts if each.intern == act.intern]
        others = [each for each in acts if each.intern != act.intern and each.period.overlaps(act.period)]
        if site is None or acts_in_half_day(own, act.period.start, site.zone) >= rules.acts_per_half_day.on(home.day):
            left.add(it.id)
            continue
        if coverage.lost(act, others) is Lost.TOO_MANY_INTERNS:
            left.add(it.id)
            continue
        acts.append(act)
    return left


async def _coverage(
    tx: Transaction, given: Sequence[Given], acts: Sequence[Act], it: TakingOver, rules: Rules
) -> Coverage:
    """Who answers for these interns and the others of the day, as the sessions will be."""
    home = given[0][1]
    whole = Interval(min(each.period.start for each, _ in given), max(each.period.end for each, _ in given))
    interns = {each.professional for _, each in given} | {each.intern for each in acts}
    stored = await supervision.presence_of_supervisors(tx, interns, whole)
    return Coverage(
        await projections.supervisions(tx, home.site, interns),
        [*(each for each in stored if each.id not in it.changing), *it.homes],
        await supervision.reaches(tx, home.territory, whole),
        rules.interns_per_supervisor.on(home.day),
    )
