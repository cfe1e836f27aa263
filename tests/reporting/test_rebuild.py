"""A projection thrown away and made again from Kafka is the same, byte for byte."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from reporting.__main__ import SERVICE
from smp.clock import SystemClock
from smp.consumer import Consumer
from smp.contracts import TOPICS
from smp.contracts.envelope import to_headers, to_key, to_value
from smp.listener import Listener
from smp.rebuild import rebuild
from tests.reporting.stories import a_whole_day, facts
from tests.support.databases import ServiceDatabase
from tests.support.kafka import create_topics, producer, until


@contextlib.asynccontextmanager
async def listening(database: ServiceDatabase, bootstrap: str) -> AsyncIterator[None]:
    consumer = Consumer(SERVICE.name, SERVICE.handlers, database.database, SystemClock())
    async with Listener(consumer, bootstrap, "1").running():
        yield


async def test_facts_rebuilt_from_kafka_are_those_that_were_thrown_away(
    reporting_database: ServiceDatabase, kafka_bootstrap: str
) -> None:
    events = a_whole_day()
    await create_topics(kafka_bootstrap, *[topic.name for topic in TOPICS], partitions=12)
    async with producer(kafka_bootstrap) as kafka:
        await asyncio.gather(
            *[
                kafka.send_and_wait(e.data.topic.name, to_value(e), key=to_key(e), headers=to_headers(e))
                for e in [*events, *events[::3]]
            ]
        )

    async def all_heard() -> bool:
        async with reporting_database.admin() as admin:
            ids = [event.id for event in events]
            heard = await admin.fetchval("SELECT count(*) FROM smp.inbox WHERE event_id = ANY ($1)", ids)
        return bool(heard == len(ids))

    async def facts_of_these_events() -> dict[str, list[str]]:
        """The broker is shared with other tests, whose events are heard too."""
        ours = {str(event.subject) for event in events}
        tables = await facts(reporting_database)
        return {table: [row for row in rows if any(id in row for id in ours)] for table, rows in tables.items()}

    async with listening(reporting_database, kafka_bootstrap):
        await until(all_heard, seconds=60)
    first = await facts_of_these_events()
    assert all(first.values())

    assert await rebuild(SERVICE, reporting_database.migrator_url, kafka_bootstrap) >= len(events)
    assert not any((await facts(reporting_database)).values())
    async with listening(reporting_database, kafka_bootstrap):
        await until(all_heard, seconds=60)

    assert await facts_of_these_events() == first
