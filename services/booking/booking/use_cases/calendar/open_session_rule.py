"""A professional receives every week, or on listed dates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from booking import problems
from booking.domain.intervals import Interval
from booking.domain.local_time import local_day
from booking.domain.recurrence import Rule
from booking.domain.rules import Rules
from booking.store import rules as rule_store
from booking.store.rules import StoredRule
from booking.store.sessions import Author
from booking.use_cases.access import require_site
from booking.use_cases.calendar import announcing_calendar
from booking.use_cases.calendar.materialise_sessions import Materialised, materialise
from booking.use_cases.calendar.planning import (
    OUTSIDE_OPENING_HOURS,
    contract_at,
    first_day_worked,
    kinds_on,
    require_bearable_hours,
    require_place_for_kinds,
    require_room_for_shares,
    role_for,
    staffed,
)
from booking.use_cases.calendar.presence import Excess
from smp.auth import Actor
from smp.ids import new_id
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class RuleRequest:
    """Who receives where, when, for which kinds, on which grid."""

    site: UUID
    professional: UUID
    kinds: frozenset[str]
    rule: Rule
    grid: timedelta
    room: str | None = None
    shares: Mapping[str, int] = field(default_factory=dict)  # slots kept for a class of callers
    equipment: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RuleOpened:
    """The rule, what became of its first days, and what the secretary should know."""

    id: UUID
    request: RuleRequest
    materialised: Materialised
    warnings: tuple[str, ...]

    @property
    def excess(self) -> Excess:
        return self.materialised.excess


async def open_session_rule(
    tx: Transaction, request: RuleRequest, rules: Rules, *, actor: Actor, now: datetime
) -> RuleOpened:
    """Keep the rule and open its sessions up to the horizon.

    Raises Refusal: SITE_UNKNOWN, PROFESSIONAL_UNKNOWN, PROFESSIONAL_ELSEWHERE, RULE_WITHOUT_OCCURRENCE,
    OUT_OF_CONTRACT, KIND_UNKNOWN, KIND_NOT_FOR_ROLE, KIND_TOO_LONG, ROOM_WANTED, EQUIPMENT_WANTED,
    SHARES_TOO_LARGE, SESSION_TOO_LONG, FORBIDDEN.
    """
    require_site(actor, request.site)
    staff = await staffed(tx, request.site, request.professional, rules)
    rule = request.rule
    contract = contract_at(staff.professional, staff.site)
    today = local_day(now, staff.site.zone)
    ever = first_day_worked(rule, contract, rule.valid_from)
    if not rule.takes_place_from(today):
        raise Refusal(problems.RULE_WITHOUT_OCCURRENCE)
    first = first_day_worked(rule, contract, max(ever, today))
    kinds = await kinds_on(tx, rules, request.kinds, staff.site.territory, first)
    if role_for(staff.professional, kinds, first) is None:
        raise Refusal(problems.KIND_NOT_FOR_ROLE)
    require_bearable_hours(rule.start, rule.end)
    any_day = Interval(datetime.combine(first, rule.start), datetime.combine(first, rule.end))
    require_place_for_kinds(kinds, any_day, request.room, request.equipment)
    require_room_for_shares(request.shares, any_day, request.grid)
    stored = StoredRule(
        id=new_id(),
        version=1,
        from_day=rule.valid_from,
        territory=staff.site.territory,
        site=request.site,
        professional=request.professional,
        room=request.room,
        kinds=request.kinds,
        grid=request.grid,
        equipment=request.equipment,
        rule=rule,
        shares=request.shares,
    )
    author = Author(actor.subject, now)
    await rule_store.insert(tx, stored, author)
    announcing_calendar.rule_decided(tx, stored, now)
    materialised = await materialise(tx, stored.id, rules, author)
    unusual = any(not staff.site.is_open(each.day, rule.start, rule.end) for each in materialised.opened)
    warnings = (OUTSIDE_OPENING_HOURS,) if unusual else ()
    return RuleOpened(stored.id, request, materialised, (*warnings, *materialised.excess.warnings))
