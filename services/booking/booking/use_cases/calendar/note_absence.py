"""A professional is away from every site for a time; and is back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from booking import problems
from booking.domain.local_time import instant
from booking.domain.rules import Rules
from booking.store import closures, presence, projections, sessions
from booking.store import rules as rule_store
from booking.store.closures import CutSession
from booking.store.sessions import Author
from booking.use_cases.access import require_site
from booking.use_cases.calendar import shutting
from booking.use_cases.calendar.following import Followed
from booking.use_cases.calendar.planning import staffed
from booking.use_cases.calendar.reshaping import Consent
from booking.use_cases.calendar.shutting import Days, Scene, Shut, Shutting, new_closure
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal

AWAY = "practitioner_absent"


@dataclass(frozen=True, slots=True)
class AbsenceRequest:
    """Who, when (on the clock of `site`), why as a code that says nothing of health, and what becomes of
    appointments."""

    site: UUID
    professional: UUID
    days: Days
    reason: str
    cancel_appointments: bool = False
    notify: bool = True

    @property
    def consent(self) -> Consent:
        """Patients and other services learn that the practitioner is absent, never why."""
        return Consent(AWAY, self.cancel_appointments, self.notify)


async def note_absence(tx: Transaction, request: AbsenceRequest, rules: Rules, *, actor: Actor, now: datetime) -> Shut:
    """Note it. Opening sessions for them waits meanwhile (FOR UPDATE against FOR KEY SHARE on the professional).

    Raises Refusal: as `draft_absence`; HAS_APPOINTMENTS and IN_CONSULTATION with the list; SESSION_OVERLAP.
    """
    draft = await draft_absence(tx, request, rules, actor=actor, now=now)
    return await shutting.carry_out(tx, draft, request.consent, rules, Author(actor.subject, now))


async def draft_absence(
    tx: Transaction, request: AbsenceRequest, rules: Rules, *, actor: Actor, now: datetime
) -> Shutting:
    """Write the absence and see what it comes to.

    Raises Refusal: SITE_UNKNOWN, PROFESSIONAL_UNKNOWN, PROFESSIONAL_ELSEWHERE, SESSION_PAST, ALREADY_ABSENT,
    HOUR_MISSING, END_BEFORE_START, PERIOD_TOO_LONG, FORBIDDEN.
    """
    require_site(actor, request.site)
    # Away is away everywhere: in territories that whoever notes it has no right to see, the platform's own job lets the
    # days of rules follow soon after, as for a fact of registry.
    staff = await staffed(tx, request.site, request.professional, rules, look_again=True)
    scene = await _scene(tx, request.professional, request.site, now)
    absence = new_closure(staff.site, request.days, request.reason, professional=request.professional)
    known = await closures.absences_of(tx, [request.professional], absence.period)
    if any(each.period.contains(absence.period) for each in known):
        raise Refusal(problems.ALREADY_ABSENT)
    return await shutting.draft_shutting(tx, absence, scene, rules, actor=actor, now=now)


async def end_absence(
    tx: Transaction, id: UUID, back_on: date | None, rules: Rules, *, actor: Actor, now: datetime
) -> Followed:
    """The absence ends before `back_on`, or now: the days of rules that it skipped come back.

    Raises Refusal: ABSENCE_UNKNOWN, CLOSURE_OVER, PROFESSIONAL_UNKNOWN, SESSION_OVERLAP, FORBIDDEN.
    """
    absence = await closures.absence(tx, id)
    if absence is None or absence.professional is None:
        raise Refusal(problems.ABSENCE_UNKNOWN)
    require_site(actor, absence.site)
    await presence.look_again(tx, absence.professional, absence.territory)  # before any lock
    cut = await closures.cut_ahead(tx, None, absence.professional, now)
    scene = await _scene(tx, absence.professional, absence.site, now, cut)
    at = instant(back_on, time(), scene.sites[absence.site].zone) if back_on else now
    return await shutting.reopen(tx, absence, at, scene, rules, Author(actor.subject, now))


async def _scene(
    tx: Transaction, professional: UUID, site: UUID, now: datetime, cut: Iterable[CutSession] = ()
) -> Scene:
    """Every site where they receive, then they alone, then their rules."""
    where = {site, *await sessions.sites_of_professional(tx, professional, now), *(each.site for each in cut)}
    sites = await projections.sites_for_planning(tx, where)
    who = await projections.professional_for_absence(tx, professional)
    if who is None or site not in sites:
        raise Refusal(problems.PROFESSIONAL_UNKNOWN)
    return Scene(sites, {professional: who}, await rule_store.lock_at(tx, None, professional))
