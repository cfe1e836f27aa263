"""A site, or one of its rooms, receives nobody for a time; and opens again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from booking import problems
from booking.domain.local_time import instant
from booking.domain.rules import Rules
from booking.store import closures, projections
from booking.store import rules as rule_store
from booking.store.closures import CutSession
from booking.store.sessions import Author
from booking.use_cases.access import require_site
from booking.use_cases.calendar import shutting
from booking.use_cases.calendar.following import Followed
from booking.use_cases.calendar.reshaping import Consent
from booking.use_cases.calendar.shutting import Days, Scene, Shut, Shutting, new_closure
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class ClosureRequest:
    """Where, when, and what becomes of appointments."""

    site: UUID
    days: Days
    consent: Consent
    room: str | None = None


async def close_site(tx: Transaction, request: ClosureRequest, rules: Rules, *, actor: Actor, now: datetime) -> Shut:
    """Close. Opening sessions there waits meanwhile (FOR UPDATE against FOR KEY SHARE on the site).

    Raises Refusal: as `draft_closure`; HAS_APPOINTMENTS and IN_CONSULTATION with the list; SESSION_OVERLAP.
    """
    draft = await draft_closure(tx, request, rules, actor=actor, now=now)
    return await shutting.carry_out(tx, draft, request.consent, rules, Author(actor.subject, now))


async def draft_closure(
    tx: Transaction, request: ClosureRequest, rules: Rules, *, actor: Actor, now: datetime
) -> Shutting:
    """Write the closure and see what it comes to.

    Raises Refusal: SITE_UNKNOWN, SESSION_PAST, DAY_ALREADY_CLOSED, HOUR_MISSING, END_BEFORE_START, PERIOD_TOO_LONG,
    FORBIDDEN.
    """
    require_site(actor, request.site)
    scene = await _scene(tx, request.site)
    closure = new_closure(scene.sites[request.site], request.days, request.consent.reason, request.room)
    for known in await closures.closures_of(tx, [request.site], closure.period):
        same_place = known.room is None or known.room == request.room
        if same_place and known.period.contains(closure.period):
            raise Refusal(problems.DAY_ALREADY_CLOSED, day=request.days.first.isoformat())
    return await shutting.draft_shutting(tx, closure, scene, rules, actor=actor, now=now)


async def reopen_site(
    tx: Transaction, id: UUID, from_day: date | None, rules: Rules, *, actor: Actor, now: datetime
) -> Followed:
    """The closure ends before `from_day`, or now: the days of rules that it skipped come back.

    Raises Refusal: CLOSURE_UNKNOWN, CLOSURE_OVER, SITE_UNKNOWN, SESSION_OVERLAP, FORBIDDEN.
    """
    closure = await closures.closure(tx, id)
    if closure is None:
        raise Refusal(problems.CLOSURE_UNKNOWN)
    require_site(actor, closure.site)
    scene = await _scene(tx, closure.site, await closures.cut_ahead(tx, closure.site, None, now))
    at = instant(from_day, time(), scene.sites[closure.site].zone) if from_day else now
    return await shutting.reopen(tx, closure, at, scene, rules, Author(actor.subject, now))


async def _scene(tx: Transaction, site: UUID, cut: Iterable[CutSession] = ()) -> Scene:
    where = await projections.site_for_closing(tx, site)
    if where is None:
        raise Refusal(problems.SITE_UNKNOWN)
    by_rule = {each.latest.professional for each in await rule_store.at(tx, site)}
    people = await projections.professionals_for_planning(tx, by_rule | {each.professional for each in cut})
    return Scene({site: where}, people, await rule_store.lock_at(tx, site, None))
