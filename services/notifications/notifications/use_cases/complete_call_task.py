"""A secretary says how a call ended."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from notifications.problems import CALL_ENDED
from notifications.use_cases.say import say_call_ended
from smp.postgres import Record, Statements, Transaction
from smp.problems import NOT_FOUND, Refusal

SQL = Statements.load("notifications.store", "call_tasks.sql")


async def complete_call_task(
    tx: Transaction, task: UUID, outcome: str, by: str, now: datetime, may: Callable[[UUID], None]
) -> Record:
    """End an open call. `may(site)` refuses who has nothing to do there. Raises Refusal NOT_FOUND or CALL_ENDED."""
    found = await tx.fetchrow(SQL.lock, task)
    if found is None:
        raise Refusal(NOT_FOUND)
    may(found["site"])
    ended = await tx.fetchrow(SQL.complete, task, outcome, now, by)
    if ended is None:
        raise Refusal(CALL_ENDED, state=found["state"])
    say_call_ended(tx, ended, now)
    return ended
