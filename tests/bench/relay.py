"""P6: how fast the relay empties an outbox, against a bare idempotent producer that has it all in memory."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from aiokafka import AIOKafkaProducer

from smp.contracts.appointments import APPOINTMENTS
from smp.contracts.envelope import Event, to_headers, to_key, to_value
from smp.outbox import Relay
from smp.postgres import Database, Scope
from smp.telemetry import OUTBOX_SENT
from tests.bench import topics
from tests.bench.bench import Bench
from tests.bench.events import bookings
from tests.bench.figures import Figure, Ledger, Run
from tests.bench.rounds import compare
from tests.support.databases import ServiceDatabase, service_database

GOAL = 0.50
_WRITTEN_TOGETHER = 100  # events per transaction: a morning's import, or a hundred bookings
_DEADLINE_SECONDS = 120.0


async def measure(bench: Bench) -> Figure:
    """Events per second from an outbox that holds them all to the last acknowledgement."""
    count = 10_000 if bench.short else 100_000
    events = list(bookings(count))
    async with service_database(bench.admin_url, "toy", "tests.support.toy") as service:
        await _write(service.database, events)
        rounds = await compare(
            lambda: _checked(bench, count, lambda: _drain(service, bench.bootstrap, count)),
            lambda: _checked(bench, count, lambda: _produce(bench.bootstrap, events)),
            bench.rounds,
        )
    await topics.empty(bench.bootstrap, APPOINTMENTS)
    what = f"relay drain of {count} SlotBooked ÷ bare idempotent aiokafka producer (acks=all, 1 broker, 12 partitions)"
    return Figure("P6", what, "events/s", GOAL, rounds)


async def _write(database: Database, events: list[Event[Any]]) -> None:
    for first in range(0, len(events), _WRITTEN_TOGETHER):
        async with database.transaction(Scope.everywhere()) as tx:
            for event in events[first : first + _WRITTEN_TOGETHER]:
                tx.publish(event)


async def _checked(bench: Bench, count: int, work: Callable[[], Awaitable[float]]) -> Run:
    """Time `work`, then read back what it left in Kafka."""
    start = await topics.ends(bench.bootstrap, APPOINTMENTS)
    seconds = await work()
    found = await topics.ids_since(bench.bootstrap, APPOINTMENTS, start)
    return Run(count / seconds, Ledger.of(found, count))


async def _drain(service: ServiceDatabase, bootstrap: str, count: int) -> float:
    """Seconds from the relay's start to the position that says all is sent."""
    async with service.admin() as admin:
        await admin.execute("UPDATE smp.relay_position SET xid = '0', position = 0")
        last = await admin.fetchval("SELECT max(position) FROM smp.outbox")
        sent = OUTBOX_SENT.labels(APPOINTMENTS.name)
        before = _value(sent)
        relay = Relay(service.database, bootstrap, "bench", retention=timedelta(days=30))
        started = time.perf_counter()
        task = asyncio.create_task(relay.run())
        try:
            async with asyncio.timeout(_DEADLINE_SECONDS):
                while _value(sent) - before < count:  # noqa: ASYNC110  # the relay has no event for this
                    await asyncio.sleep(0.002)
                while await admin.fetchval("SELECT position FROM smp.relay_position") != last:
                    pass
            return time.perf_counter() - started
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _produce(bootstrap: str, events: list[Event[Any]]) -> float:
    """Seconds to send the same records, ready in memory, and have them all acknowledged.

    The same batches and promises as ours; the futures are awaited one by one, which is cheaper than to gather them.
    """
    records = [(to_value(event), to_key(event), to_headers(event)) for event in events]
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=0, max_batch_size=256 * 1024
    )
    started = time.perf_counter()
    await producer.start()
    try:
        futures = [
            await producer.send(APPOINTMENTS.name, value, key=key, headers=headers) for value, key, headers in records
        ]
        for future in futures:
            await future
        return time.perf_counter() - started
    finally:
        await producer.stop()


def _value(counter: Any) -> float:
    return float(counter._value.get())
