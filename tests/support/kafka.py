"""Topics and records for tests of delivery, on a real broker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from smp.rebuild import partitions_of


async def create_topics(bootstrap: str, *names: str, partitions: int = 3) -> None:
    """Create topics and wait until each partition has a leader."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        known = set(await admin.list_topics())
        missing = [NewTopic(name, partitions, 1) for name in names if name not in known]
        if missing:
            await admin.create_topics(missing)

        async def led() -> bool:
            topics = await admin.describe_topics(list(names))
            return all(
                not t["error_code"] and len(t["partitions"]) and all(p["leader"] >= 0 for p in t["partitions"])
                for t in topics
            )

        await until(led)
    finally:
        await admin.close()


async def read_all(bootstrap: str, topic: str) -> list[Any]:
    """Every record of a topic, partition by partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = await partitions_of(bootstrap, topic)
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(partitions)
        records: list[Any] = []
        while any([await consumer.position(p) < ends[p] for p in partitions]):
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                records += batch
        return records
    finally:
        await consumer.stop()


@asynccontextmanager
async def producer(bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    """A plain producer, for records that no relay of ours would write."""
    client = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await client.start()
    try:
        yield client
    finally:
        await client.stop()


async def until(condition: Callable[[], Awaitable[bool]], *, seconds: float = 120) -> None:
    """Wait for a condition; fails with its name when it does not come true in time."""
    try:
        async with asyncio.timeout(seconds):
            while not await condition():  # noqa: ASYNC110  # the condition lives in another process
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"never came true: {condition.__qualname__}") from None


@asynccontextmanager
async def background(work: Awaitable[Any]) -> AsyncIterator["asyncio.Task[Any]"]:
    """Run something beside the test; cancelled at the end."""
    task = asyncio.ensure_future(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
