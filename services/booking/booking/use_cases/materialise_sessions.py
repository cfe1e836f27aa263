"""Turn rules of recurrence into sessions, one row per occurrence, over a rolling horizon."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from booking.domain.local_time import local_day
from booking.domain.planning import Planned, Skipped, plan
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.store import projections, sessions
from booking.store.sessions import Author
from booking.use_cases.planning import Staffed, calendar_of, contract_at, open_planned
from smp.postgres import Database, Scope, Transaction

BY = "booking.materialise-sessions"


@dataclass(frozen=True, slots=True)
class Materialised:
    """What became of the days of a rule."""

    rule: UUID
    opened: list[Session] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


async def materialise_rules(database: Database, rules: Rules, now: datetime) -> int:
    """The job: every rule that is behind, each in its own transaction. Returns how many sessions were opened."""
    # A day of margin: somewhere it is tomorrow already. Each rule then looks at its own site's calendar.
    async with database.transaction(Scope.everywhere()) as tx:
        behind = await sessions.rules_behind(tx, (now + rules.horizon - timedelta(days=1)).date())
    opened = 0
    for rule in behind:
        async with database.transaction(Scope.everywhere()) as tx:
            opened += len((await materialise(tx, rule, rules, Author(BY, now))).opened)
    return opened


async def materialise(tx: Transaction, id: UUID, rules: Rules, author: Author) -> Materialised:
    """Open the sessions of a rule up to the horizon. Done twice it changes nothing: a day of a rule has one session,
    whatever has become of it since, and days already done are not looked at again."""
    rule = await sessions.lock_rule(tx, id)
    done = Materialised(id)
    if rule is None:
        return done
    site = await projections.site_for_planning(tx, rule.site)
    who = await projections.professional(tx, rule.professional)
    if site is None or who is None:
        return done
    first = local_day(author.at, site.zone)
    if rule.materialised_until is not None:
        first = max(first, rule.materialised_until + timedelta(days=1))
    last = local_day(author.at + rules.horizon, site.zone)
    if first > last:
        return done
    calendar = await calendar_of(tx, site, first, last)
    existing = await sessions.days_of_rule(tx, id, first, last)
    days = [
        each
        for each in plan(rule.rule, first, last, calendar, contract_at(who, site), author.at)
        if each.day not in existing
    ]
    planned = [each for each in days if isinstance(each, Planned)]
    opened, skipped = await open_planned(tx, rule, Staffed(site, who), planned, rules, author)
    await sessions.rule_is_materialised(tx, id, last)
    skipped += [each for each in days if isinstance(each, Skipped)]
    return Materialised(id, opened, sorted(skipped, key=lambda each: each.day))
