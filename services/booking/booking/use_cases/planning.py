"""What opening a session, by a rule or alone, has in common."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from booking import problems
from booking.domain.capacity import Release, shares
from booking.domain.intervals import Interval
from booking.domain.kinds import Kind
from booking.domain.people import Professional, Site
from booking.domain.planning import Calendar, Contract, Planned, Skip, Skipped
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.store import projections, sessions
from booking.store.sessions import Author, StoredRule
from booking.use_cases import announcing
from booking.use_cases.kind_book import book_of, kind_on
from booking.use_cases.public_holidays import public_holidays
from booking.use_cases.waiting import heard
from smp.ids import new_id
from smp.postgres import Transaction
from smp.problems import Refusal

OUTSIDE_OPENING_HOURS = "outside-opening-hours"


@dataclass(frozen=True, slots=True)
class Staffed:
    """A site and who is to receive there."""

    site: Site
    professional: Professional


async def staffed(tx: Transaction, site: UUID, professional: UUID, rules: Rules) -> Staffed:
    """Both, waiting for those that registry has just created; no day of the site can be closed before the commit.

    Raises Refusal: SITE_UNKNOWN, PROFESSIONAL_UNKNOWN, PROFESSIONAL_ELSEWHERE.
    """
    await heard(lambda: projections.site(tx, site), site, rules.patience)
    who = await heard(lambda: projections.professional(tx, professional), professional, rules.patience)
    where = await projections.site_for_planning(tx, site)
    if where is None:
        raise Refusal(problems.SITE_UNKNOWN)
    if who is None:
        raise Refusal(problems.PROFESSIONAL_UNKNOWN)
    if site not in who.sites:
        raise Refusal(problems.PROFESSIONAL_ELSEWHERE)
    return Staffed(where, who)


async def kinds_on(tx: Transaction, rules: Rules, codes: Iterable[str], territory: str, day: date) -> list[Kind]:
    """These kinds as they stand on that day. Raises Refusal: KIND_UNKNOWN."""
    return [await kind_on(tx, rules, code, territory, day) for code in sorted(codes)]


def role_for(who: Professional, kinds: Iterable[Kind | None], day: date) -> str | None:
    """The role held on that day when it allows all these kinds."""
    role = who.role_on(day)
    return role if role and all(kind is not None and role in kind.roles for kind in kinds) else None


def require_place_for_kinds(
    kinds: Sequence[Kind], period: Interval, room: str | None, equipment: frozenset[str]
) -> None:
    """Refuse a session in which one of its kinds can never be given: shorter than the kind with its buffers
    (KIND_TOO_LONG), without the room (ROOM_WANTED) or the equipment (EQUIPMENT_WANTED) it wants."""
    if any(kind.length > period.length for kind in kinds):
        raise Refusal(problems.KIND_TOO_LONG)
    if room is None and any(kind.wants_room for kind in kinds):
        raise Refusal(problems.ROOM_WANTED)
    if any(not kind.equipment <= equipment for kind in kinds):
        raise Refusal(problems.EQUIPMENT_WANTED)


def require_room_for_shares(shares: Mapping[str, int], period: Interval, grid: timedelta) -> None:
    """Refuse (SHARES_TOO_LARGE) to keep more slots for classes than the session has."""
    if sum(shares.values()) > (slots := period.length // grid):
        raise Refusal(problems.SHARES_TOO_LARGE, slots=slots)


async def calendar_of(tx: Transaction, site: Site, first: date, last: date) -> Calendar:
    """Holidays and closures of a site from `first` to `last`; what follows its closure for good is closed."""
    years = range(first.year, last.year + 1)
    closed = await sessions.closures(tx, site.id, first, last)
    return Calendar(site.zone, public_holidays(site.subdivision, years), closed)


def contract_at(who: Professional, site: Site) -> Contract:
    """The days on which the professional works there."""
    ends = [day for day in (who.contract.last_day, _last_open_day(site)) if day is not None]
    return Contract(who.contract.first_day, min(ends, default=None))


def _last_open_day(site: Site) -> date | None:
    return site.closed_from and date.fromordinal(site.closed_from.toordinal() - 1)


async def open_planned(
    tx: Transaction,
    rule: StoredRule,
    staff: Staffed,
    planned: Sequence[Planned],
    rules: Rules,
    author: Author,
) -> tuple[list[Session], list[Skipped]]:
    """Open the sessions that can be; each says so. The rest is given with its reason."""
    wanted, skipped = [], []
    book = await book_of(tx, rules, rule.territory)
    for each in planned:
        role = role_for(staff.professional, [book.on(code, each.day) for code in rule.kinds], each.day)
        if role is None:
            skipped.append(Skipped(each.day, Skip.ROLE))
        else:
            wanted.append(session_of(rule, role, each, rules.releases, staff.site.zone))
    opened = await sessions.insert(tx, wanted, author, rule)
    for session in wanted:
        if session.id in opened:
            announcing.session_opened(tx, session, rule.id, author.at)
        else:
            skipped.append(Skipped(session.day, Skip.OVERLAP))
    return [session for session in wanted if session.id in opened], skipped


def session_of(
    rule: StoredRule, role: str, planned: Planned, releases: Mapping[str, Release], zone: ZoneInfo
) -> Session:
    return Session(
        id=new_id(),
        territory=rule.territory,
        site=rule.site,
        professional=rule.professional,
        role=role,
        room=rule.room,
        kinds=rule.kinds,
        day=planned.day,
        period=planned.period,
        grid=rule.grid,
        shares=shares(rule.shares, releases, planned.day, zone),
        equipment=rule.equipment,
    )


def require_not_over(end: datetime, now: datetime) -> None:
    """Refuse (SESSION_PAST) what is over."""
    if end <= now:
        raise Refusal(problems.SESSION_PAST)
