"""A rule is otherwise from a day on, or ends: the sessions still to come follow, except those edited by hand and those
whose patients would lose their place. These are left alone and listed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID

from booking import problems
from booking.domain.intervals import Interval
from booking.domain.local_time import local_day
from booking.domain.people import Site
from booking.domain.recurrence import Recurrence, Rule
from booking.domain.rules import Rules
from booking.store import projections, sessions
from booking.store import rules as rule_store
from booking.store.rules import Series, StoredRule
from booking.store.sessions import Author
from booking.use_cases.access import require_site
from booking.use_cases.calendar import agenda, announcing_calendar, following
from booking.use_cases.calendar.following import Followed
from booking.use_cases.calendar.planning import (
    OUTSIDE_OPENING_HOURS,
    contract_at,
    kinds_on,
    require_bearable_hours,
    require_place_for_kinds,
    require_room_for_shares,
    role_for,
)
from booking.use_cases.calendar.presence import NO_EXCESS, Excess, excess_of
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What is otherwise from `from_day` on; nothing means as before. `any_room` takes the sessions out of their room,
    `without_end` removes the last day; `ends` means that the rule takes place no more."""

    from_day: date
    recurrence: Recurrence | None = None
    start: time | None = None
    end: time | None = None
    kinds: frozenset[str] | None = None
    grid: timedelta | None = None
    room: str | None = None
    any_room: bool = False
    shares: Mapping[str, int] | None = None  # slots kept for a class of callers
    equipment: frozenset[str] | None = None
    valid_until: date | None = None
    without_end: bool = False
    ends: bool = False


@dataclass(frozen=True, slots=True)
class RuleChanged:
    """The new version, what became of its sessions, and what the secretary should know."""

    rule: StoredRule
    followed: Followed
    warnings: tuple[str, ...]
    excess: Excess = NO_EXCESS


async def change_session_rule(
    tx: Transaction, id: UUID, change: RuleChange, rules: Rules, *, actor: Actor, now: datetime
) -> RuleChanged:
    """Keep a new version of the rule and let its sessions follow.

    Raises Refusal: RULE_UNKNOWN, RULE_ENDED, CHANGE_PAST, RULE_WITHOUT_OCCURRENCE, END_BEFORE_START, OUT_OF_CONTRACT,
    KIND_UNKNOWN, KIND_NOT_FOR_ROLE, KIND_TOO_LONG, SHARES_TOO_LARGE, SESSION_TOO_LONG, SITE_UNKNOWN,
    PROFESSIONAL_UNKNOWN, FORBIDDEN.
    """
    known = await rule_store.get(tx, id)
    if known is None:
        raise Refusal(problems.RULE_UNKNOWN)
    require_site(actor, known.latest.site)
    # Site and professional before the rule, as everybody locks them.
    site = await projections.site_for_planning(tx, known.latest.site)
    people = await agenda.people_of(tx, [known])
    series = await rule_store.lock(tx, id)
    if site is None:
        raise Refusal(problems.SITE_UNKNOWN)
    if series is None or not people:
        raise Refusal(problems.PROFESSIONAL_UNKNOWN)
    if change.from_day < local_day(now, site.zone):
        raise Refusal(problems.CHANGE_PAST)
    version = _next_version(series, change)
    who = people[version.professional]
    if not version.ended:
        first = max(version.from_day, who.contract.first_day)
        if not version.rule.takes_place_from(change.from_day):
            raise Refusal(problems.RULE_WITHOUT_OCCURRENCE)
        if not contract_at(who, site).runs_on(first):
            raise Refusal(problems.OUT_OF_CONTRACT, day=first.isoformat())
        kinds = await kinds_on(tx, rules, version.kinds, version.territory, first)
        if role_for(who, kinds, first) is None:
            raise Refusal(problems.KIND_NOT_FOR_ROLE)
        require_bearable_hours(version.rule.start, version.rule.end)
        hours = datetime.combine(first, version.rule.start), datetime.combine(first, version.rule.end)
        require_place_for_kinds(kinds, Interval(*hours), version.room, version.equipment)
        require_room_for_shares(version.shares, Interval(*hours), version.grid)
    author = Author(actor.subject, now)
    await rule_store.insert(tx, version, author)
    announcing_calendar.rule_decided(tx, version, now)
    changed = Series((*series.versions, version))
    followed = await _follow(tx, changed, site, rules, author)
    touched = [*followed.done.opened, *followed.done.changed]
    unusual = any(not _is_usual(site, version, each.day) for each in touched)
    excess = await excess_of(tx, version.professional, touched, site.zone)
    warnings = (OUTSIDE_OPENING_HOURS,) if unusual else ()
    return RuleChanged(version, followed, (*warnings, *excess.warnings), excess)


async def _follow(tx: Transaction, series: Series, site: Site, rules: Rules, author: Author) -> Followed:
    first, last = series.latest.from_day, series.latest.materialised_until
    if last is None or first > last:
        return following.NOTHING
    stored = await sessions.lock_to_reshape(tx, [series.id], first, last, None, author.at)
    people = await agenda.people_of(tx, [series])
    days = await agenda.load(tx, {site.id: site}, people, first, last, rules, author.at)
    draft = following.draft(days, [series], stored, begun_stay=True)
    return await following.carry_out(tx, draft, [series], days, rules, author)


def _next_version(series: Series, change: RuleChange) -> StoredRule:
    before = series.in_force(change.from_day) or series.versions[0]
    latest = series.latest
    new = replace(
        before, version=latest.version + 1, from_day=change.from_day, materialised_until=latest.materialised_until
    )
    if _has_ended(series, before, change):
        raise Refusal(problems.RULE_ENDED)
    if change.ends:
        return replace(new, ended=True)
    rule = before.rule
    start, end = change.start or rule.start, change.end or rule.end
    until = None if change.without_end else change.valid_until or rule.valid_until
    if start >= end or (until is not None and until < change.from_day):
        raise Refusal(problems.END_BEFORE_START)
    return replace(
        new,
        rule=Rule(change.recurrence or rule.recurrence, start, end, change.from_day, until),
        kinds=change.kinds or before.kinds,
        grid=change.grid or before.grid,
        room=None if change.any_room else change.room or before.room,
        shares=before.shares if change.shares is None else change.shares,
        equipment=before.equipment if change.equipment is None else change.equipment,
        ended=False,
    )


def _has_ended(series: Series, before: StoredRule, change: RuleChange) -> bool:
    """A rule that has ended by then is not changed; one whose last day is past can be given a later one."""
    begun = any(each.from_day <= change.from_day for each in series.versions)
    if begun and series.in_force(change.from_day) is None:
        return True
    prolonged = change.without_end or change.valid_until is not None
    until = before.rule.valid_until
    return until is not None and until < change.from_day and not prolonged


def _is_usual(site: Site, version: StoredRule, day: date) -> bool:
    return site.is_open(day, version.rule.start, version.rule.end)
