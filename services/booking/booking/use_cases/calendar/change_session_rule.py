"""A rule is otherwise from a day on, or ends: the sessions still to come follow, except those edited by hand and those
whose patients would lose their place. These are left alone and listed.

What was planned for later days stays: it is written again on top of the change. What the change itself names holds from
its day on, for good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID

from booking import problems
from booking.domain.intervals import Interval
from booking.domain.kinds import Kind
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
    first_day_worked,
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

PLANNED_CHANGE_REPLACED = "planned-change-replaced"


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What is otherwise from `from_day` on, or from the first day of a rule that has not begun by then; nothing means
    as before. `any_room` takes the sessions out of their room, `without_end` removes the last day; `ends` means that
    the rule takes place no more."""

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
    """The version from the day of the change on, what became of the sessions, and what the secretary should know."""

    rule: StoredRule
    followed: Followed
    warnings: tuple[str, ...]
    excess: Excess = NO_EXCESS


async def change_session_rule(
    tx: Transaction, id: UUID, change: RuleChange, rules: Rules, *, actor: Actor, now: datetime
) -> RuleChanged:
    """Keep a new version of the rule, and one for each later change that was planned, and let its sessions follow.

    Raises Refusal: RULE_UNKNOWN, RULE_ENDED, CHANGE_PAST, RULE_WITHOUT_OCCURRENCE, END_BEFORE_START, OUT_OF_CONTRACT,
    KIND_UNKNOWN, KIND_NOT_FOR_ROLE, KIND_TOO_LONG, SHARES_TOO_LARGE, SESSION_TOO_LONG, LATER_CHANGE_PLANNED,
    SITE_UNKNOWN, PROFESSIONAL_UNKNOWN, FORBIDDEN.
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
    change = replace(change, from_day=max(change.from_day, series.first_day))
    version = _first_version(series, change)
    who = people[version.professional]
    if not version.ended:
        if not version.rule.takes_place_from(change.from_day):
            raise Refusal(problems.RULE_WITHOUT_OCCURRENCE)
        first = first_day_worked(version.rule, contract_at(who, site), version.from_day)
        kinds = await kinds_on(tx, rules, version.kinds, version.territory, first)
        if role_for(who, kinds, first) is None:
            raise Refusal(problems.KIND_NOT_FOR_ROLE)
        _require_possible(version, kinds, first)
    planned = [await _planned_otherwise(tx, rules, each, change) for each in _still_planned(series, change)]
    author = Author(actor.subject, now)
    changed = await _keep(tx, series, [version, *planned], author)
    followed = await _follow(tx, changed, change.from_day, site, rules, author)
    touched = [*followed.done.opened, *followed.done.changed]
    unusual = any(not _is_usual(site, changed, each.day) for each in touched)
    excess = await excess_of(tx, version.professional, touched, site.zone)
    replaced = (PLANNED_CHANGE_REPLACED,) if _replaces(series, change.from_day, planned) else ()
    warnings = (*replaced, OUTSIDE_OPENING_HOURS) if unusual else replaced
    return RuleChanged(changed.versions[len(series.versions)], followed, (*warnings, *excess.warnings), excess)


def _require_possible(version: StoredRule, kinds: Sequence[Kind], day: date) -> None:
    require_bearable_hours(version.rule.start, version.rule.end)
    hours = Interval(datetime.combine(day, version.rule.start), datetime.combine(day, version.rule.end))
    require_place_for_kinds(kinds, hours, version.room, version.equipment)
    require_room_for_shares(version.shares, hours, version.grid)


async def _planned_otherwise(tx: Transaction, rules: Rules, planned: StoredRule, change: RuleChange) -> StoredRule:
    """A version that was planned, with what the change names. Raises Refusal: LATER_CHANGE_PLANNED."""
    if planned.ended:
        return planned
    try:
        version = _otherwise(planned, change, planned.from_day)
        kinds = await kinds_on(tx, rules, version.kinds, version.territory, planned.from_day)
        _require_possible(version, kinds, planned.from_day)
    except Refusal as reason:
        raise Refusal(problems.LATER_CHANGE_PLANNED, day=planned.from_day.isoformat()) from reason
    return version


async def _keep(tx: Transaction, series: Series, versions: Sequence[StoredRule], author: Author) -> Series:
    """The rule with these versions on top."""
    latest = series.latest
    new = [
        replace(each, version=latest.version + n, materialised_until=latest.materialised_until)
        for n, each in enumerate(versions, 1)
    ]
    for each in new:
        await rule_store.insert(tx, each, author)
        announcing_calendar.rule_decided(tx, each, author.at)
    return Series((*series.versions, *new))


async def _follow(tx: Transaction, series: Series, first: date, site: Site, rules: Rules, author: Author) -> Followed:
    last = series.latest.materialised_until
    if last is None or first > last:
        return following.NOTHING
    moved = await sessions.moved_past(tx, series.id, first)
    stored = await sessions.lock_to_reshape(tx, [series.id], first, last, None, author.at, moved)
    people = await agenda.people_of(tx, [series])
    days = await agenda.load(tx, {site.id: site}, people, first, last, rules, author.at)
    draft = following.draft(days, [series], stored, begun_stay=True)
    return await following.carry_out(tx, draft, [series], days, rules, author)


def _first_version(series: Series, change: RuleChange) -> StoredRule:
    before = series.in_force(change.from_day) or series.versions[0]
    if _has_ended(series, before, change):
        raise Refusal(problems.RULE_ENDED)
    if change.ends:
        return replace(before, from_day=change.from_day, ended=True)
    return _otherwise(before, change, change.from_day)


def _otherwise(before: StoredRule, change: RuleChange, from_day: date) -> StoredRule:
    rule = before.rule
    start, end = change.start or rule.start, change.end or rule.end
    until = None if change.without_end else change.valid_until or rule.valid_until
    if start >= end or (until is not None and until < from_day):
        raise Refusal(problems.END_BEFORE_START)
    return replace(
        before,
        from_day=from_day,
        rule=Rule(change.recurrence or rule.recurrence, start, end, from_day, until),
        kinds=change.kinds or before.kinds,
        grid=change.grid or before.grid,
        room=None if change.any_room else change.room or before.room,
        shares=before.shares if change.shares is None else change.shares,
        equipment=before.equipment if change.equipment is None else change.equipment,
        ended=False,
    )


def _still_planned(series: Series, change: RuleChange) -> list[StoredRule]:
    """The later versions for which the change leaves a place: whoever names a last day says when the rule ends."""
    if change.ends:
        return []
    last = change.valid_until or date.max
    planned = series.planned_after(change.from_day)
    return [each for each in planned if each.from_day <= last and not (each.ended and _names_last_day(change))]


def _replaces(series: Series, from_day: date, planned: Sequence[StoredRule]) -> bool:
    """True when something that a later version was to change will not be as it was planned."""
    now = {each.from_day: each for each in planned}
    before = series.in_force(from_day) or series.versions[0]
    for each in series.planned_after(from_day):
        if each.from_day not in now:
            return True
        three = zip(_terms(before), _terms(each), _terms(now[each.from_day]), strict=True)
        if any(was != was_planned != is_planned for was, was_planned, is_planned in three):
            return True
        before = each
    return False


def _terms(it: StoredRule) -> tuple[object, ...]:
    rule = it.rule
    hours = rule.recurrence, rule.start, rule.end, rule.valid_until
    return *hours, it.kinds, it.grid, it.room, it.shares, it.equipment, it.ended


def _has_ended(series: Series, before: StoredRule, change: RuleChange) -> bool:
    """A rule that has ended by then is not changed; one whose last day is past can be given a later one."""
    begun = any(each.from_day <= change.from_day for each in series.versions)
    if begun and series.in_force(change.from_day) is None:
        return True
    until = before.rule.valid_until
    return until is not None and until < change.from_day and not _names_last_day(change)


def _names_last_day(change: RuleChange) -> bool:
    return change.without_end or change.valid_until is not None


def _is_usual(site: Site, series: Series, day: date) -> bool:
    version = series.in_force(day)
    return version is None or site.is_open(day, version.rule.start, version.rule.end)
