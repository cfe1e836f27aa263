"""Wrapped data keys in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from smp.postgres import Statements, Transaction

SQL = Statements.load("registry.store", "keys.sql")


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """One patient's data key, wrapped by the key-encryption key `kek_id`."""

    patient: UUID
    kek_id: str
    wrapped: bytes


async def read(tx: Transaction, patients: Sequence[UUID]) -> list[WrappedKey]:
    """The keys of those patients that exist in the scope and are not erased."""
    return [WrappedKey(**row) for row in await tx.fetch(SQL.wrapped_keys, patients)]


async def wrapped_by_others(tx: Transaction, current: str, after: UUID | None, limit: int) -> list[WrappedKey]:
    """The next keys, in order of patient, that another key-encryption key than `current` wraps; locked."""
    return [WrappedKey(**row) for row in await tx.fetch(SQL.wrapped_by_others, current, after, limit)]


async def rewrap(tx: Transaction, keys: Sequence[WrappedKey], now: datetime) -> None:
    await tx.execute(
        SQL.rewrap, [key.patient for key in keys], [key.kek_id for key in keys], [key.wrapped for key in keys], now
    )
