"""How many facts there are: what a ledger compares with Kafka and with booking."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from reporting.domain.period import Period
from reporting.store import activity as store
from reporting.use_cases.windows import windows
from smp.auth import Actor
from smp.postgres import Transaction


@dataclass(frozen=True, slots=True)
class KindCount:
    """Facts of one kind, by state, the distinct events merged into them, and those known to be missing."""

    kind: str
    facts: int
    events: int
    missing_events: int
    by_state: dict[str, int]


KINDS = ("appointment", "session", "message", "call_task")


async def count_facts(
    tx: Transaction, actor: Actor, period: Period, site: UUID | None, *, default_zone: str
) -> list[KindCount]:
    """Facts of the period at one site, or (None) at all those of the actor; services count whole territories."""
    await store.begin_snapshot(tx)
    counted = [
        known
        for known in await store.sites(tx)
        if site in (None, known.site) and (actor.kind == "service" or actor.covers_site(known.site))
    ]
    rows = await store.count_facts(tx, windows(counted, period, default_zone))
    return [_sum(kind, [row for row in rows if row.kind == kind]) for kind in KINDS]


def _sum(kind: str, rows: Iterable[store.FactCount]) -> KindCount:
    rows = list(rows)
    return KindCount(
        kind=kind,
        facts=sum(row.facts for row in rows),
        events=sum(row.events for row in rows),
        missing_events=sum(row.missing_events for row in rows),
        by_state={row.state: row.facts for row in rows},
    )
