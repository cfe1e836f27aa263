"""What PostgreSQL, Kafka and the SMS sink hold, read and never written: the ledger's sources.

This is the only place of a play that looks behind the public interfaces.
"""

from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx2
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from smp.contracts import TOPICS
from smp.contracts.envelope import Envelope, MalformedEvent, read_headers
from smp_local.addresses import Addresses
from smp_local.settings import SERVICES

Row = Mapping[str, Any]

LISTENS: dict[str, tuple[str, ...]] = {
    "booking": ("smp.registry.sites", "smp.registry.professionals", "smp.registry.patients"),
    "notifications": (
        "smp.registry.sites", "smp.registry.patients", "smp.booking.appointments", "smp.booking.waiting-list",
    ),
    "reporting": (
        "smp.registry.sites", "smp.registry.patients", "smp.booking.sessions", "smp.booking.appointments",
        "smp.notifications.messages",
    ),
}  # fmt: skip
"""The topics that each service must have heard to the end."""


@dataclass(frozen=True, slots=True)
class KafkaBook:
    """Every record of every topic, in the order of its partition; `unreadable` counts those that are no events."""

    envelopes: tuple[Envelope, ...]
    unreadable: int


class Books:
    """Use as an async context manager: one read-only connection to each service's database. `added`: the topics that
    each plug-in must have heard to the end."""

    def __init__(self, addresses: Addresses, added: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self._addresses = addresses
        self._listens = {**LISTENS, **(added or {})}
        self._stack = AsyncExitStack()
        self._connections: dict[str, asyncpg.Connection[asyncpg.Record]] = {}

    async def __aenter__(self) -> "Books":
        for service in dict.fromkeys((*SERVICES, *self._listens)):
            connection = await asyncpg.connect(
                self._addresses.database(service),
                server_settings={"default_transaction_read_only": "on", "application_name": "ledger"},
            )
            self._stack.push_async_callback(connection.close)
            self._connections[service] = connection
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def rows(self, service: str, sql: str, *arguments: object) -> list[Row]:
        """Rows as the superuser sees them: every territory."""
        return [dict(row) for row in await self._connections[service].fetch(sql, *arguments)]

    async def value(self, service: str, sql: str, *arguments: object) -> Any:
        return await self._connections[service].fetchval(sql, *arguments)

    async def sink(self, path: str) -> Any:
        """The SMS sink's own account."""
        async with httpx2.AsyncClient(trust_env=False, timeout=30) as http:
            answer = await http.get(f"{self._addresses.sms}{path}")
            answer.raise_for_status()
            return answer.json()

    async def kafka(self) -> KafkaBook:
        """Everything from the beginning to the end of now."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._addresses.kafka, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            return await _read_all(consumer)
        finally:
            await consumer.stop()

    async def lag(self) -> int:
        """Records that some service has not handled yet."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self._addresses.kafka)
        consumer = AIOKafkaConsumer(bootstrap_servers=self._addresses.kafka, enable_auto_commit=False)
        await admin.start()
        await consumer.start()
        try:
            wanted = {name: _partitions(topics) for name, topics in self._listens.items()}
            ends = await consumer.end_offsets(sorted({each for part in wanted.values() for each in part}))
            behind = 0
            for service, partitions in wanted.items():
                handled = await admin.list_consumer_group_offsets(service)
                behind += sum(ends[each] - (handled[each].offset if each in handled else 0) for each in partitions)
            return behind
        finally:
            await consumer.stop()
            await admin.close()

    async def said(self) -> list[tuple[int, int | None]]:
        """How many events each service has said, and the place of the last: the same twice, and nothing was said."""
        sql = "SELECT (count(*), max(position)) FROM smp.outbox"
        return [await self.value(service, sql) for service in SERVICES]

    async def unsent(self) -> int:
        """Events that Kafka does not have yet, in any service."""
        sql = """
            SELECT (SELECT count(*) FROM smp.outbox AS o, smp.relay_position AS r
                    WHERE r.relay = 'kafka' AND (o.xid, o.position) > (r.xid, r.position))
                 + (SELECT count(*) FROM smp.outbox_held)"""
        return sum([await self.value(service, sql) for service in SERVICES])

    async def texts_on_their_way(self, now: datetime) -> int:
        """Texts whose hour has come and that the provider has not taken or refused yet."""
        sql = "SELECT count(*) FROM message WHERE state = 'sending' OR (state = 'planned' AND due_at <= $1)"
        return int(await self.value("notifications", sql, now))

    async def texts_unanswered(self) -> int:
        """Texts that the provider took and of which nobody knows more."""
        return int(await self.value("notifications", "SELECT count(*) FROM message WHERE state = 'accepted'"))

    async def receipts_to_come(self) -> int:
        """Receipts that the provider has and that notifications has not taken yet."""
        pending: int = (await self.sink("/ledger/summary"))["receipts"]["pending"]
        return pending

    async def due_dates(self, sites: list[UUID], start: datetime) -> list[datetime]:
        """When the texts for appointments from `start` on are due, for those that have not left."""
        sql = """
            SELECT due_at FROM message
            WHERE site = ANY ($1) AND starts_at >= $2 AND state = 'planned' ORDER BY due_at"""
        return [row["due_at"] for row in await self.rows("notifications", sql, sites, start)]


def _partitions(topics: Collection[str]) -> list[TopicPartition]:
    return [TopicPartition(t.name, number) for t in TOPICS if t.name in topics for number in range(t.partitions)]


async def _read_all(consumer: AIOKafkaConsumer) -> KafkaBook:
    partitions = _partitions([topic.name for topic in TOPICS])
    consumer.assign(partitions)
    ends = await consumer.end_offsets(partitions)
    begins = await consumer.beginning_offsets(partitions)
    open_ = {partition for partition in partitions if ends[partition] > begins[partition]}
    envelopes: list[Envelope] = []
    unreadable = 0
    while open_:
        for partition, records in (await consumer.getmany(timeout_ms=500)).items():
            for record in records:
                if record.offset >= ends[partition]:
                    break
                try:
                    envelopes.append(read_headers(record.headers))
                except MalformedEvent:
                    unreadable += 1
        open_ = {partition for partition in open_ if await consumer.position(partition) < ends[partition]}
    return KafkaBook(tuple(envelopes), unreadable)
