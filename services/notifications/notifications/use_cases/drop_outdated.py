"""Texts not yet sent and calls not yet made are dropped as soon as they would say something wrong."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from notifications.use_cases.say import say_call_ended, say_fate
from smp.postgres import Statements, Transaction

MESSAGES = Statements.load("notifications.store", "messages.sql")
CALLS = Statements.load("notifications.store", "call_tasks.sql")


Outdated = tuple[UUID, int, str]
"""An appointment, the version before which all is outdated, and why."""


async def drop_outdated(tx: Transaction, outdated: Sequence[Outdated], now: datetime) -> None:
    """Drop what speaks of older states of different appointments; what left already cannot be called back."""
    columns = [list(column) for column in zip(*outdated, strict=True)]
    for row in await tx.fetch(MESSAGES.drop_outdated, *columns, now):
        say_fate(tx, row, now)
    for row in await tx.fetch(CALLS.drop_outdated, *columns, now):
        say_call_ended(tx, row, now)


async def drop_of_patient(tx: Transaction, patient: UUID, now: datetime) -> None:
    """Drop everything still to be said to a patient who is erased."""
    for row in await tx.fetch(MESSAGES.drop_of_patient, patient, "erased", now):
        say_fate(tx, row, now)
    for row in await tx.fetch(CALLS.drop_of_patient, patient, "erased", now):
        say_call_ended(tx, row, now)
