"""A site receives nobody on a day: its sessions are cancelled and none is opened there any more."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from booking import problems
from booking.domain.local_time import whole_day
from booking.domain.rules import Rules
from booking.store import appointments, projections, sessions
from booking.store.sessions import Author
from booking.use_cases.access import require_site
from booking.use_cases.cancel_session import SessionCancellation, SessionsCancelled, cancel_all
from booking.use_cases.planning import require_not_over
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class ClosureRequest:
    """Which day, and how."""

    site: UUID
    day: date
    cancellation: SessionCancellation


async def close_site_day(
    tx: Transaction, request: ClosureRequest, rules: Rules, *, actor: Actor, now: datetime
) -> SessionsCancelled:
    """Close the day. Opening sessions there waits meanwhile (FOR UPDATE against FOR KEY SHARE on the site).

    Raises Refusal: SITE_UNKNOWN, SESSION_PAST, DAY_ALREADY_CLOSED, FORBIDDEN; HAS_APPOINTMENTS and IN_CONSULTATION
    with the list.
    """
    require_site(actor, request.site)
    site = await projections.site_for_closing(tx, request.site)
    if site is None:
        raise Refusal(problems.SITE_UNKNOWN)
    day = whole_day(request.day, site.zone)
    require_not_over(day.end, now)
    author = Author(actor.subject, now)
    if not await sessions.close_day(tx, site.id, request.day, site.territory, request.cancellation.reason, author):
        raise Refusal(problems.DAY_ALREADY_CLOSED, day=request.day.isoformat())
    stored = [
        each for each in await sessions.lock_of_day(tx, site.id, request.day, day) if each.session.period.end > now
    ]
    hit = await appointments.lock_active_of_sessions(tx, [each.session.id for each in stored])
    return await cancel_all(tx, stored, hit, request.cancellation, rules, author)
