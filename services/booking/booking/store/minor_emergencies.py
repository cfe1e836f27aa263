"""Short forms of minor emergencies, without anybody's name."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from booking.domain.intervals import Interval
from smp.postgres import Statements, Transaction

SQL = Statements.load(__package__, "minor_emergencies.sql")


@dataclass(frozen=True, slots=True)
class Answered:
    """Every flag that a request has ever raised, and how often its form was answered."""

    red_flags: frozenset[str]
    version: int


@dataclass(frozen=True, slots=True)
class Counted:
    """Requests of a site over a period."""

    asked: int
    sent_to_15: int


async def note(
    tx: Transaction, territory: str, id: UUID, site: UUID, form: date, flags: Iterable[str], now: datetime, by: str
) -> Answered:
    """Write the answers down."""
    (row,) = await tx.fetch(SQL.note, territory, id, site, form, sorted(flags), now, by)
    return Answered(frozenset(row["red_flags"]), row["version"])


async def raised(tx: Transaction, id: UUID) -> frozenset[str]:
    """The flags that the request has raised so far, wherever."""
    rows = await tx.fetch(SQL.raised, id)
    return frozenset(flag for row in rows for flag in row["red_flags"])


async def count(tx: Transaction, site: UUID, period: Interval) -> Counted:
    row = await tx.fetchrow(SQL.count, site, period.start, period.end)
    return Counted(row["asked"], row["sent_to_15"]) if row else Counted(0, 0)


async def sites_open(tx: Transaction, territory: str, day: date) -> list[UUID]:
    return [row["id"] for row in await tx.fetch(SQL.sites_open, territory, day)]
