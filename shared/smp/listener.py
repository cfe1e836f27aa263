"""FastStream at the edge: a batch subscriber that commits offsets only after our consumer has done its part.

`NACK_ON_ERROR` rewinds the batch when the consumer raises, and it raises only for failures that pass; all retry,
parking and deduplication is in `smp.consumer`.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from smp.consumer import Consumer
from smp.logging import log
from smp.telemetry import LAG_RECORDS, LAG_SECONDS

MAX_RECORDS = 1000
# Kafka's least (group.min.session.timeout.ms): a killed process loses its partitions after this.
_SESSION_TIMEOUT_MS = 6_000
_GRACE_SECONDS = 20.0
# FastStream waits this long for records and then, when there were none, sleeps as long again, deaf: what comes
# after a quiet moment is late by up to this.
_IDLE_MILLISECONDS = 20
_LAG_EVERY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class _Place:
    """All that FastStream needs to know of a record."""

    topic: str
    offset: int
    timestamp: int
    headers: tuple[tuple[str, bytes], ...] = ()
    value: None = None


async def _unread(records: "Sequence[ConsumerRecord[bytes, bytes]]", parse: Callable[[Any], Awaitable[Any]]) -> Any:
    """FastStream would decode every header, and lose the whole batch at one that is not UTF-8."""
    first, last = (_Place(r.topic, r.offset, r.timestamp) for r in (records[0], records[-1]))
    message = await parse((first, last))
    message.raw_message = records
    return message


async def _records(message: Any) -> Any:
    """Leave the records as Kafka gave them: reading them is the consumer's work, with its own refusals."""
    return message.raw_message


class Listener:
    """One member of the consumer group; `instance` is its lasting name: after a restart it keeps its partitions."""

    def __init__(self, consumer: Consumer, bootstrap: str, instance: str) -> None:
        self._consumer = consumer
        self._broker = KafkaBroker(
            bootstrap,
            client_id=f"{consumer.name}-{instance}",
            allow_auto_create_topics=False,
            graceful_timeout=_GRACE_SECONDS,
            apply_types=False,
            logger=None,
        )
        subscriber = self._broker.subscriber(
            *consumer.topics,
            group_id=consumer.name,
            group_instance_id=f"{consumer.name}-{instance}",
            batch=True,
            max_records=MAX_RECORDS,
            batch_timeout_ms=_IDLE_MILLISECONDS,
            fetch_max_wait_ms=100,
            session_timeout_ms=_SESSION_TIMEOUT_MS,
            heartbeat_interval_ms=_SESSION_TIMEOUT_MS // 3,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.NACK_ON_ERROR,
            parser=_unread,
            decoder=_records,
        )
        self._subscriber: Any = subscriber

        @subscriber
        async def handle(records: "Sequence[ConsumerRecord[bytes, bytes]]") -> None:
            await consumer.handle(records)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Listen in the background; leaving finishes the batch in hand."""
        starting = asyncio.create_task(self._start())
        lag = asyncio.create_task(self._measure_lag())
        try:
            yield
        finally:
            for task in (starting, lag):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            await self._broker.stop()

    async def fault(self) -> str | None:
        """Why this listener does not listen, or None."""
        kafka = self._subscriber.consumer
        if kafka is None:
            return "Kafka: not connected"
        return None

    async def _start(self) -> None:
        while True:
            try:
                await self._broker.start()
                return
            except (KafkaError, OSError) as error:
                log.warning("waiting for Kafka", error=type(error).__name__)
            with contextlib.suppress(KafkaError, OSError):
                await self._broker.stop()
            await asyncio.sleep(1)

    async def _measure_lag(self) -> None:
        while True:
            await asyncio.sleep(_LAG_EVERY_SECONDS)
            kafka = self._subscriber.consumer
            if kafka is None:
                continue
            with contextlib.suppress(KafkaError, OSError, AssertionError):
                await _tell_lag(kafka)


async def _tell_lag(kafka: Any) -> None:
    """Records not yet committed per topic; where there are none, no age either."""
    behind: dict[str, int] = {}
    for partition in kafka.assignment():
        end = kafka.highwater(partition)
        if end is None:
            continue
        committed = await kafka.committed(partition) or 0
        behind[partition.topic] = behind.get(partition.topic, 0) + max(0, end - committed)
    for topic, records in behind.items():
        LAG_RECORDS.labels(topic).set(records)
        if records == 0:
            LAG_SECONDS.labels(topic).set(0)
