"""What a topic holds: read back for the ledgers, never inside a timed run."""

import contextlib
from collections.abc import AsyncIterator, Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete

from smp.contracts.base import Topic
from smp.contracts.envelope import Event, to_headers, to_key, to_value

Offsets = dict[TopicPartition, int]


async def ends(bootstrap: str, topic: Topic) -> Offsets:
    """Where each partition ends now."""
    async with _reader(bootstrap) as consumer:
        return await _ends(consumer, topic)


async def ids_since(bootstrap: str, topic: Topic, start: Offsets) -> list[bytes]:
    """`ce_id` of every record after `start`."""
    found: list[bytes] = []
    async with _reader(bootstrap) as consumer:
        left = sum((await _ends(consumer, topic)).values()) - sum(start.values())
        consumer.assign(list(start))
        for at, offset in start.items():
            consumer.seek(at, offset)
        while len(found) < left:
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                found += [value for record in records for name, value in record.headers if name == "ce_id"]
    return found


async def fill(bootstrap: str, events: Iterable[Event[Any]]) -> None:
    """Write events as the relay would."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        for event in events:
            await producer.send(event.data.topic.name, to_value(event), key=to_key(event), headers=to_headers(event))
    finally:
        await producer.stop()


async def empty(bootstrap: str, topic: Topic) -> None:
    """Forget what the topic holds, so that one figure does not read another's records."""
    records = {at: RecordsToDelete(before_offset=end) for at, end in (await ends(bootstrap, topic)).items() if end}
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await client.start()
    try:
        await client.delete_records(records)
    finally:
        await client.close()


async def _ends(consumer: AIOKafkaConsumer, topic: Topic) -> Offsets:
    offsets: Offsets = await consumer.end_offsets([TopicPartition(topic.name, n) for n in range(topic.partitions)])
    return offsets


@contextlib.asynccontextmanager
async def _reader(bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, max_partition_fetch_bytes=4 << 20)
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()
