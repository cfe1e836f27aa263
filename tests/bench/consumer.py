"""P8: our consumer, whose effects happen once, against a bare batch loop with the same decoding."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer

from smp.clock import SystemClock
from smp.consumer import Consumer, Delivery, RawRecord
from smp.contracts import ConsultationDone, ConsultationStarted, PatientArrived, SlotBooked
from smp.contracts.appointments import APPOINTMENTS
from smp.contracts.envelope import decode, read_headers
from smp.listener import MAX_RECORDS, Listener
from smp.postgres import Transaction
from tests.bench import topics
from tests.bench.bench import Bench
from tests.bench.events import lives
from tests.bench.figures import Figure, Ledger, Run
from tests.bench.rounds import compare
from tests.support.databases import ServiceDatabase, service_database

GOAL = 0.25
_DEADLINE_SECONDS = 120.0
_numbers = itertools.count(1)


async def measure(bench: Bench) -> Figure:
    """Events per second from the first delivered batch to the commit of the last."""
    count = 10_000 if bench.short else 100_000
    await topics.fill(bench.bootstrap, lives(count))
    async with service_database(bench.admin_url, "toy", "tests.support.toy") as service:
        rounds = await compare(
            lambda: _ours(service, bench.bootstrap, count),
            lambda: _bare(bench.bootstrap, count),
            bench.rounds,
        )
    await topics.empty(bench.bootstrap, APPOINTMENTS)
    what = (
        f"smp consumer with inbox and sequences of {count} events (4 per appointment, 12 partitions) ÷ bare aiokafka "
        "getmany loop, same decoding, a commit per batch"
    )
    return Figure("P8", what, "events/s", GOAL, rounds)


class _Timed(Consumer):
    """Notes when the first batch came and when `count` records were done."""

    def __init__(self, name: str, service: ServiceDatabase, count: int) -> None:
        self.seen: list[bytes] = []
        super().__init__(
            name,
            dict.fromkeys((SlotBooked, PatientArrived, ConsultationStarted, ConsultationDone), self._note),
            service.database,
            SystemClock(),
        )
        self._left = count
        self._started = 0.0
        self.seconds: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    async def handle(self, records: Sequence[RawRecord]) -> None:
        self._started = self._started or time.perf_counter()
        await super().handle(records)
        self._left -= len(records)
        if self._left <= 0 and not self.seconds.done():
            self.seconds.set_result(time.perf_counter() - self._started)

    async def _note(self, _tx: Transaction, delivery: Delivery[Any]) -> None:
        self.seen.append(delivery.event.id.bytes)


async def _ours(service: ServiceDatabase, bootstrap: str, count: int) -> Run:
    async with service.admin() as admin:
        await admin.execute("TRUNCATE smp.inbox, smp.sequence_heard")
        consumer = _Timed(f"bench-{next(_numbers)}", service, count)
        async with Listener(consumer, bootstrap, "1").running(), asyncio.timeout(_DEADLINE_SECONDS):
            seconds = await consumer.seconds
        inbox = await admin.fetchval("SELECT count(*) FROM smp.inbox")
        heard = await admin.fetchrow(
            "SELECT coalesce(sum(received), 0) AS received, count(*) FILTER (WHERE highest <> 4) AS unfinished"
            " FROM smp.sequence_heard"
        )
        assert heard is not None
        parked = await admin.fetchval("SELECT count(*) FROM smp.parked")
    wrong = abs(count - inbox) + abs(count - heard["received"]) + heard["unfinished"] + parked
    return Run(count / seconds, Ledger.of(consumer.seen, count) + Ledger(wrong=int(wrong)))


async def _bare(bootstrap: str, count: int) -> Run:
    kafka = AIOKafkaConsumer(
        APPOINTMENTS.name,
        bootstrap_servers=bootstrap,
        group_id=f"bench-bare-{next(_numbers)}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=100,
    )
    await kafka.start()
    try:
        async with asyncio.timeout(_DEADLINE_SECONDS):
            seen: list[bytes] = []
            started = 0.0
            while len(seen) < count:
                batch = await kafka.getmany(timeout_ms=200, max_records=MAX_RECORDS)
                started = started or time.perf_counter()
                for record in itertools.chain.from_iterable(batch.values()):
                    seen.append(decode(read_headers(record.headers), record.value).id.bytes)  # noqa: PERF401
                await kafka.commit()
            seconds = time.perf_counter() - started
    finally:
        await kafka.stop()
    return Run(count / seconds, Ledger.of(seen, count))
