"""What opening a session, by a rule or alone, has in common."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from booking import problems
from booking.domain.capacity import Release, shares
from booking.domain.intervals import Interval
from booking.domain.kinds import Kind
from booking.domain.people import Professional, Site
from booking.domain.planning import Contract, Planned
from booking.domain.recurrence import Rule
from booking.domain.rules import Rules
from booking.domain.sessions import LONGEST_HOURS, Session
from booking.store import presence, projections
from booking.store.rules import StoredRule
from booking.use_cases.kinds.kind_book import kind_on
from booking.use_cases.patience import heard
from smp.ids import new_id
from smp.postgres import Transaction
from smp.problems import Refusal

OUTSIDE_OPENING_HOURS = "outside-opening-hours"


@dataclass(frozen=True, slots=True)
class Staffed:
    """A site and who is to receive there."""

    site: Site
    professional: Professional


async def staffed(
    tx: Transaction, site: UUID, professional: UUID, rules: Rules, *, look_again: bool = False
) -> Staffed:
    """Both, waiting for those that registry has just created. Until the commit the site cannot be
    closed, nor the professional noted absent. `look_again`: the job is to look at all their sessions soon after; that
    is asked before they are locked, for the job begins with it too.

    Raises Refusal: SITE_UNKNOWN, PROFESSIONAL_UNKNOWN, PROFESSIONAL_ELSEWHERE.
    """
    known = await heard(lambda: projections.site(tx, site), site, rules.patience)
    await heard(lambda: projections.professional(tx, professional), professional, rules.patience)
    if known is not None and look_again:
        await presence.look_again(tx, professional, known.territory)
    where = await projections.site_for_planning(tx, site)
    if where is None:
        raise Refusal(problems.SITE_UNKNOWN)
    who = (await projections.professionals_for_planning(tx, [professional])).get(professional)
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


def require_bearable_hours(start: time, end: time) -> None:
    """Refuse (SESSION_TOO_LONG) hours that, on the night of October, would be longer than any session."""
    if datetime.combine(date.min, end) - datetime.combine(date.min, start) > LONGEST_HOURS:
        raise Refusal(problems.SESSION_TOO_LONG, hours=LONGEST_HOURS // timedelta(hours=1))


def require_room_for_shares(shares: Mapping[str, int], period: Interval, grid: timedelta) -> None:
    """Refuse (SHARES_TOO_LARGE) to keep more slots for classes than the session has."""
    if sum(shares.values()) > (slots := period.length // grid):
        raise Refusal(problems.SHARES_TOO_LARGE, slots=slots)


def contract_at(who: Professional, site: Site) -> Contract:
    """The days on which the professional works there."""
    ends = [day for day in (who.contract.last_day, _last_open_day(site)) if day is not None]
    return replace(who.contract, last_day=min(ends, default=None))


def first_day_worked(rule: Rule, contract: Contract, wanted: date) -> date:
    """The first day from `wanted` on that is worked: what comes before has no session, be it until a renewal that is
    agreed in advance. Raises Refusal: OUT_OF_CONTRACT when there is none before the rule ends."""
    first = contract.first_from(wanted)
    if first is None or not rule.is_valid_on(first):
        raise Refusal(problems.OUT_OF_CONTRACT, day=wanted.isoformat())
    return first


def _last_open_day(site: Site) -> date | None:
    return site.closed_from and date.fromordinal(site.closed_from.toordinal() - 1)


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
