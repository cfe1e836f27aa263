"""What agendas in memory are made of, and what has changed since."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from booking.domain.intervals import Interval
from booking.domain.sessions import LONGEST_SESSION, Session
from booking.domain.travel import Distances, Elsewhere, Travel
from booking.store.sessions import session_of
from smp.postgres import Reader, Record, ScopedReader, Statements, Transaction

SQL = Statements.load(__package__, "agendas.sql")


@dataclass(frozen=True, slots=True)
class Changes:
    """What was committed between two snapshots; `snapshot` is the later one, in PostgreSQL's own words."""

    snapshot: str
    resources: list[tuple[int, Interval]]
    sites: set[UUID]
    professionals: set[UUID]


@dataclass(frozen=True, slots=True)
class Taken:
    """When the practitioner and the room of a session are taken."""

    practitioner: tuple[Interval, ...]
    room: tuple[Interval, ...]


async def snapshot(db: ScopedReader) -> str:
    """The present, as `changes` wants it. Raises RuntimeError in a transaction that has written."""
    row = await db.fetchrow(SQL.snapshot)
    assert row is not None
    _require_unwritten(row)
    return str(row["snapshot"])


async def changes(db: Reader, since: str) -> Changes:
    """What was committed after that snapshot. Raises RuntimeError in a transaction that has written."""
    rows = await db.fetch(SQL.changes, since)
    _require_unwritten(rows[0])
    return Changes(
        rows[0]["snapshot"],
        [(row["resource"], Interval(row["starts_at"], row["ends_at"])) for row in rows if row["resource"] is not None],
        {row["site"] for row in rows if row["site"] is not None},
        {row["professional"] for row in rows if row["professional"] is not None},
    )


async def sessions_starting(db: Reader, sites: Collection[UUID], start: datetime, end: datetime) -> list[Session]:
    """Open sessions of the sites that start in `[start, end)`."""
    return [session_of(row) for row in await db.fetch(SQL.sessions_starting, list(sites), start, end)]


async def first_offering(
    db: Reader, sites: Collection[UUID], kind: str, after: datetime, before: datetime
) -> dict[UUID, datetime]:
    """When the first open session for the kind begins that ends after `after` and begins before `before`, of those
    sites that have one."""
    rows = await db.fetch(SQL.first_offering, list(sites), kind, after, before)
    return {row["site"]: row["starts_at"] for row in rows}


async def presence_of(db: Reader, professionals: Collection[UUID], start: datetime, end: datetime) -> list[Elsewhere]:
    """Where they are, as their sessions that start in `[start, end)` tell it."""
    rows = await db.fetch(SQL.presence_of, list(professionals), start, end)
    return [_elsewhere(row) for row in rows]


async def travel(
    db: Reader, site: UUID, professionals: Collection[UUID], start: datetime, end: datetime, default: timedelta
) -> Travel:
    """Where they are besides the site, as sessions that start in `[start, end)` tell it, and how far that is."""
    rows = await db.fetch(SQL.elsewhere, site, list(professionals), start, end)
    declared = {
        frozenset((site, row["site"])): timedelta(minutes=row["minutes"]) for row in rows if row["minutes"] is not None
    }
    return Travel(tuple(_elsewhere(row) for row in rows), Distances(declared, default))


async def taken(db: Reader, sessions: Collection[Session]) -> dict[UUID, Taken]:
    """What is taken of the sessions; those of which nothing is are left out."""
    rows = await db.fetch(
        SQL.taken,
        [each.id for each in sessions],
        [each.resources[0].number for each in sessions],
        [each.resources[1].number if len(each.resources) > 1 else None for each in sessions],
        [each.period.start - LONGEST_SESSION for each in sessions],
        [each.period.start for each in sessions],
        [each.period.end for each in sessions],
    )
    return {row["id"]: Taken(_periods(row["practitioner"]), _periods(row["room"])) for row in rows}


async def distances(db: Reader, default: timedelta) -> Distances:
    """The declared ways between sites."""
    rows = await db.fetch(SQL.distances)
    declared = {frozenset((row["one"], row["other"])): timedelta(minutes=row["minutes"]) for row in rows}
    return Distances(declared, default)


async def declare_distance(
    tx: Transaction, one: UUID, other: UUID, territory: str, minutes: int, at: datetime, by: str
) -> int:
    """Write it down; how often it was declared."""
    version: int = await tx.fetchval(SQL.declare_distance, one, other, territory, minutes, at, by)
    return version


async def forget_changes(tx: Transaction, older_than: timedelta) -> None:
    await tx.execute(SQL.forget_changes, older_than)


def _require_unwritten(row: Record) -> None:
    if row["has_written"]:
        raise RuntimeError("agendas are asked for before anything is written: what is rolled back must not be kept")


def _elsewhere(row: Record) -> Elsewhere:
    return Elsewhere(row["id"], row["professional"], row["site"], Interval(row["starts_at"], row["ends_at"]))


def _periods(ranges: Iterable[Any] | None) -> tuple[Interval, ...]:
    return tuple(Interval(each.lower, each.upper) for each in ranges or ())
