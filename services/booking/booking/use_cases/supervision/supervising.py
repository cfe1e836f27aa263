"""Whether an intern may be booked there and then: covered, within the ratio and the acts of the half-day."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from booking import problems
from booking.domain.availability import Slot
from booking.domain.intervals import Interval
from booking.domain.kinds import INTERN
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.domain.supervision import Act, Coverage, Lost, acts_in_half_day
from booking.store import projections, supervision
from booking.store.appointments import Place
from smp.postgres import ScopedReader, Transaction
from smp.problems import ProblemType


async def why_not(
    tx: Transaction,
    place: Place,
    period: Interval,
    rules: Rules,
    now: datetime,
    leaving: UUID | None = None,
    besides: Sequence[Act] = (),
) -> ProblemType | None:
    """Why the intern of this place cannot be booked over `period`; nothing when they can.

    Whoever supervises stays until the commit, as the place does, and other bookings of interns of the territory on that
    day wait: of two that want the last act of a half-day, or the last place of a supervisor, exactly one has it. To be
    asked before anything is occupied, and after `keep_days` where an appointment is locked before; `leaving`
    is the appointment that gives its place up, `besides` the acts that are about to be written with it. Sessions of
    others than interns cost nothing here.
    """
    session = place.session
    if not session.needs_supervision:
        return None
    intern, territory = session.professional, session.territory
    await keep_days(tx, [session])
    present = [each for each in place.presence if each.period.overlaps(period)]
    site = await projections.site(tx, session.site)
    acts = [each for each in await supervision.acts_of_day(tx, territory, session.day, now) if each.id != leaving]
    if site is None:
        return problems.NO_SUPERVISOR
    all_acts = [*(each.act for each in acts), *besides]
    own = [each.period.start for each in all_acts if each.intern == intern]
    if acts_in_half_day(own, period.start, site.zone) >= rules.acts_per_half_day.on(session.day):
        return problems.TOO_MANY_ACTS
    others = [each for each in all_acts if each.intern != intern and each.period.overlaps(period)]
    interns = {intern, *(each.intern for each in others)}
    if others:
        present += await supervision.presence_of_supervisors(tx, interns - {intern}, period)
    coverage = Coverage(
        await projections.supervisions(tx, session.site, interns),
        list({each.id: each for each in present}.values()),
        await supervision.reaches(tx, territory, period),
        rules.interns_per_supervisor.on(session.day),
    )
    lost = coverage.lost(Act(intern, session.site, period), others)
    if lost is None:
        return None
    return problems.TOO_MANY_INTERNS if lost is Lost.TOO_MANY_INTERNS else problems.NO_SUPERVISOR


async def keep_days(tx: Transaction, locked: Iterable[Session]) -> None:
    """Other bookings of interns wait on the days of those of these sessions that are interns'. To be asked after the
    sessions are locked and before any appointment is."""
    days: dict[str, set[date]] = {}
    for each in locked:
        if each.needs_supervision:
            days.setdefault(each.territory, set()).add(each.day)
    for territory in sorted(days):
        await supervision.one_booking_at_a_time(tx, territory, days[territory])


async def bookable(db: ScopedReader, slots: Sequence[Slot], territory: str, rules: Rules, now: datetime) -> list[Slot]:
    """Those of these slots, covered as they are, that interns may be given, each by itself. Slots of others are left as
    they are."""
    days = await InternDays.around(db, slots, territory, rules, now)
    return [slot for slot in slots if days is None or days.admits(slot)]


@dataclass(frozen=True, slots=True)
class InternDays:
    """What interns of a territory do on some days, and who answers for them there: whether one may be given a slot,
    covered as it is, by the ratio of the supervisors and the acts of the half-day, as `why_not` judges them."""

    acts: Mapping[date, Sequence[Act]]
    coverage: Coverage  # of the days together
    zone: ZoneInfo
    rules: Rules

    @classmethod
    async def around(
        cls,
        db: ScopedReader,
        slots: Iterable[Slot],
        territory: str,
        rules: Rules,
        now: datetime,
        leaving: Collection[UUID] = (),
    ) -> "InternDays | None":
        """The days of the slots of a site that are interns', without the appointments that are `leaving`; nothing when
        none is."""
        interns = [slot for slot in slots if slot.role == INTERN]
        site = await projections.site(db, interns[0].site) if interns else None
        if site is None:
            return None
        found = await supervision.acts_of_days(db, territory, {slot.day for slot in interns}, now)
        whole = Interval(min(slot.period.start for slot in interns), max(slot.period.end for slot in interns))
        everyone = {slot.professional for slot in interns} | {it.professional for day in found.values() for it in day}
        coverage = Coverage(
            await projections.supervisions(db, site.id, everyone),
            await supervision.presence_of_supervisors(db, everyone, whole),
            await supervision.reaches(db, territory, whole),
        )
        acts = {day: [each.act for each in some if each.id not in leaving] for day, some in found.items()}
        return cls(acts, coverage, site.zone, rules)

    def admits(self, slot: Slot, besides: Iterable[Slot] = ()) -> bool:
        """Whether the slot may be given once those `besides` are; to anybody but an intern, always."""
        if slot.role != INTERN:
            return True
        return self.admits_act(_act(slot), slot.day, [_act(each) for each in besides if each.day == slot.day])

    def admits_act(self, act: Act, day: date, besides: Iterable[Act]) -> bool:
        """Whether an intern may be given the act on that day, besides those of the day that are to be given."""
        acts = [*self.acts[day], *besides]
        own = [each.period.start for each in acts if each.intern == act.intern]
        if acts_in_half_day(own, act.period.start, self.zone) >= self.rules.acts_per_half_day.on(day):
            return False
        return self._is_answered_for(act, [each for each in acts if each.intern != act.intern], day)

    def _is_answered_for(self, act: Act, others: Iterable[Act], day: date) -> bool:
        meanwhile = [each for each in others if each.period.overlaps(act.period)]
        ratio = self.rules.interns_per_supervisor.on(day)
        if len({each.intern for each in meanwhile}) < ratio:
            return True  # whoever answers for this one could answer for all of them
        there = [each for each in self.coverage.sessions if each.period.overlaps(act.period)]
        return replace(self.coverage, sessions=there, ratio=ratio).lost(act, meanwhile) is None


def _act(slot: Slot) -> Act:
    return Act(slot.professional, slot.site, slot.period)
