"""A professional receives once: a single date, public holidays included when somebody decides so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

from booking import problems
from booking.domain.capacity import shares
from booking.domain.intervals import Interval
from booking.domain.local_time import is_missing, span
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.store import closures
from booking.store.sessions import Author, Opening
from booking.use_cases.access import require_site
from booking.use_cases.calendar.agenda import concerns
from booking.use_cases.calendar.planning import (
    OUTSIDE_OPENING_HOURS,
    Staffed,
    contract_at,
    kinds_on,
    require_bearable_hours,
    require_not_over,
    require_place_for_kinds,
    require_room_for_shares,
    role_for,
    staffed,
)
from booking.use_cases.calendar.presence import NO_EXCESS, Excess, excess_of
from booking.use_cases.calendar.reshaping import Consent, Reshaping, apply, assess
from smp.auth import Actor
from smp.ids import new_id
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """Who receives where, on `day` from `start` to `end` of the site's clock, for which kinds, on which grid."""

    site: UUID
    professional: UUID
    kinds: frozenset[str]
    day: date
    start: time
    end: time
    grid: timedelta
    room: str | None = None
    shares: Mapping[str, int] = field(default_factory=dict)  # slots kept for a class of callers
    equipment: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Opened:
    """The session, and what the secretary should know about it."""

    session: Session
    warnings: tuple[str, ...] = ()
    excess: Excess = NO_EXCESS


async def open_session(
    tx: Transaction, request: SessionRequest, rules: Rules, *, actor: Actor, now: datetime
) -> Opened:
    """Open one session.

    Raises Refusal: SITE_UNKNOWN, SITE_CLOSED, ROOM_CLOSED, PROFESSIONAL_UNKNOWN, PROFESSIONAL_ELSEWHERE,
    PROFESSIONAL_ABSENT, OUT_OF_CONTRACT, KIND_UNKNOWN, KIND_NOT_FOR_ROLE, KIND_TOO_LONG, ROOM_WANTED,
    EQUIPMENT_WANTED, SHARES_TOO_LARGE, SESSION_TOO_LONG, HOUR_MISSING, SESSION_PAST, SESSION_OVERLAP, FORBIDDEN.
    """
    require_site(actor, request.site)
    staff = await staffed(tx, request.site, request.professional, rules)
    period = period_of(request.day, request.start, request.end, staff)
    require_room_for_shares(request.shares, period, request.grid)
    session = await sound_session(tx, new_id(), request, period, staff, rules, now)
    opening = Reshaping(openings=(Opening(session),))
    assessment = await assess(tx, opening, rules, now)  # nobody loses anything; who waits for such hours is there
    done = await apply(tx, opening, assessment, Consent("session_opened"), rules, Author(actor.subject, now))
    if done.not_opened:
        raise Refusal(problems.SESSION_OVERLAP)
    return await told(tx, session, staff)


def period_of(day: date, start: time, end: time, staff: Staffed) -> Interval:
    """From `start` to `end` on that very day. Raises Refusal: HOUR_MISSING, SESSION_TOO_LONG."""
    require_bearable_hours(start, end)
    zone = staff.site.zone
    period = span(day, start, end, zone)
    if period is None or is_missing(day, start, zone) or is_missing(day, end, zone):
        raise Refusal(problems.HOUR_MISSING, day=day.isoformat())
    return period


async def sound_session(
    tx: Transaction, id: UUID, request: SessionRequest, period: Interval, staff: Staffed, rules: Rules, now: datetime
) -> Session:
    """The session as it would be, when nothing but another session can speak against it.

    Raises Refusal: SITE_CLOSED, ROOM_CLOSED, PROFESSIONAL_ABSENT, OUT_OF_CONTRACT, KIND_UNKNOWN, KIND_NOT_FOR_ROLE,
    KIND_TOO_LONG, ROOM_WANTED, EQUIPMENT_WANTED, SESSION_PAST.
    """
    site, day = staff.site, request.day
    require_not_over(period.end, now)
    if site.is_closed_for_good(day):
        raise Refusal(problems.SITE_CLOSED, day=day.isoformat())
    if not contract_at(staff.professional, site).runs_on(day):
        raise Refusal(problems.OUT_OF_CONTRACT, day=day.isoformat())
    kinds = await kinds_on(tx, rules, request.kinds, site.territory, day)
    role = role_for(staff.professional, kinds, day)
    if role is None:
        raise Refusal(problems.KIND_NOT_FOR_ROLE)
    require_place_for_kinds(kinds, period, request.room, request.equipment)
    await _require_there(tx, request, period)
    return Session(
        id=id,
        territory=site.territory,
        site=site.id,
        professional=request.professional,
        role=role,
        room=request.room,
        kinds=request.kinds,
        day=day,
        period=period,
        grid=request.grid,
        shares=shares(request.shares, rules.releases, day, site.zone),
        equipment=request.equipment,
    )


async def told(tx: Transaction, session: Session, staff: Staffed) -> Opened:
    """The session with its warnings: hours of the site, wished days and caps of the professional."""
    zone = staff.site.zone
    start, end = (at.astimezone(zone).time() for at in (session.period.start, session.period.end))
    excess = await excess_of(tx, session.professional, [session], zone)
    unusual = () if staff.site.is_open(session.day, start, end) else (OUTSIDE_OPENING_HOURS,)
    return Opened(session, (*unusual, *excess.warnings), excess)


async def _require_there(tx: Transaction, request: SessionRequest, period: Interval) -> None:
    closed = await closures.closures_of(tx, [request.site], period)
    closed += await closures.absences_of(tx, [request.professional], period)
    for each in closed:
        if concerns(each, request.site, request.professional, request.room):
            by_site = problems.SITE_CLOSED if each.room is None else problems.ROOM_CLOSED
            problem = by_site if each.professional is None else problems.PROFESSIONAL_ABSENT
            raise Refusal(problem, day=request.day.isoformat())
