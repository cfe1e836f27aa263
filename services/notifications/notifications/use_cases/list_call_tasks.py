"""The calls a secretary has to make, in the order of the appointments."""

from uuid import UUID

from smp.postgres import Record, Statements, Transaction

SQL = Statements.load("notifications.store", "call_tasks.sql")


async def list_call_tasks(
    tx: Transaction, site: UUID, state: str, after: UUID | None, limit: int
) -> tuple[list[Record], UUID | None]:
    """One page of a site's calls, and the call after which the next page begins (None at the end)."""
    rows = await tx.fetch(SQL.of_site, site, state, after, limit + 1)
    more = len(rows) > limit
    return rows[:limit], rows[limit - 1]["task"] if more else None
