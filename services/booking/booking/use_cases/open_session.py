"""A professional receives once: a single date, public holidays included when somebody decides so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

from booking import problems
from booking.domain.capacity import shares
from booking.domain.local_time import is_missing, span
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.store import sessions
from booking.store.sessions import Author
from booking.use_cases import announcing
from booking.use_cases.access import require_site
from booking.use_cases.planning import (
    OUTSIDE_OPENING_HOURS,
    contract_at,
    kinds_on,
    require_not_over,
    require_place_for_kinds,
    require_room_for_shares,
    role_for,
    staffed,
)
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


async def open_session(
    tx: Transaction, request: SessionRequest, rules: Rules, *, actor: Actor, now: datetime
) -> Opened:
    """Open one session.

    Raises Refusal: SITE_UNKNOWN, SITE_CLOSED, PROFESSIONAL_UNKNOWN, PROFESSIONAL_ELSEWHERE, OUT_OF_CONTRACT,
    KIND_UNKNOWN, KIND_NOT_FOR_ROLE, KIND_TOO_LONG, ROOM_WANTED, EQUIPMENT_WANTED, SHARES_TOO_LARGE, HOUR_MISSING,
    SESSION_PAST, SESSION_OVERLAP, FORBIDDEN.
    """
    require_site(actor, request.site)
    staff = await staffed(tx, request.site, request.professional, rules)
    site, day = staff.site, request.day
    if site.is_closed_for_good(day) or await sessions.closures(tx, site.id, day, day):
        raise Refusal(problems.SITE_CLOSED, day=day.isoformat())
    if not contract_at(staff.professional, site).runs_on(day):
        raise Refusal(problems.OUT_OF_CONTRACT, day=day.isoformat())
    kinds = await kinds_on(tx, rules, request.kinds, site.territory, day)
    role = role_for(staff.professional, kinds, day)
    if role is None:
        raise Refusal(problems.KIND_NOT_FOR_ROLE)
    period = span(day, request.start, request.end, site.zone)
    if period is None or is_missing(day, request.start, site.zone) or is_missing(day, request.end, site.zone):
        raise Refusal(problems.HOUR_MISSING, day=day.isoformat())
    require_not_over(period.end, now)
    require_place_for_kinds(kinds, period, request.room, request.equipment)
    require_room_for_shares(request.shares, period, request.grid)
    session = Session(
        id=new_id(),
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
    if not await sessions.insert(tx, [session], Author(actor.subject, now)):
        raise Refusal(problems.SESSION_OVERLAP)
    announcing.session_opened(tx, session, None, now)
    unusual = not site.is_open(day, request.start, request.end)
    return Opened(session, (OUTSIDE_OPENING_HOURS,) if unusual else ())
