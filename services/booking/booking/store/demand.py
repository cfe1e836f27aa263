"""Needs that ended without an offer, each once."""

from datetime import datetime
from uuid import UUID

from smp.postgres import Statements, Transaction

SQL = Statements.load(__package__, "demand.sql")


async def record(
    tx: Transaction, site: UUID, need: UUID, kind: str, territory: str, reason: str, at: datetime, by: str
) -> int | None:
    """Write it down; the sequence of its event, or nothing when it was recorded before."""
    if await tx.fetchval(SQL.record, site, need, kind, territory, reason, at, by) is None:
        return None
    sequence: int = await tx.fetchval(SQL.number, site, need, kind, territory)
    return sequence


async def recorded(tx: Transaction, site: UUID, need: UUID, kind: str) -> tuple[str, datetime] | None:
    """Why and when it was recorded."""
    row = await tx.fetchrow(SQL.recorded, site, need, kind)
    return (row["reason"], row["asked_at"]) if row else None
