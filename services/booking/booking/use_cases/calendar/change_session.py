"""One occurrence is edited, moved, shortened, or given to a replacement; its rule leaves it alone from then on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from booking import problems
from booking.domain.intervals import Interval
from booking.domain.local_time import local_day
from booking.domain.reshaping import goes_on_as
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.store import sessions
from booking.store.sessions import Author
from booking.use_cases.access import require_site
from booking.use_cases.calendar.cancel_session import open_session_for
from booking.use_cases.calendar.open_session import Opened, SessionRequest, period_of, sound_session, told
from booking.use_cases.calendar.planning import Staffed, require_room_for_shares, staffed
from booking.use_cases.calendar.reshaping import Change, Consent, Reshaping, apply, assess, require_consent
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class SessionChange:
    """What is to be otherwise, and why; nothing means as before. Hours are those of the site's clock. `any_room` takes
    the session out of its room; `shares` are all that is kept."""

    consent: Consent
    day: date | None = None
    start: time | None = None
    end: time | None = None
    room: str | None = None
    any_room: bool = False
    kinds: frozenset[str] | None = None
    grid: timedelta | None = None
    professional: UUID | None = None
    equipment: frozenset[str] | None = None
    shares: Mapping[str, int] | None = None  # slots kept for a class of callers


@dataclass(frozen=True, slots=True)
class SessionChanged:
    """The session as it is now, what the secretary should know, the appointments that were cancelled, and how many
    stand without a place (see `Reshaped`)."""

    opened: Opened
    appointments: tuple[UUID, ...]
    without_place: int


async def change_session(
    tx: Transaction, id: UUID, change: SessionChange, rules: Rules, *, actor: Actor, now: datetime
) -> SessionChanged:
    """Change one session. Appointments that still fit stay, told of a replacement by event; those that do not are
    cancelled if asked.

    Raises Refusal: as `draft_change`; HAS_APPOINTMENTS and IN_CONSULTATION with the list, SESSION_OVERLAP.
    """
    reshaping, after, staff = await draft_change(tx, id, change, rules, actor=actor, now=now)
    assessment = await assess(tx, reshaping, rules, now)
    require_consent(assessment, change.consent, now)
    author = Author(actor.subject, now)
    done = await apply(tx, reshaping, assessment, change.consent, rules, author, by_hand=True)
    return SessionChanged(await told(tx, after, staff), done.appointments, done.without_place)


async def draft_change(
    tx: Transaction, id: UUID, change: SessionChange, rules: Rules, *, actor: Actor, now: datetime
) -> tuple[Reshaping, Session, Staffed]:
    """What the change comes to, with the session locked and nothing written: `assess` tells which appointments no
    longer fit, `apply` writes it.

    Raises Refusal: SESSION_UNKNOWN, SESSION_CANCELLED, SESSION_PAST, SESSION_BEGUN, NOTHING_TO_CHANGE, SITE_UNKNOWN,
    PROFESSIONAL_UNKNOWN, PROFESSIONAL_ELSEWHERE, HOUR_MISSING, END_BEFORE_START, SESSION_TOO_LONG, SHARES_TOO_LARGE,
    FORBIDDEN; as `sound_session` does.
    """
    seen = await sessions.get(tx, id)
    if seen is None:
        raise Refusal(problems.SESSION_UNKNOWN)
    require_site(actor, seen.session.site)
    # Site and professional before the session, as everybody locks them.
    staff = await staffed(tx, seen.session.site, change.professional or seen.session.professional, rules)
    stored = await open_session_for(tx, id, actor, now)
    request, period = _wanted(stored.session, change, staff)
    if (period, request.grid, request.shares) != (stored.session.period, stored.session.grid, stored.session.kept):
        require_room_for_shares(request.shares, period, request.grid)
    after = goes_on_as(stored.session, await sound_session(tx, id, request, period, staff, rules, now))
    if after == stored.session:
        raise Refusal(problems.NOTHING_TO_CHANGE)
    if stored.session.period.start <= now and after.period.start != stored.session.period.start:
        raise Refusal(problems.SESSION_BEGUN)
    return Reshaping((Change(stored, after, change.consent.reason),)), after, staff


def _wanted(before: Session, change: SessionChange, staff: Staffed) -> tuple[SessionRequest, Interval]:
    zone = staff.site.zone
    start, end = (at.astimezone(zone).time() for at in (before.period.start, before.period.end))
    request = SessionRequest(
        site=before.site,
        professional=staff.professional.id,
        kinds=change.kinds or before.kinds,
        day=change.day or local_day(before.period.start, zone),
        start=change.start or start,
        end=change.end or end,
        grid=change.grid or before.grid,
        room=None if change.any_room else change.room or before.room,
        shares=before.kept if change.shares is None else change.shares,
        equipment=before.equipment if change.equipment is None else change.equipment,
    )
    if change.day is None and change.start is None and change.end is None:
        return request, before.period
    if request.start >= request.end:
        raise Refusal(problems.END_BEFORE_START)
    return request, period_of(request.day, request.start, request.end, staff)
