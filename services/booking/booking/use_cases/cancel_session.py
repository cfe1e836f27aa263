"""A session does not take place: its appointments, and those of interns it covered, are never forgotten.

The session is locked FOR UPDATE; a booking holds it, and the presence of the supervisors it relies on, FOR KEY SHARE
until it commits. So either the booking commits first and is found here, or it waits and then finds the session
cancelled. Of two supervisors who leave at once the second waits for the appointments of their intern, which the first
has locked, and then no longer counts on the first. Everybody locks sessions before appointments, and those by id:
nobody waits crosswise.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking import problems
from booking.domain.appointments import Appointment, State
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.domain.supervision import is_covered
from booking.store import appointments, projections, sessions, supervision
from booking.store.sessions import Author, StoredSession
from booking.use_cases import announcing
from booking.use_cases.access import require_site
from booking.use_cases.cancel_appointment import CENTRE, CancelRequest, cancel
from booking.use_cases.planning import require_not_over
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class SessionCancellation:
    """Why, as a code; whether appointments go with it; whether their patients are told."""

    reason: str
    cancel_appointments: bool = False
    notify: bool = True


@dataclass(frozen=True, slots=True)
class SessionsCancelled:
    """What no longer takes place."""

    sessions: tuple[UUID, ...]
    appointments: tuple[UUID, ...]


async def cancel_session(
    tx: Transaction, id: UUID, request: SessionCancellation, rules: Rules, *, actor: Actor, now: datetime
) -> SessionsCancelled:
    """Cancel the session and, if asked, the appointments that have no place without it.

    Raises Refusal: SESSION_UNKNOWN, SESSION_CANCELLED, SESSION_PAST, FORBIDDEN; HAS_APPOINTMENTS and IN_CONSULTATION
    with the list.
    """
    stored = await sessions.lock(tx, id)
    if stored is None:
        raise Refusal(problems.SESSION_UNKNOWN)
    require_site(actor, stored.session.site)
    if not stored.is_open:
        raise Refusal(problems.SESSION_CANCELLED)
    require_not_over(stored.session.period.end, now)
    own = await appointments.lock_active_of_sessions(tx, [id])
    uncovered = [each for each in await _uncovered(tx, stored.session) if each.session != id]
    return await cancel_all(tx, [stored], [*own, *uncovered], request, rules, Author(actor.subject, now))


async def cancel_all(
    tx: Transaction,
    stored: Sequence[StoredSession],
    hit: Sequence[Appointment],
    request: SessionCancellation,
    rules: Rules,
    author: Author,
) -> SessionsCancelled:
    """Cancel locked sessions and the locked appointments they carry, or refuse with the list."""
    _require_consent(hit, request, author.at)
    how = CancelRequest(CENTRE, request.reason, request.notify)
    gone = [cancel(each, how, rules, author.at, author.by) for each in hit]
    await appointments.save(tx, gone)
    await appointments.end_rests_of_sessions(tx, [each.session.id for each in stored])
    for each in gone:
        announcing.released(tx, each, author.at)
    versions = await sessions.cancel(tx, [each.session.id for each in stored], request.reason, author)
    for ended in stored:
        session = ended.session
        announcing.session_cancelled(tx, session, versions[session.id], request.reason, author.at)
    told = tuple(each.id for each in gone if each.state is State.CANCELLED)
    return SessionsCancelled(tuple(versions), told)


def _require_consent(hit: Iterable[Appointment], request: SessionCancellation, now: datetime) -> None:
    standing = [each for each in hit if not each.has_expired(now)]
    if running := [each for each in standing if each.state is State.IN_CONSULTATION]:
        raise Refusal(problems.IN_CONSULTATION, appointments=_listed(running))
    if standing and not request.cancel_appointments:
        raise Refusal(problems.HAS_APPOINTMENTS, appointments=_listed(standing))


async def _uncovered(tx: Transaction, session: Session) -> list[Appointment]:
    """Appointments of interns that only this session covered; locked."""
    hit = await appointments.lock_active_of_interns(tx, session.site, session.day, session.professional, session.period)
    if not hit:
        return []
    # A statement of its own, after the locks: it sees every cancellation that they waited for.
    presence = [each for each in await sessions.open_at(tx, session.site, session.period) if each.id != session.id]
    ties = await projections.supervisions(tx, session.site, {each.professional for each in hit})
    reaches = await supervision.reaches(tx, session.territory, session.period)
    return [each for each in hit if not is_covered(each.professional, each.site, each.period, presence, ties, reaches)]


def _listed(hit: Iterable[Appointment]) -> list[dict[str, str]]:
    return [
        {
            "appointment": str(each.id),
            "session": str(each.session),
            "professional": str(each.professional),
            "state": each.state,
            "start": each.period.start.isoformat(),
        }
        for each in sorted(hit, key=lambda each: (each.period.start, each.id.int))
    ]
