"""Whether an intern may be booked there and then: covered, within the ratio and the acts of the half-day."""

from datetime import datetime
from uuid import UUID

from booking import problems
from booking.domain.intervals import Interval
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.domain.supervision import Act, Coverage, Lost, acts_in_half_day
from booking.store import projections, sessions, supervision
from smp.postgres import Transaction
from smp.problems import ProblemType


async def why_not(
    tx: Transaction, session: Session, period: Interval, rules: Rules, now: datetime, leaving: UUID | None = None
) -> ProblemType | None:
    """Why the intern of this session cannot be booked over `period`; nothing when they can.

    Whoever supervises stays until the commit, and other bookings of interns of the territory on that day wait: of two
    that want the last act of a half-day, or the last place of a supervisor, exactly one has it. To be asked after the
    session has been shared and before anything is occupied; `leaving` is the appointment that gives its place up.
    Sessions of others than interns cost nothing here.
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
    own = [each.period.start for each in acts if each.professional == intern]
    if acts_in_half_day(own, period.start, site.zone) >= rules.acts_per_half_day.on(session.day):
        return problems.TOO_MANY_ACTS
    others = [each.act for each in acts if each.professional != intern and each.period.overlaps(period)]
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
