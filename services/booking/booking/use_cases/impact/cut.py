"""The sessions that an impact cuts, by the calendar's own hands: the absence or the closure is noted, so that no rule
brings the hours back, and whoever can stay in what is left stays."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from booking import problems
from booking.domain.appointments import State
from booking.domain.impact import Change, ChangeKind
from booking.domain.intervals import Interval
from booking.domain.rules import Rules
from booking.store import projections, sessions
from booking.store.sessions import Author
from booking.use_cases.calendar.change_session import SessionChange, draft_change
from booking.use_cases.calendar.close_site import ClosureRequest, draft_closure
from booking.use_cases.calendar.note_absence import AbsenceRequest, draft_absence
from booking.use_cases.calendar.reshaping import Assessment, Consent, Reshaping, apply, assess
from booking.use_cases.calendar.shutting import Days, Shutting, shut
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class Drafted:
    """What is to be done to the sessions: all of them locked, and who stands in them; nothing is cut yet."""

    reshaping: Reshaping
    consent: Consent
    assessment: Assessment
    shutting: Shutting | None = None

    @property
    def losing(self) -> set[UUID]:
        """Who loses their place, holds and what only supervision keeps apart."""
        expected = {each.id for each in self.assessment.losing if each.state is not State.HELD}
        return expected - self.assessment.uncovered


async def draft_cut(
    tx: Transaction, change: Change, sites: Collection[UUID], rules: Rules, *, actor: Actor, now: datetime
) -> Drafted:
    """Lock and see, in the order of everybody: sites, people, rules, sessions, appointments.

    Raises Refusal: as `draft_absence`, `draft_closure` and `draft_change` do.
    """
    consent = Consent(change.reason)
    if change.kind is ChangeKind.SITE_MOVED:
        return Drafted(Reshaping(), consent, Assessment((), ()))
    if change.kind is ChangeKind.SESSION_CHANGE:
        reshaping = await _change_session(tx, change, consent, rules, actor, now)
        return Drafted(reshaping, consent, await assess(tx, reshaping, rules, now))
    shutting = await _shut(tx, change, sites, consent, rules, actor, now)
    return Drafted(shutting.reshaping, consent, await assess(tx, shutting.reshaping, rules, now), shutting)


async def cut(tx: Transaction, drafted: Drafted, hit: Collection[UUID], rules: Rules, author: Author) -> None:
    """Cut the sessions. Those who are hit are left where they stand, for the plan; holds in lost hours are given up:
    whoever is on the telephone just now is offered another place.

    Raises Refusal: SESSION_OVERLAP.
    """
    staying = tuple((it, home) for it, home in drafted.assessment.staying if it.id not in hit)
    holds = tuple(each for each in drafted.assessment.losing if each.state is State.HELD)
    left = Assessment(staying, holds, returning=drafted.assessment.returning)
    silent = replace(drafted.consent, notify=False)
    if drafted.shutting:
        await shut(tx, drafted.shutting, left, silent, rules, author)
    else:
        await apply(tx, drafted.reshaping, left, silent, rules, author, by_hand=True)


async def _change_session(
    tx: Transaction, change: Change, consent: Consent, rules: Rules, actor: Actor, now: datetime
) -> Reshaping:
    assert change.session is not None
    assert change.period is not None
    stored = await sessions.get(tx, change.session)
    if stored is None:
        raise Refusal(problems.SESSION_UNKNOWN)
    hours = _days(change.period, await _zone(tx, stored.session.site))
    wanted = SessionChange(consent, hours.first, hours.start, hours.end)
    reshaping, _, _ = await draft_change(tx, change.session, wanted, rules, actor=actor, now=now)
    return reshaping


async def _shut(
    tx: Transaction,
    change: Change,
    sites: Collection[UUID],
    consent: Consent,
    rules: Rules,
    actor: Actor,
    now: datetime,
) -> Shutting:
    assert change.period is not None
    if change.kind is ChangeKind.SITE_CLOSED:
        assert change.site is not None
        days = _days(change.period, await _zone(tx, change.site))
        return await draft_closure(tx, ClosureRequest(change.site, days, consent), rules, actor=actor, now=now)
    assert change.professional is not None
    who = await projections.professional(tx, change.professional)
    if who is None:
        raise Refusal(problems.PROFESSIONAL_UNKNOWN)
    site = min(who.sites.intersection(sites) or who.sites)
    absence = AbsenceRequest(site, who.id, _days(change.period, await _zone(tx, site)), change.reason)
    return await draft_absence(tx, absence, rules, actor=actor, now=now)


async def _zone(tx: Transaction, site: UUID) -> ZoneInfo:
    known = await projections.site(tx, site)
    if known is None:
        raise Refusal(problems.SITE_UNKNOWN)
    return known.zone


def _days(period: Interval, zone: ZoneInfo) -> Days:
    """The period as the clock of the site tells it."""
    start, end = period.start.astimezone(zone), period.end.astimezone(zone)
    return Days(start.date(), end.date(), start.time(), end.time())
