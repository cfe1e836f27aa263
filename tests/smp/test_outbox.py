"""State and event commit together; the relay carries every committed event, in order per key."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from smp.contracts.base import EventData
from smp.contracts.envelope import Event, parse, to_headers
from smp.contracts.examples import EXAMPLES
from smp.ids import new_id
from smp.outbox import Relay, headers_of, new_producer
from smp.postgres import Database, Scope, Statements, Transaction
from smp.telemetry import traced
from smp_local.processes import free_port
from tests.support.databases import ServiceDatabase
from tests.support.events import known, toy_event, toy_event_type
from tests.support.kafka import background, create_topics, read_all, until

OUTBOX = Statements.load("smp.store", "outbox.sql")
MAYENNE = Scope(frozenset({"53"}))


@pytest.fixture
def topic() -> str:
    return f"toy.{new_id().hex}"


def relay_for(database: Database, bootstrap: str) -> Relay:
    relay = Relay(database, bootstrap, "toy", retention=timedelta(days=30))
    database.on_publish = relay.wake
    return relay


async def publish(database: Database, *events: object) -> None:
    async with database.transaction(MAYENNE) as tx:
        for event in events:
            tx.publish(event)  # type: ignore[arg-type]


async def unsent(floor: ServiceDatabase) -> int:
    async with floor.admin() as admin:
        return int(
            await admin.fetchval(
                "SELECT count(*) FROM smp.outbox AS o, smp.relay_position AS r "
                "WHERE (o.xid, o.position) > (r.xid, r.position)"
            )
        )


async def all_sent(floor: ServiceDatabase) -> None:
    async def nothing_waits() -> bool:
        return await unsent(floor) == 0

    await until(nothing_waits)


async def test_a_relay_that_finds_no_broker_closes_what_it_opened(
    floor_database: ServiceDatabase, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[AIOKafkaProducer] = []

    def noted(bootstrap: str, client_id: str) -> AIOKafkaProducer:
        opened.append(new_producer(bootstrap, client_id))
        return opened[-1]

    async def has_tried_twice() -> bool:
        return len(opened) >= 2

    monkeypatch.setattr("smp.outbox.new_producer", noted)
    await publish(floor_database.database, toy_event(toy_event_type(topic), "waits"))
    async with background(relay_for(floor_database.database, f"127.0.0.1:{free_port()}").run()):
        await until(has_tried_twice)
    assert all(producer._closed for producer in opened)


async def test_an_event_of_a_rolled_back_transaction_is_never_said(
    floor_database: ServiceDatabase, kafka_bootstrap: str, topic: str
) -> None:
    noted = toy_event_type(topic)
    await create_topics(kafka_bootstrap, topic)
    async with background(relay_for(floor_database.database, kafka_bootstrap).run()):
        with pytest.raises(ZeroDivisionError):
            async with floor_database.database.transaction(MAYENNE) as tx:
                tx.publish(toy_event(noted, "never"))
                raise ZeroDivisionError
        await publish(floor_database.database, toy_event(noted, "said"))
        await all_sent(floor_database)
    assert [record.value for record in await read_all(kafka_bootstrap, topic)] == [b'{"text":"said"}']


async def test_events_of_one_key_arrive_in_the_order_of_their_sequence(
    floor_database: ServiceDatabase, kafka_bootstrap: str, topic: str
) -> None:
    noted = toy_event_type(topic)
    await create_topics(kafka_bootstrap, topic)
    subjects = [new_id() for _ in range(5)]
    async with background(relay_for(floor_database.database, kafka_bootstrap).run()):
        for sequence in range(1, 41):
            await publish(floor_database.database, *(toy_event(noted, subject=s, sequence=sequence) for s in subjects))
        await all_sent(floor_database)
    heard: dict[bytes, list[int]] = {}
    for record in await read_all(kafka_bootstrap, topic):
        heard.setdefault(record.key, []).append(int(dict(record.headers)["ce_sequence"]))
    assert heard == {str(s).encode(): list(range(1, 41)) for s in subjects}


async def test_a_transaction_that_commits_late_is_not_skipped(
    floor_database: ServiceDatabase, kafka_bootstrap: str, topic: str
) -> None:
    """Its rows have lower positions than rows already sent: a cursor by position alone would lose them."""
    noted = toy_event_type(topic)
    await create_topics(kafka_bootstrap, topic)
    async with background(relay_for(floor_database.database, kafka_bootstrap).run()):
        async with floor_database.database.transaction(MAYENNE) as slow:
            slow.publish(toy_event(noted, "late"))
            await slow.flush()
            slow.events.clear()
            await publish(floor_database.database, toy_event(noted, "early"))
            await asyncio.sleep(0.3)  # time for a wrong relay to run past; a right one needs none
        await all_sent(floor_database)
        await publish(floor_database.database, toy_event(noted, "last"))
        await all_sent(floor_database)
    assert sorted(r.value for r in await read_all(kafka_bootstrap, topic)) == [
        b'{"text":"early"}',
        b'{"text":"last"}',
        b'{"text":"late"}',
    ]


async def test_eight_writers_at_once_lose_nothing(
    floor_database: ServiceDatabase, kafka_bootstrap: str, topic: str
) -> None:
    noted = toy_event_type(topic)
    await create_topics(kafka_bootstrap, topic)

    async def writer() -> None:
        for _ in range(50):
            await publish(floor_database.database, toy_event(noted), toy_event(noted))

    async with background(relay_for(floor_database.database, kafka_bootstrap).run()):
        await asyncio.gather(*(writer() for _ in range(8)))
        await all_sent(floor_database)
    ids = [dict(r.headers)["ce_id"] for r in await read_all(kafka_bootstrap, topic)]
    assert len(ids) == len(set(ids)) == 800


async def test_a_second_relay_takes_over_when_the_first_ends(
    floor_database: ServiceDatabase, kafka_bootstrap: str, topic: str
) -> None:
    noted = toy_event_type(topic)
    await create_topics(kafka_bootstrap, topic)
    other = await Database.connect(floor_database.app_url, size=3)
    first, second = relay_for(floor_database.database, kafka_bootstrap), relay_for(other, kafka_bootstrap)

    async def first_leads() -> bool:
        return first.leading

    async def second_leads() -> bool:
        return second.leading

    async with background(first.run()) as running:
        await until(first_leads)
        async with background(second.run()):
            await publish(floor_database.database, toy_event(noted, "one"))
            await all_sent(floor_database)
            assert not second.leading
            running.cancel()
            await until(second_leads)
            await publish(floor_database.database, toy_event(noted, "two"))
            await all_sent(floor_database)
    await other.close()
    assert len(await read_all(kafka_bootstrap, topic)) == 2


async def test_a_send_that_is_refused_holds_back_its_own_key_and_no_other(
    floor_database: ServiceDatabase, kafka_bootstrap: str, topic: str
) -> None:
    noted = toy_event_type(topic)
    await create_topics(kafka_bootstrap, topic)
    large, other = new_id(), new_id()
    await publish(
        floor_database.database,
        toy_event(noted, "x" * 2_000_000, subject=large, sequence=1),
        toy_event(noted, "behind", subject=large, sequence=2),
        toy_event(noted, "free", subject=other, sequence=1),
    )
    async with background(relay_for(floor_database.database, kafka_bootstrap).run()):
        await all_sent(floor_database)
        await publish(floor_database.database, toy_event(noted, "still behind", subject=large, sequence=3))
        await all_sent(floor_database)
    assert [r.value for r in await read_all(kafka_bootstrap, topic)] == [b'{"text":"free"}']
    async with floor_database.admin() as admin:
        assert await admin.fetchval("SELECT count(*) FROM smp.outbox_held") == 3


async def test_events_held_for_a_missing_topic_leave_in_order_once_it_exists(
    floor_database: ServiceDatabase, kafka_bootstrap: str, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smp.outbox._HELD_RETRY_SECONDS", 0.1)
    monkeypatch.setattr("smp.outbox.METADATA_PATIENCE_MS", 3_000)
    noted, other = toy_event_type(topic), toy_event_type(f"{topic}.other")
    await create_topics(kafka_bootstrap, f"{topic}.other")
    subject = new_id()
    await publish(
        floor_database.database,
        *(toy_event(noted, str(n), subject=subject, sequence=n) for n in (1, 2, 3)),
        toy_event(other, "flows"),
    )
    async with background(relay_for(floor_database.database, kafka_bootstrap).run()):
        await all_sent(floor_database)
        assert len(await read_all(kafka_bootstrap, f"{topic}.other")) == 1
        await create_topics(kafka_bootstrap, topic)

        async def nothing_held() -> bool:
            async with floor_database.admin() as admin:
                return bool(await admin.fetchval("SELECT count(*) = 0 FROM smp.outbox_held"))

        await until(nothing_held)
    assert [r.value for r in await read_all(kafka_bootstrap, topic)] == [b'{"text":"%d"}' % n for n in (1, 2, 3)]


async def test_what_the_relay_sends_is_the_cloud_event_of_the_contracts(
    floor_database: ServiceDatabase, kafka_bootstrap: str, topic: str
) -> None:
    noted = toy_event_type(topic)
    await create_topics(kafka_bootstrap, topic)
    with traced(None) as traceparent:
        event = toy_event(noted, "é")
    async with background(relay_for(floor_database.database, kafka_bootstrap).run()):
        await publish(floor_database.database, event)
        await all_sent(floor_database)
    (record,) = await read_all(kafka_bootstrap, topic)
    assert dict(record.headers) == dict(to_headers(event))
    with known(noted):
        assert parse(record.headers, record.key, record.value) == event
    assert event.traceparent == traceparent


async def test_old_partitions_are_dropped_only_when_sent_and_old(floor_database: ServiceDatabase) -> None:
    noted = toy_event_type("toy.never-sent")

    async def roll(tx: Transaction, keep: timedelta) -> int:
        return int(await tx.fetchval("SELECT smp.roll_outbox($1, 10)", keep))

    async with floor_database.admin() as admin:
        await admin.execute("DROP TABLE smp.outbox_0, smp.outbox_1000000")
    for _ in range(4):
        async with floor_database.database.transaction(MAYENNE) as tx:
            await roll(tx, timedelta(0))
        await publish(floor_database.database, *(toy_event(noted) for _ in range(10)))
    async with floor_database.database.transaction(MAYENNE) as tx:
        assert await roll(tx, timedelta(0)) == 0
        await tx.execute("UPDATE smp.relay_position SET (xid, position) = (pg_current_xact_id(), 1000)")
        assert await roll(tx, timedelta(days=1)) == 0
        assert await roll(tx, timedelta(0)) == 3
        # The partition being filled and a whole one of distance stay.
        assert await tx.fetchval("SELECT min(position) FROM smp.outbox") == 30


@pytest.mark.parametrize("event", EXAMPLES.values(), ids=lambda event: event.data.contract())
def test_the_relay_and_the_contracts_write_the_same_headers(event: Event[EventData]) -> None:
    row = {
        "id": event.id,
        "aggregatetype": event.data.topic.name,
        "aggregateid": event.subject,
        "type": event.data.ce_type(),
        "sequence": event.sequence,
        "territory": event.territory,
        "site": event.site,
        "occurred_at": event.time,
        "traceparent": event.traceparent,
    }
    assert dict(headers_of(row)) == dict(to_headers(event))  # type: ignore[arg-type]  # a record is read by name


async def test_a_transaction_that_waited_for_its_aggregate_is_said_after_the_one_it_waited_for(
    floor_database: ServiceDatabase, kafka_bootstrap: str, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may own the lower transaction number: the number is given before the wait for the row's lock."""
    monkeypatch.setattr("smp.outbox.BATCH", 1)
    noted = toy_event_type(topic)
    await create_topics(kafka_bootstrap, topic)
    note, database = new_id(), floor_database.database
    async with database.transaction(MAYENNE) as tx:
        await tx.execute("INSERT INTO note (id, territory, text) VALUES ($1, '53', '')", note)

    async def change(tx: Transaction, waited_for: asyncio.Event) -> None:
        await tx.fetchval("SELECT pg_current_xact_id()")
        waited_for.set()
        await asyncio.wait_for(first_has_locked.wait(), 10)
        version = await tx.fetchval("UPDATE note SET version = version + 1 WHERE id = $1 RETURNING version", note)
        tx.publish(toy_event(noted, str(version), subject=note, sequence=version - 1))

    first_has_locked, numbered = asyncio.Event(), asyncio.Event()

    async def second() -> None:
        async with database.transaction(MAYENNE) as tx:
            await change(tx, numbered)

    waiting = asyncio.create_task(second())
    await asyncio.wait_for(numbered.wait(), 10)
    async with database.transaction(MAYENNE) as tx:
        version = await tx.fetchval("UPDATE note SET version = version + 1 WHERE id = $1 RETURNING version", note)
        first_has_locked.set()
        tx.publish(toy_event(noted, str(version), subject=note, sequence=version - 1))
    await waiting
    async with background(relay_for(database, kafka_bootstrap).run()):
        await all_sent(floor_database)
    assert [record.value for record in await read_all(kafka_bootstrap, topic)] == [b'{"text":"2"}', b'{"text":"3"}']


async def test_the_relay_reads_what_is_next_by_the_index_even_without_statistics(
    floor_database: ServiceDatabase,
) -> None:
    """A new partition was never analysed: a planner left alone reads and sorts all that waits, at every look."""
    noted = toy_event_type("toy.never-sent")
    for _ in range(20):
        await publish(floor_database.database, *(toy_event(noted) for _ in range(500)))
    async with floor_database.database.session() as connection:
        before = await settings_of(connection)
        await connection.fetchval(OUTBOX.lead)
        await connection.fetch(OUTBOX.settle)
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {OUTBOX.next_batch}", 0, 0, 5000))
        assert "Seq Scan" not in plan
        assert "Sort  (" not in plan
        assert "outbox_0_xid_position_idx" in plan
        await connection.fetch(OUTBOX.unlead)
        assert await settings_of(connection) == before


async def settings_of(connection: Any) -> list[tuple[str, str]]:
    return [(row["name"], row["setting"]) for row in await connection.fetch("SHOW ALL")]
