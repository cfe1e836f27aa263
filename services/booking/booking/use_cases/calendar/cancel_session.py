"""A session does not take place: its appointments, and those of interns it covered, are never forgotten."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking import problems
from booking.domain.rules import Rules
from booking.store import sessions
from booking.store.sessions import Author, StoredSession
from booking.use_cases.access import require_site
from booking.use_cases.calendar.planning import require_not_over
from booking.use_cases.calendar.reshaping import Change, Consent, Reshaping, apply, assess, require_consent
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class SessionsCancelled:
    """What no longer takes place, and how many appointments stand without a place (see `Reshaped`)."""

    sessions: tuple[UUID, ...]
    appointments: tuple[UUID, ...]
    without_place: int


async def cancel_session(
    tx: Transaction, id: UUID, consent: Consent, rules: Rules, *, actor: Actor, now: datetime
) -> SessionsCancelled:
    """Cancel the session and, if asked, the appointments that have no place without it.

    Raises Refusal: SESSION_UNKNOWN, SESSION_CANCELLED, SESSION_PAST, FORBIDDEN; HAS_APPOINTMENTS and IN_CONSULTATION
    with the list.
    """
    stored = await open_session_for(tx, id, actor, now)
    reshaping = Reshaping((Change(stored, None, consent.reason),))
    assessment = await assess(tx, reshaping, rules, now)
    require_consent(assessment, consent, now)
    done = await apply(tx, reshaping, assessment, consent, rules, Author(actor.subject, now), by_hand=True)
    return SessionsCancelled(done.cancelled, done.appointments, done.without_place)


async def open_session_for(tx: Transaction, id: UUID, actor: Actor, now: datetime) -> StoredSession:
    """An open session, locked, that the actor may change.

    Raises Refusal: SESSION_UNKNOWN, SESSION_CANCELLED, SESSION_PAST, FORBIDDEN.
    """
    stored = await sessions.lock(tx, id)
    if stored is None:
        raise Refusal(problems.SESSION_UNKNOWN)
    require_site(actor, stored.session.site)
    if not stored.is_open:
        raise Refusal(problems.SESSION_CANCELLED)
    require_not_over(stored.session.period.end, now)
    return stored
