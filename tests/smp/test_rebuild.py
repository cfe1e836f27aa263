"""A projection is thrown away only when nobody listens any more."""

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer

from smp import rebuild
from smp.contracts.appointments import APPOINTMENTS
from smp.ids import new_id
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
