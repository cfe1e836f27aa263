"""Batches filled by hand go where Kafka's own clients would send their records."""

from aiokafka.errors import UnknownTopicOrPartitionError

from smp.ids import new_id
from smp.outbox import new_producer
from smp.parcels import Parcels
from tests.support.kafka import create_topics, producer, read_all


async def test_a_key_has_the_same_partition_as_with_any_other_producer(kafka_bootstrap: str) -> None:
    topic, keys = f"toy.{new_id().hex}", [str(new_id()).encode() for _ in range(50)]
    await create_topics(kafka_bootstrap, topic, partitions=12)
    async with producer(kafka_bootstrap) as other:
        for key in keys:
            await other.send_and_wait(topic, b"other", key=key)
    ours = new_producer(kafka_bootstrap, "test")
    await ours.start()
    try:
        parcels = Parcels(ours)
        assert all([await parcels.add(n, topic, key, b"ours", [], 1) for n, key in enumerate(keys)])
        assert await parcels.finish() == {}
    finally:
        await ours.stop()
    places: dict[bytes, list[int]] = {}
    for record in await read_all(kafka_bootstrap, topic):
        places.setdefault(record.key, []).append(record.partition)
    assert all(len(where) == 2 and len(set(where)) == 1 for where in places.values())
    assert len(places) == 50


async def test_records_larger_than_a_parcel_are_spread_over_several_in_order(kafka_bootstrap: str) -> None:
    topic = f"toy.{new_id().hex}"
    await create_topics(kafka_bootstrap, topic, partitions=1)
    values = [str(n).encode() * 60_000 for n in range(9)]
    ours = new_producer(kafka_bootstrap, "test")
    await ours.start()
    try:
        parcels = Parcels(ours)
        for number, value in enumerate(values):
            assert await parcels.add(number, topic, b"k", value, [], 1)
        assert not await parcels.add(99, topic, b"k", b"x" * 1_100_000, [], 1)
        assert await parcels.finish() == {99: "MessageSizeTooLargeError"}
    finally:
        await ours.stop()
    assert [record.value for record in await read_all(kafka_bootstrap, topic)] == values


async def test_a_topic_that_is_not_there_is_told_for_each_of_its_records(kafka_bootstrap: str) -> None:
    topic = f"toy.{new_id().hex}"
    ours = new_producer(kafka_bootstrap, "test")
    await ours.start()
    try:
        ours.client._request_timeout_ms = 300
        parcels = Parcels(ours)
        assert not await parcels.add(1, topic, b"k", b"x", [], 1)
        assert not await parcels.add(2, topic, b"k", b"y", [], 1)
        assert await parcels.finish() == dict.fromkeys((1, 2), UnknownTopicOrPartitionError.__name__)
    finally:
        await ours.stop()
