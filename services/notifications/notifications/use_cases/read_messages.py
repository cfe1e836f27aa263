"""What was said to a patient about one appointment."""

from uuid import UUID

from smp.postgres import Record, Statements, Transaction

SQL = Statements.load("notifications.store", "messages.sql")


async def read_messages(tx: Transaction, appointment: UUID) -> list[Record]:
    """Every text about the appointment, with its state, oldest first."""
    return await tx.fetch(SQL.of_appointment, appointment)
