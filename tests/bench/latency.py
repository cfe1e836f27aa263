"""P7: from the intended moment of a commit to the handler of a consumer, at an even pace that waits for nobody."""

import asyncio
import gc
import itertools
import time
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

import psutil
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from smp.clock import SystemClock
from smp.consumer import Consumer, Delivery
from smp.contracts import SlotBooked
from smp.contracts.appointments import APPOINTMENTS
from smp.contracts.envelope import Event, read_headers, to_headers, to_key, to_value
from smp.listener import Listener
from smp.postgres import Database, Scope, Transaction
from tests.bench import topics
from tests.bench.bench import Bench
from tests.bench.events import bookings
from tests.bench.figures import Figure, Ledger, Run
from tests.bench.processes import booking
from tests.bench.ratios import percentile
from tests.bench.rounds import compare
from tests.support.databases import service_database

GOAL_MILLISECONDS = 50.0
PER_SECOND = 200
_DEADLINE_SECONDS = 60.0
_MAYENNE = Scope(frozenset({"53"}))
_numbers = itertools.count(1)

Send = Callable[[Event[Any]], Coroutine[Any, Any, None]]


async def measure(bench: Bench) -> Figure:
    """p99 in milliseconds; the relay is a process of its own, which no commit of ours can wake."""
    seconds = 2 if bench.short else 20
    memory: list[int] = []
    async with (
        service_database(bench.admin_url, "booking", "booking") as service,
        service_database(bench.admin_url, "toy", "tests.support.toy") as listening,
        booking(bench, service.app_url, "http://127.0.0.1:1", "relay") as (relay, _),
    ):
        rounds = await compare(
            lambda: _ours(bench, service.database, listening.database, seconds, relay, memory),
            lambda: _bare(bench, seconds),
            bench.rounds,
        )
    await topics.empty(bench.bootstrap, APPOINTMENTS)
    what = (
        f"commit → handler, p99 over {seconds} s at {PER_SECOND} transactions/s from the intended start, relay and "
        "consumer with inbox; anchor: send → getmany of bare aiokafka"
    )
    extra = {"relay_rss_mb": round(max(memory) / 1e6, 1)}
    return Figure("P7", what, "ms", GOAL_MILLISECONDS, rounds, compared="ours", extra=extra)


class _Arrivals:
    """When each event was meant to be committed, and how long it took to arrive."""

    def __init__(self) -> None:
        self.warm: set[UUID] = set()
        self.flowing = asyncio.Event()
        self.intended: dict[UUID, float] = {}
        self.took: list[float] = []
        self.ids: list[UUID] = []

    def note(self, event: UUID) -> None:
        now = time.perf_counter()
        if event in self.intended:
            self.took.append(now - self.intended[event])
            self.ids.append(event)
        elif event in self.warm:
            self.flowing.set()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(_DEADLINE_SECONDS):
            while len(self.ids) < count:  # noqa: ASYNC110  # a poll costs less than a notice per event
                await asyncio.sleep(0.02)

    def run(self) -> Run:
        return Run(percentile(self.took, 0.99) * 1000, Ledger.of(self.ids, len(self.intended)))


async def _ours(
    bench: Bench, written: Database, heard: Database, seconds: int, relay: psutil.Process, memory: list[int]
) -> Run:
    arrivals = _Arrivals()

    async def note(_tx: Transaction, delivery: Delivery[Any]) -> None:
        arrivals.note(delivery.event.id)

    async def send(event: Event[Any]) -> None:
        async with written.transaction(_MAYENNE) as tx:
            tx.publish(event)

    consumer = Consumer("latency", {SlotBooked: note}, heard, SystemClock())
    async with Listener(consumer, bench.bootstrap, "1").running():
        await _warm(arrivals, send)
        await _pace(arrivals, send, seconds)
        await arrivals.until(seconds * PER_SECOND)
    memory.append(relay.memory_info().rss)
    return arrivals.run()


async def _bare(bench: Bench, seconds: int) -> Run:
    arrivals = _Arrivals()
    producer = AIOKafkaProducer(bootstrap_servers=bench.bootstrap, acks="all", enable_idempotence=True)
    consumer = AIOKafkaConsumer(
        APPOINTMENTS.name,
        bootstrap_servers=bench.bootstrap,
        group_id=f"latency-bare-{next(_numbers)}",
        auto_offset_reset="latest",
        enable_auto_commit=False,
    )

    async def send(event: Event[Any]) -> None:
        await producer.send_and_wait(APPOINTMENTS.name, to_value(event), key=to_key(event), headers=to_headers(event))

    async def receive() -> None:
        while True:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    arrivals.note(read_headers(record.headers).id)

    await producer.start()
    await consumer.start()
    receiving = asyncio.create_task(receive())
    try:
        await _warm(arrivals, send)
        await _pace(arrivals, send, seconds)
        await arrivals.until(seconds * PER_SECOND)
    finally:
        receiving.cancel()
        await asyncio.gather(receiving, return_exceptions=True)
        await consumer.stop()
        await producer.stop()
    return arrivals.run()


async def _warm(arrivals: _Arrivals, send: Send) -> None:
    """Until what is sent arrives: the group has its partitions, all connections are open."""
    async with asyncio.timeout(_DEADLINE_SECONDS):
        while not arrivals.flowing.is_set():
            event = next(bookings(1))
            arrivals.warm.add(event.id)
            await send(event)
            await asyncio.sleep(0.1)


async def _pace(arrivals: _Arrivals, send: Send, seconds: int) -> None:
    """An event each 5 ms, whether or not the last one is through; lateness of ours counts as theirs."""
    events = list(bookings(seconds * PER_SECOND))
    gc.collect()
    gc.freeze()
    start = time.perf_counter() + 0.05
    async with asyncio.TaskGroup() as tasks:
        for number, event in enumerate(events):
            intended = start + number / PER_SECOND
            arrivals.intended[event.id] = intended
            await asyncio.sleep(intended - time.perf_counter())
            tasks.create_task(send(event))
