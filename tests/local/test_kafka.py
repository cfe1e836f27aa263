"""The broker keeps what it acknowledged, and finds it again on another port."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from smp.contracts import TOPICS
from smp_local.kafka import Kafka
from smp_local.processes import free_port
from smp_local.topics import create_topics


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    broker = Kafka(tmp_path_factory.mktemp("kafka"))
    broker.start()
    yield broker
    broker.stop()


async def count(broker: Kafka, topic: str) -> int:
    kafka = AIOKafkaConsumer(topic, bootstrap_servers=broker.bootstrap)
    await kafka.start()
    try:
        return sum((await kafka.end_offsets([TopicPartition(topic, n) for n in range(12)])).values())
    finally:
        await kafka.stop()


async def send(broker: Kafka, topic: str, number: int) -> None:
    kafka = AIOKafkaProducer(bootstrap_servers=broker.bootstrap, acks="all", enable_idempotence=True)
    await kafka.start()
    try:
        for one in range(number):
            await kafka.send_and_wait(topic, b"x", key=str(one).encode())
    finally:
        await kafka.stop()


async def test_topics_of_the_catalogue_are_created_once_and_serve_at_once(broker: Kafka) -> None:
    assert sorted(await create_topics(broker.bootstrap)) == sorted(topic.name for topic in TOPICS)
    assert await create_topics(broker.bootstrap) == []
    await send(broker, TOPICS[0].name, 5)
    assert await count(broker, TOPICS[0].name) == 5


async def test_what_was_acknowledged_is_there_after_kill_9_and_on_another_port(tmp_path: Path) -> None:
    first = Kafka(tmp_path / "kafka")
    first.start()
    await create_topics(first.bootstrap, TOPICS[:1])
    await send(first, TOPICS[0].name, 20)
    first.kill()
    second = Kafka(tmp_path / "kafka", free_port())
    second.start()
    try:
        assert await count(second, TOPICS[0].name) == 20
    finally:
        second.stop()
    assert second.pid is None


def test_a_pid_file_of_a_process_that_is_not_the_broker_is_not_believed(tmp_path: Path) -> None:
    import os

    kafka = Kafka(tmp_path)
    (tmp_path / "kafka.pid").write_text(f"[{os.getpid()}, 12.5]")
    assert kafka.pid is None
