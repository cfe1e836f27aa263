"""Effects happen once, nothing is dropped, order holds per key: whatever Kafka delivers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from smp.clock import SystemClock
from smp.consumer import Bulk, Consumer, Delivery, PermanentError, TransientError
from smp.contracts.envelope import Event, to_headers, to_key, to_value
from smp.ids import new_id
from smp.listener import Listener
from smp.parking import Parking, StoredRecord
from smp.postgres import Transaction
from tests.support.databases import ServiceDatabase
from tests.support.events import known, toy_event, toy_event_type
from tests.support.kafka import create_topics, producer, until

INSERT = "INSERT INTO note (id, territory, text) VALUES ($1, $2, $3)"


class Bench:
    """A toy consumer on its own topic, and hands to feed and inspect it."""

    def __init__(self, floor: ServiceDatabase, bootstrap: str) -> None:
        self.floor = floor
        self.bootstrap = bootstrap
        self.topic = f"toy.{new_id().hex}"
        self.type = toy_event_type(self.topic)
        self.name = f"toy-{new_id().hex[:12]}"
        self.on_event: Callable[[Transaction, Delivery[Any]], Any] = self.write
        self.orders: list[tuple[str, str]] = []

    async def write(self, tx: Transaction, delivery: Delivery[Any]) -> None:
        # A key of its own for each effect, so that only the inbox stands between one effect and two.
        await tx.execute(INSERT, new_id(), delivery.event.territory, delivery.data.text)
        self.orders.append((delivery.data.text, delivery.order))

    async def _handle(self, tx: Transaction, delivery: Delivery[Any]) -> None:
        await self.on_event(tx, delivery)

    def event(self, text: str = "x", **fields: Any) -> Event[Any]:
        return toy_event(self.type, text, **fields)

    def consumer(self) -> Consumer:
        return Consumer(self.name, {self.type: self._handle}, self.floor.database, SystemClock())

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Consumer]:
        consumer = self.consumer()
        async with Listener(consumer, self.bootstrap, "1").running():
            yield consumer

    async def send(self, *events: Event[Any], headers: dict[str, bytes | None] | None = None) -> None:
        """Put events on the topic; `headers` replaces some of theirs (None removes one)."""
        async with producer(self.bootstrap) as kafka:
            for event in events:
                merged = {**dict(to_headers(event)), **(headers or {})}
                kept = [(name, value) for name, value in merged.items() if value is not None]
                await kafka.send_and_wait(self.topic, to_value(event), key=to_key(event), headers=kept)

    async def send_raw(
        self, value: bytes, key: bytes | None = None, headers: tuple[tuple[str, bytes], ...] = ()
    ) -> None:
        async with producer(self.bootstrap) as kafka:
            await kafka.send_and_wait(self.topic, value, key=key, headers=list(headers))

    async def notes(self) -> list[str]:
        async with self.floor.admin() as admin:
            return [row["text"] for row in await admin.fetch("SELECT text FROM note ORDER BY text")]

    async def parked(self) -> list[asyncpg.Record]:
        return await Parking(self.consumer(), self.floor.database).waiting(100)

    async def until_notes(self, count: int) -> None:
        async def enough_notes() -> bool:
            return len(await self.notes()) >= count

        await until(enough_notes)

    async def until_parked(self, count: int) -> None:
        async def enough_parked() -> bool:
            return len(await self.parked()) >= count

        await until(enough_parked)


@pytest.fixture
async def bench(floor_database: ServiceDatabase, kafka_bootstrap: str) -> AsyncIterator[Bench]:
    made = Bench(floor_database, kafka_bootstrap)
    await create_topics(kafka_bootstrap, made.topic)
    with known(made.type):
        yield made


async def test_an_event_delivered_twice_has_one_effect(bench: Bench) -> None:
    event = bench.event("once")
    await bench.send(event, event)
    async with bench.listening():
        await bench.until_notes(1)
        await bench.send(event, bench.event("after"))
        await bench.until_notes(2)
    assert await bench.notes() == ["after", "once"]


async def test_a_consumer_that_dies_after_its_effect_and_before_its_acknowledgement_does_nothing_twice(
    bench: Bench,
) -> None:
    """Kafka delivers the record again to the next process of the group; the inbox knows it."""
    event = bench.event("once")
    await bench.send(event)
    record = await first_record(bench)
    await bench.consumer().handle([record])  # effect committed, offset never
    async with bench.listening():
        await bench.send(bench.event("after"))
        await bench.until_notes(2)
    assert await bench.notes() == ["after", "once"]


async def test_effect_inbox_and_outgoing_events_commit_together(bench: Bench) -> None:
    said = bench.event("said by the handler")
    attempts = 0

    async def fail_once_after_the_effect(tx: Transaction, delivery: Delivery[Any]) -> None:
        nonlocal attempts
        attempts += 1
        await bench.write(tx, delivery)
        tx.publish(said)
        if attempts == 1:
            raise TransientError("the database went away after the effect")

    bench.on_event = fail_once_after_the_effect
    await bench.send(bench.event("x"))
    async with bench.listening():
        await bench.until_notes(1)
    async with bench.floor.admin() as admin:
        assert await admin.fetchval("SELECT count(*) FROM smp.outbox") == 1
        assert await admin.fetchval("SELECT count(*) FROM smp.inbox") == 1
    assert attempts == 2


async def test_a_record_that_cannot_be_handled_is_parked_and_the_others_of_its_batch_are_handled(bench: Bench) -> None:
    async def refuse_poison(tx: Transaction, delivery: Delivery[Any]) -> None:
        if delivery.data.text == "poison":
            raise PermanentError("poison")
        await bench.write(tx, delivery)

    bench.on_event = refuse_poison
    await bench.send(bench.event("a"), bench.event("poison"), bench.event("b"))
    async with bench.listening():
        await bench.until_notes(2)
        await bench.until_parked(1)
    assert await bench.notes() == ["a", "b"]
    (row,) = await bench.parked()
    assert row["error"] == "PermanentError: poison"


async def test_later_records_of_a_parked_key_wait_behind_it_and_replay_in_order(bench: Bench) -> None:
    poisoned = True

    async def refuse_poison(tx: Transaction, delivery: Delivery[Any]) -> None:
        if poisoned and delivery.data.text == "1":
            raise ValueError("a bug")
        await bench.write(tx, delivery)

    bench.on_event = refuse_poison
    subject = new_id()
    await bench.send(bench.event("1", subject=subject, sequence=1))
    async with bench.listening() as consumer:
        await bench.until_parked(1)
        await bench.send(bench.event("2", subject=subject, sequence=2), bench.event("other"))
        await bench.until_parked(2)
        await bench.until_notes(1)
        assert await bench.notes() == ["other"]
        parking = Parking(consumer, bench.floor.database)
        assert await parking.replay() == (0, 2)
        poisoned = False
        assert await parking.replay() == (2, 0)
        await bench.send(bench.event("3", subject=subject, sequence=3))
        await bench.until_notes(4)
    assert [order for _, order in bench.orders] == ["next"] * 4
    assert [text for text, _ in bench.orders] == ["other", "1", "2", "3"]


async def test_a_discarded_record_frees_its_key(bench: Bench) -> None:
    subject = new_id()
    await bench.send_raw(b"{broken", str(subject).encode(), tuple(to_headers(bench.event(subject=subject))))
    async with bench.listening() as consumer:
        await bench.until_parked(1)
        (row,) = await bench.parked()
        assert await Parking(consumer, bench.floor.database).discard(row["number"])
        await bench.send(bench.event("next", subject=subject, sequence=2))
        await bench.until_notes(1)
    assert await bench.parked() == []


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (b"{not json", {}),
        (b"", {}),
        (b'{"text": 5}', {}),
        (b'{"text": "a\\u0000b"}', {}),
        (b"\xff\xfe", {}),
        (b'{"text": "x"}', {"ce_id": None}),
        (b'{"text": "x"}', {"ce_time": b"yesterday"}),
        (b'{"text": "x"}', {"ce_sequence": b"-1"}),
        (b'{"text": "x"}', {"ce_territory": b"999"}),
        (b'{"text": "x"}', {"content-type": b"text/plain"}),
    ],
)
async def test_a_malformed_record_is_parked_and_the_service_lives_on(
    bench: Bench, value: bytes, headers: dict[str, bytes | None]
) -> None:
    event = bench.event()
    merged = {**dict(to_headers(event)), **headers}
    kept = tuple((name, each) for name, each in merged.items() if each is not None)
    await bench.send_raw(value, to_key(event), kept)
    await bench.send(bench.event("after"))
    async with bench.listening():
        await bench.until_notes(1)
        await bench.until_parked(1)
    (row,) = await bench.parked()
    assert row["error"].startswith("MalformedEvent: ")


async def test_a_record_without_any_header_or_key_is_parked(bench: Bench) -> None:
    await bench.send_raw(b"{}")
    async with bench.listening():
        await bench.until_parked(1)


async def test_an_unknown_type_is_passed_over(bench: Bench) -> None:
    event = bench.event()
    await bench.send(event, headers={"ce_type": b"fr.smp.telemedicine.RoomReady.v1"})
    await bench.send(bench.event("after"))
    async with bench.listening():
        await bench.until_notes(1)
    assert await bench.parked() == []


async def test_a_type_that_nobody_here_listens_to_leaves_no_gap(bench: Bench) -> None:
    subject = new_id()
    await bench.send(bench.event("1", subject=subject))
    await bench.send(bench.event(subject=subject, sequence=2), headers={"ce_type": b"fr.smp.booking.SlotHeld.v1"})
    await bench.send(bench.event("3", subject=subject, sequence=3))
    async with bench.listening():
        await bench.until_notes(2)
    assert bench.orders == [("1", "next"), ("3", "next")]


async def test_gaps_and_stale_sequences_are_seen_and_heal(bench: Bench) -> None:
    subject = new_id()
    events = {n: bench.event(str(n), subject=subject, sequence=n) for n in (1, 2, 3, 4)}
    await bench.send(events[1], events[3], events[2], events[4])
    async with bench.listening():
        await bench.until_notes(4)
    assert bench.orders == [("1", "next"), ("3", "gap"), ("2", "stale"), ("4", "next")]
    async with bench.floor.admin() as admin:
        heard = await admin.fetchrow("SELECT highest, received FROM smp.sequence_heard")
    assert heard is not None
    assert tuple(heard) == (4, 4)


async def test_events_of_several_territories_in_one_batch_stay_in_their_own(bench: Bench) -> None:
    await bench.send(
        bench.event("a", territory="53"), bench.event("b", territory="72"), bench.event("c", territory="53")
    )
    async with bench.listening():
        await bench.until_notes(3)
    async with bench.floor.admin() as admin:
        rows = await admin.fetch("SELECT text, territory FROM note ORDER BY text")
    assert [tuple(row) for row in rows] == [("a", "53"), ("b", "72"), ("c", "53")]


async def test_a_lost_database_connection_is_survived(bench: Bench) -> None:
    killed = False

    async def kill_own_backend_once(tx: Transaction, delivery: Delivery[Any]) -> None:
        nonlocal killed
        await bench.write(tx, delivery)
        if not killed:
            killed = True
            pid = await tx.fetchval("SELECT pg_backend_pid()")
            async with bench.floor.admin() as admin:
                await admin.execute("SELECT pg_terminate_backend($1)", pid)

    bench.on_event = kill_own_backend_once
    await bench.send(bench.event("survives"))
    async with bench.listening():
        await bench.until_notes(1)
    assert await bench.notes() == ["survives"]
    assert await bench.parked() == []


async def test_kafka_does_not_believe_a_record_done_while_its_handler_works(bench: Bench) -> None:
    """An acknowledgement before the commit would lose the record with the process."""
    entered, leave = asyncio.Event(), asyncio.Event()

    async def wait(tx: Transaction, delivery: Delivery[Any]) -> None:
        entered.set()
        await leave.wait()

    bench.on_event = wait
    await bench.send(bench.event("slow"))
    admin = AIOKafkaAdminClient(bootstrap_servers=bench.bootstrap)
    await admin.start()

    async def acknowledged() -> bool:
        offsets = await admin.list_consumer_group_offsets(bench.name)
        return any(place.offset > 0 for place in offsets.values())

    async with bench.listening():
        async with asyncio.timeout(30):
            await entered.wait()
        with pytest.raises(AssertionError, match="never came true"):
            await until(acknowledged, seconds=6)  # longer than a client that acknowledges by itself would take (5 s)
        leave.set()
        await until(acknowledged)
    await admin.close()


async def test_stopping_finishes_the_batch_in_hand(bench: Bench) -> None:
    entered = asyncio.Event()

    async def slow(tx: Transaction, delivery: Delivery[Any]) -> None:
        entered.set()
        await asyncio.sleep(0.3)
        await bench.write(tx, delivery)

    bench.on_event = slow
    await bench.send(bench.event("finished"))
    async with bench.listening():
        async with asyncio.timeout(30):
            await entered.wait()
    assert await bench.notes() == ["finished"]


async def first_record(bench: Bench) -> Any:
    from tests.support.kafka import read_all

    (record,) = await read_all(bench.bootstrap, bench.topic)
    return record


async def test_what_one_handler_takes_at_once_is_in_order_within_each_aggregate(bench: Bench) -> None:
    one, other = new_id(), new_id()
    events = [
        bench.event("one 1", subject=one, sequence=1), bench.event("other 1", subject=other, sequence=1),
        bench.event("one 2", subject=one, sequence=2), bench.event("abroad", territory="72"),
        bench.event("other 2", subject=other, sequence=2),
    ]  # fmt: skip
    calls: list[list[tuple[str, str]]] = []

    async def write_all(tx: Transaction, deliveries: Sequence[Delivery[Any]]) -> None:
        calls.append([(each.data.text, each.order) for each in deliveries])
        await tx.executemany(INSERT, [(new_id(), each.event.territory, each.data.text) for each in deliveries])

    consumer = Consumer(bench.name, {bench.type: Bulk(write_all)}, bench.floor.database, SystemClock())
    records = [
        StoredRecord(bench.topic, 0, at, to_key(e), to_value(e), tuple(to_headers(e))) for at, e in enumerate(events)
    ]
    await consumer.handle(records)
    await consumer.handle(records)
    assert sorted(map(sorted, calls)) == [
        [("abroad", "next")],
        [("one 1", "next"), ("other 1", "next")],
        [("one 2", "next"), ("other 2", "next")],
    ]
    assert await bench.notes() == ["abroad", "one 1", "one 2", "other 1", "other 2"]


async def test_when_many_cannot_be_handled_at_once_only_the_faulty_one_is_parked(bench: Bench) -> None:
    events = [bench.event(text) for text in ("good", "bad", "fine")]

    async def write_all(tx: Transaction, deliveries: Sequence[Delivery[Any]]) -> None:
        for each in deliveries:
            if each.data.text == "bad":
                raise PermanentError("no")
            await bench.write(tx, each)

    consumer = Consumer(bench.name, {bench.type: Bulk(write_all)}, bench.floor.database, SystemClock())
    records = [
        StoredRecord(bench.topic, 0, at, to_key(e), to_value(e), tuple(to_headers(e))) for at, e in enumerate(events)
    ]
    await consumer.handle(records)
    assert await bench.notes() == ["fine", "good"]
    assert len(await bench.parked()) == 1
