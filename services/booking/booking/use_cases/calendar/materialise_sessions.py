"""Turn rules of recurrence into sessions, one row per occurrence, over a rolling horizon."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from booking.domain.local_time import local_day
from booking.domain.planning import Skipped
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.store import projections, sessions
from booking.store import rules as rule_store
from booking.store.sessions import Author
from booking.use_cases.calendar import agenda, following
from booking.use_cases.calendar.presence import NO_EXCESS, Excess, excess_of
from booking.use_cases.one_by_one import one_by_one
from smp.logging import log
from smp.postgres import Database, Scope, Transaction

BY = "booking.materialise-sessions"


@dataclass(frozen=True, slots=True)
class Materialised:
    """What became of the days of a rule, and how far they go beyond what was agreed with the professional."""

    rule: UUID
    opened: list[Session] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    excess: Excess = NO_EXCESS


async def materialise_rules(database: Database, rules: Rules, now: datetime) -> int:
    """The job: every rule that is behind, each in its own transaction. Nobody reads its answer: what goes over a cap is
    logged, and the counters of presence show it. Returns how many sessions were opened."""
    # A day of margin: somewhere it is tomorrow already. Each rule then looks at its own site's calendar.
    async with database.transaction(Scope.everywhere()) as tx:
        behind = await rule_store.behind(tx, (now + rules.horizon - timedelta(days=1)).date())
    opened = 0

    async def look(rule: UUID) -> None:
        nonlocal opened
        async with database.transaction(Scope.everywhere()) as tx:
            done = await materialise(tx, rule, rules, Author(BY, now))
        opened += len(done.opened)
        if over := done.excess.over:
            log.warning(
                "rule goes over a cap of presence", rule=rule, over={each.period: each.over_by for each in over}
            )

    await one_by_one(BY, behind, look)
    return opened


async def materialise(tx: Transaction, id: UUID, rules: Rules, author: Author) -> Materialised:
    """Open the sessions of a rule up to the horizon. Done twice it changes nothing: a day on which somebody has touched
    the session by hand is left alone, and days already done are not looked at again."""
    known = await rule_store.get(tx, id)
    if known is None:
        return Materialised(id)
    # Site and professional before the rule, as everybody locks them.
    site = await projections.site_for_planning(tx, known.latest.site)
    people = await agenda.people_of(tx, [known])
    series = await rule_store.lock(tx, id)
    if site is None or not people or series is None:
        return Materialised(id)
    first, done_until = local_day(author.at, site.zone), series.latest.materialised_until
    if done_until is not None:
        first = max(first, done_until + timedelta(days=1))
    last = local_day(author.at + rules.horizon, site.zone)
    if first > last:
        return Materialised(id)
    stored = await sessions.lock_to_reshape(tx, [id], first, last, None, author.at)
    days = await agenda.load(tx, {site.id: site}, people, first, last, rules, author.at)
    draft = following.draft(days, [series], stored, {id: last})
    followed = await following.carry_out(tx, draft, [series], days, rules, author)
    await rule_store.is_materialised(tx, id, last)
    opened = list(followed.done.opened)
    excess = await excess_of(tx, known.latest.professional, opened, site.zone)
    return Materialised(id, opened, list(followed.skipped), excess)
