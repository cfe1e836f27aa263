"""Texts not yet sent and calls not yet made are dropped as soon as they would say something wrong."""

from datetime import datetime
from uuid import UUID

from notifications.use_cases.say import say_call_ended, say_fate
from smp.postgres import Statements, Transaction

MESSAGES = Statements.load("notifications.store", "messages.sql")
CALLS = Statements.load("notifications.store", "call_tasks.sql")


async def drop_outdated(tx: Transaction, appointment: UUID, version: int, reason: str, now: datetime) -> None:
    """Drop what speaks of states of `appointment` older than `version`; what left already cannot be called back."""
    for row in await tx.fetch(MESSAGES.drop_outdated, appointment, version, reason, now):
        say_fate(tx, row, now)
    for row in await tx.fetch(CALLS.drop_outdated, appointment, version, reason, now):
        say_call_ended(tx, row, now)


async def drop_of_patient(tx: Transaction, patient: UUID, now: datetime) -> None:
    """Drop everything still to be said to a patient who is erased."""
    for row in await tx.fetch(MESSAGES.drop_of_patient, patient, "erased", now):
        say_fate(tx, row, now)
    for row in await tx.fetch(CALLS.drop_of_patient, patient, "erased", now):
        say_call_ended(tx, row, now)
