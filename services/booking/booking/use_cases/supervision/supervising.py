"""Whether an intern may be booked there and then: covered, within the ratio and the acts of the half-day."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from booking import problems
from booking.domain.availability import Slot
from booking.domain.intervals import Interval
from booking.domain.kinds import INTERN
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.domain.supervision import Act, Coverage, Lost, acts_in_half_day
from booking.store import projections, sessions, supervision
from smp.postgres import ScopedReader, Transaction
from smp.problems import ProblemType


async def why_not(
    tx: Transaction,
    session: Session,
    period: Interval,
    rules: Rules,
    now: datetime,
    leaving: UUID | None = None,
    besides: Sequence[Act] = (),
) -> ProblemType | None:
    """Why the intern of this session cannot be booked over `period`; nothing when they can.

    Whoever supervises stays until the commit, and other bookings of interns of the territory on that day wait: of two
    that want the last act of a half-day, or the last place of a supervisor, exactly one has it. To be asked after the
    session has been shared and before anything is occupied; `leaving` is the appointment that gives its place up,
    `besides` the acts that are about to be written with it. Sessions of others than interns cost nothing here.
    """
    if not session.needs_supervision:
        return None
    intern, territory = session.professional, session.territory
    present = await sessions.share_presence_of_supervisors(tx, session.site, intern, period)
    await supervision.one_booking_at_a_time(tx, territory, session.day)
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


async def bookable(db: ScopedReader, slots: Sequence[Slot], territory: str, rules: Rules, now: datetime) -> list[Slot]:
    """Those of these slots, covered as they are, that interns may be given: the ratio of their supervisors and their
    acts of the half-day, as `why_not` judges them. Slots of others are left as they are."""
    interns = [slot for slot in slots if slot.role == INTERN]
    if not interns:
        return list(slots)
    acts = await supervision.acts_of_days(db, territory, {slot.day for slot in interns}, now)
    site = await projections.site(db, interns[0].site)
    whole = Interval(min(slot.period.start for slot in interns), max(slot.period.end for slot in interns))
    everyone = {slot.professional for slot in interns} | {it.professional for day in acts.values() for it in day}
    ties = await projections.supervisions(db, interns[0].site, everyone)
    present = await supervision.presence_of_supervisors(db, everyone, whole)
    reaches = await supervision.reaches(db, territory, whole)

    def may_be_given(slot: Slot) -> bool:
        of_day = acts[slot.day]
        own = [each.period.start for each in of_day if each.professional == slot.professional]
        if site is None or acts_in_half_day(own, slot.period.start, site.zone) >= rules.acts_per_half_day.on(slot.day):
            return False
        act = Act(slot.professional, slot.site, slot.period)
        others = [each.act for each in of_day if each.professional != act.intern and each.period.overlaps(act.period)]
        there = [each for each in present if each.period.overlaps(act.period)] if others else []
        ratio = rules.interns_per_supervisor.on(slot.day)
        return not others or Coverage(ties, there, reaches, ratio).lost(act, others) is None

    return [slot for slot in slots if slot.role != INTERN or may_be_given(slot)]
