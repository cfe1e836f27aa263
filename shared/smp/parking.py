"""Parked records: list, show, handle again, give up."""

import base64
import getpass
from dataclasses import dataclass
from functools import partial

from smp.consumer import Consumer
from smp.postgres import Database, Record, Scope, Transaction
from smp.sql import Statements

_SQL = Statements.load("smp.store", "inbox.sql")


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A parked record in the shape in which Kafka gave it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    timestamp: int = 0

    @classmethod
    def of(cls, row: Record) -> "StoredRecord":
        headers = tuple((name, base64.b64decode(value)) for name, value in row["headers"].items())
        return cls(row["topic"], row["kafka_partition"], row["kafka_offset"], row["key"], row["value"], headers)


class Parking:
    """What a person can do about the parked records of one consumer."""

    def __init__(self, consumer: Consumer, database: Database) -> None:
        self._consumer = consumer
        self._database = database

    async def waiting(self, limit: int) -> list[Record]:
        """The parked records, oldest first."""
        async with self._database.transaction(Scope.everywhere()) as tx:
            return await tx.fetch(_SQL.parked_list, self._consumer.name, limit)

    async def record(self, number: int) -> Record | None:
        """One parked record, whole."""
        async with self._database.transaction(Scope.everywhere()) as tx:
            return await tx.fetchrow(_SQL.parked_record, self._consumer.name, number)

    async def discard(self, number: int) -> bool:
        """Give one up; False when it does not wait (any more)."""
        async with self._database.transaction(Scope.everywhere()) as tx:
            settled = await tx.fetchval(_SQL.settle, self._consumer.name, number, "discarded", getpass.getuser())
        return settled is not None

    async def replay(self, key: str | None = None) -> tuple[int, int]:
        """Handle parked records again in order, of one key or of all; a key that fails again stops there.

        Returns how many were handled and how many still wait.
        """
        raw = key.encode() if key is not None else None
        done, after = 0, 0
        failed: set[tuple[str, bytes | None]] = set()
        while (row := await self._next(after, raw)) is not None:
            after = row["number"]
            stream = (row["topic"], row["key"])
            if stream in failed:
                continue
            if await self._consumer.replay(StoredRecord.of(row), partial(self._settle, after)):
                done += 1
            else:
                failed.add(stream)
        async with self._database.transaction(Scope.everywhere()) as tx:
            return done, await tx.fetchval(_SQL.parked_count, self._consumer.name)

    async def _next(self, after: int, key: bytes | None) -> Record | None:
        async with self._database.transaction(Scope.everywhere()) as tx:
            return await tx.fetchrow(_SQL.parked_next, self._consumer.name, after, key)

    async def _settle(self, number: int, tx: Transaction) -> None:
        await tx.execute(_SQL.settle, self._consumer.name, number, "replayed", getpass.getuser())
