"""Counts of a period, read from the facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from reporting.domain.activity import (
    Activity,
    Acts,
    CallTasks,
    Completeness,
    Durations,
    Messages,
    Offer,
    Patients,
)
from smp.postgres import Transaction
from smp.sql import Statements

SQL = Statements.load(__package__, "activity.sql")
COUNTS = Statements.load(__package__, "counts.sql")
SITES = Statements.load(__package__, "sites.sql")

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Site:
    """A site of the territory; name and zone are None until its opening has been heard."""

    site: UUID
    name: str | None
    zone: str | None


@dataclass(frozen=True, slots=True)
class Window:
    """The instants `[opens, closes)` of a period at a site."""

    site: UUID
    opens: datetime
    closes: datetime


@dataclass(frozen=True, slots=True)
class FactCount:
    """Facts of one kind and state, the events received for them, and those known to be missing."""

    kind: str
    state: str
    facts: int
    events: int
    missing_events: int


async def begin_snapshot(tx: Transaction) -> None:
    """Let every later statement of `tx` see the same facts; call it first."""
    await tx.execute(SQL.one_snapshot)


async def sites(tx: Transaction) -> list[Site]:
    """Every site of the transaction's territories."""
    return [Site(**row) for row in await tx.fetch(SITES.all)]


async def newest_event_at(tx: Transaction) -> datetime | None:
    """When the newest event counted in these territories happened."""
    newest: datetime | None = await tx.fetchval(SQL.newest_event)
    return newest


async def activity(
    tx: Transaction, windows: Sequence[Window], rolling: Sequence[Window], *, late_after: timedelta, at: datetime | None
) -> Activity:
    """Everything counted in `windows`; patients are counted in `rolling`. `at` is the newest event's time."""

    async def rows(kind: type[Row], sql: str, over: Sequence[Window] = windows, *more: object) -> tuple[Row, ...]:
        return tuple(kind(**row) for row in await tx.fetch(sql, *_columns(over), *more))

    return Activity(
        acts=await rows(Acts, SQL.acts),
        offers=await rows(Offer, SQL.offers),
        delays=await rows(Durations, SQL.delays),
        waits=await rows(Durations, SQL.waits),
        messages=await rows(Messages, SQL.messages),
        call_tasks=await rows(CallTasks, SQL.call_tasks),
        patients=await rows(Patients, SQL.patients, rolling),
        completeness=await rows(Completeness, SQL.completeness, windows, late_after, at),
    )


async def count_facts(tx: Transaction, windows: Sequence[Window]) -> list[FactCount]:
    """How many facts of each kind and state lie in `windows`."""
    return [FactCount(**row) for row in await tx.fetch(COUNTS.facts, *_columns(windows))]


def _columns(windows: Sequence[Window]) -> tuple[list[UUID], list[datetime], list[datetime]]:
    return [w.site for w in windows], [w.opens for w in windows], [w.closes for w in windows]
