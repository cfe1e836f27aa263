"""Throw a projection away and rebuild it from Kafka."""

import asyncio
import time

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from smp.service import Service
from smp.sql import Statements

_SQL = Statements.load("smp.store", "inbox.sql")


_PATIENCE_SECONDS = 20.0


class StillListening(Exception):
    """The service runs: what it hears meanwhile would be lost to the rebuilt projection."""


class NothingToRebuild(Exception):
    """The service listens to nobody."""


async def rebuild(service: Service, migrator_url: str, bootstrap: str) -> int:
    """Empty `service.projections`, forget what was heard, and set the group back to the beginning of its topics.

    The service must be stopped; when it starts it hears everything again. Facts that a service owns (messages sent,
    appointments) are not projections and stay. Returns the number of records to come. Raises StillListening,
    NothingToRebuild.
    """
    if not service.handlers:
        raise NothingToRebuild(f"{service.name} n'écoute personne : il n'y a rien à refaire.")
    # Kafka first: while somebody listens it refuses, and nothing has been thrown away.
    await _until_nobody_listens(bootstrap, service.name)
    records = await _rewind(service, bootstrap)
    connection = await asyncpg.connect(migrator_url)
    try:
        async with connection.transaction():
            if service.projections:
                await connection.execute(f"TRUNCATE {', '.join(service.projections)}")
            await connection.execute(_SQL.forget_consumer, service.name)
    finally:
        await connection.close()
    return records


async def _until_nobody_listens(bootstrap: str, group: str) -> None:
    """A member with a lasting name is gone when its session has expired, some seconds after its process ended."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        while await _state(admin, group) not in ("Empty", "Dead"):
            if time.monotonic() > deadline:
                raise StillListening(f"{group} is still running somewhere: stop it first; nothing was thrown away")
            await asyncio.sleep(0.2)
    finally:
        await admin.close()


async def _state(admin: AIOKafkaAdminClient, group: str) -> str:
    for response in await admin.describe_consumer_groups([group]):
        for _code, _name, state, *_rest in response.groups:
            return str(state)
    return "Dead"


async def listens(bootstrap: str, group: str) -> bool:
    """Whether Kafka knows of anybody under that name."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        return await _state(admin, group) != "Dead"
    finally:
        await admin.close()


async def unheard(bootstrap: str, group: str) -> int:
    """Records that the group has still to hear, of those that it ever listened to."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    kafka = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await admin.start()
    await kafka.start()
    try:
        heard = await admin.list_consumer_group_offsets(group)
        ends = await kafka.end_offsets(list(heard))
        return sum(ends[partition] - max(0, kept.offset) for partition, kept in heard.items())
    finally:
        await kafka.stop()
        await admin.close()


async def _rewind(service: Service, bootstrap: str) -> int:
    topics = sorted({event.topic.name for event in service.handlers})
    kafka = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=service.name, enable_auto_commit=False)
    await kafka.start()
    try:
        partitions = await partitions_of(bootstrap, *topics)
        kafka.assign(partitions)
        first = await kafka.beginning_offsets(partitions)
        last = await kafka.end_offsets(partitions)
        await kafka.commit(first)
        return sum(last[p] - first[p] for p in partitions)
    finally:
        await kafka.stop()


async def partitions_of(bootstrap: str, *topics: str) -> list[TopicPartition]:
    """The partitions of the topics. Raises LookupError when one does not exist."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        described = await admin.describe_topics(list(topics))
    finally:
        await admin.close()
    if missing := [each["topic"] for each in described if each["error_code"]]:
        raise LookupError(f"topics that do not exist: {', '.join(missing)}")
    return [TopicPartition(each["topic"], p["partition"]) for each in described for p in each["partitions"]]
