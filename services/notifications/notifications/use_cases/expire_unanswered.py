"""Texts whose receipt never came: nobody knows, and nobody pretends."""

from notifications.use_cases.policy import Policy
from notifications.use_cases.say import say_fate
from smp.clock import Clock
from smp.postgres import Database, Scope, Statements

SQL = Statements.load("notifications.store", "messages.sql")
BATCH = 500


async def expire_unanswered(database: Database, clock: Clock, policy: Policy) -> int:
    """End as `unknown` what was accepted too long ago without a receipt; returns how many."""
    now = clock.now()
    async with database.transaction(Scope.everywhere()) as tx:
        rows = await tx.fetch(SQL.give_up_waiting, now - policy.unanswered, now, BATCH)
        for row in rows:
            say_fate(tx, row, now)
    return len(rows)


async def forget_old_texts(database: Database, clock: Clock, policy: Policy) -> None:
    """Erase words, provider's references and receipts older than the time they may be kept (DOMAIN 5.2)."""
    before = clock.now() - policy.kept
    async with database.transaction(Scope.everywhere()) as tx:
        await tx.execute(SQL.forget_words, before, BATCH)
        await tx.execute(SQL.forget_receipts, before)
