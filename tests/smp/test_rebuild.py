"""A projection is thrown away only when nobody listens any more."""

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from smp import rebuild
from smp.contracts.appointments import APPOINTMENTS
from smp.ids import new_id
from smp.service import Service
from smp.settings import BaseSettings
from tests.support.kafka import create_topics


async def test_a_rebuild_waits_until_the_last_listener_has_left(
    kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await create_topics(kafka_bootstrap, APPOINTMENTS.name, partitions=12)
    group = f"group-{new_id()}"
    listener = AIOKafkaConsumer(APPOINTMENTS.name, bootstrap_servers=kafka_bootstrap, group_id=group)
    await listener.start()
    try:
        with monkeypatch.context() as hasty, pytest.raises(rebuild.StillListening, match=group):
            hasty.setattr(rebuild, "_PATIENCE_SECONDS", 0.0)
            await rebuild._until_nobody_listens(kafka_bootstrap, group)
        waiting = asyncio.create_task(rebuild._until_nobody_listens(kafka_bootstrap, group))
    finally:
        await listener.stop()
    await waiting


async def test_a_group_that_nobody_ever_joined_is_empty(kafka_bootstrap: str) -> None:
    await rebuild._until_nobody_listens(kafka_bootstrap, f"group-{new_id()}")


async def test_a_topic_that_does_not_exist_is_named(kafka_bootstrap: str) -> None:
    with pytest.raises(LookupError, match="no-such-topic"):
        await rebuild.partitions_of(kafka_bootstrap, "no-such-topic")


async def test_who_listens_to_nobody_has_nothing_to_rebuild(kafka_bootstrap: str) -> None:
    with pytest.raises(rebuild.NothingToRebuild, match="toy"):
        await rebuild.rebuild(Service("toy", BaseSettings, package="toy"), "postgresql://nowhere", kafka_bootstrap)
    assert not await rebuild.listens(kafka_bootstrap, f"group-{new_id()}")


async def test_what_a_group_has_still_to_hear_is_counted(kafka_bootstrap: str) -> None:
    topic, group = f"topic-{new_id()}", f"group-{new_id()}"
    await create_topics(kafka_bootstrap, topic, partitions=2)
    listener = AIOKafkaConsumer(bootstrap_servers=kafka_bootstrap, group_id=group, enable_auto_commit=False)
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap)
    await listener.start()
    await producer.start()
    try:
        listener.assign([TopicPartition(topic, 0), TopicPartition(topic, 1)])
        for number in range(3):
            await producer.send_and_wait(topic, b"", partition=number % 2)
        await listener.commit({TopicPartition(topic, 0): 1, TopicPartition(topic, 1): 0})
        assert await rebuild.unheard(kafka_bootstrap, group) == 2
        await listener.commit({TopicPartition(topic, 0): 2, TopicPartition(topic, 1): 1})
        assert await rebuild.unheard(kafka_bootstrap, group) == 0
    finally:
        await listener.stop()
        await producer.stop()
