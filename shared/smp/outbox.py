"""The relay: carries committed events from the outbox to Kafka, in order per key, each at least once.

One relay a service, by a session advisory lock; another process takes over when that session ends. The cursor moves
on (xid, position) below the oldest running transaction, so a late commit is never skipped. A transaction has its xid
before it waits for an aggregate's row, and its positions after: so events are sent in order of position, and what the
cursor has not reached yet but precedes an event of its key is sent ahead. Sends are pipelined and
the cursor is written once per batch: a crash in between sends some events twice, which the consumers' inbox absorbs.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from smp.contracts.envelope import CONTENT_TYPE
from smp.logging import log
from smp.parcels import LARGEST_REQUEST_BYTES, Parcels
from smp.postgres import Database, is_transient
from smp.sql import Statements
from smp.telemetry import OUTBOX_AGE, OUTBOX_HELD, OUTBOX_SENT

_SQL = Statements.load("smp.store", "outbox.sql")

# Large enough that waiting for Kafka and for the cursor's commit is a small share of a drain.
BATCH = 5000
# Rows packed before others in this process have their turn.
_BREATH = 250
# While events flow, look again soon: an older transaction elsewhere may just have let go of the horizon.
_BUSY_POLL_SECONDS = 0.01
_BUSY_FOR_SECONDS = 1.0
_IDLE_POLL_SECONDS = 0.2
# A look costs PostgreSQL as much whatever it finds. Where events are dense, a few more of them are worth waiting for: a
# millisecond for each of the batch before, so that an event alone does not wait.
_GATHER_SECONDS_PER_EVENT, _LONGEST_GATHER_SECONDS = 0.001, 0.02
_TAKEOVER_POLL_SECONDS = 1.0
_HELD_RETRY_SECONDS = 5.0
_UPKEEP_SECONDS = 600.0
# How long one send may wait for a topic or a broker before its events are held back or the batch is tried again.
METADATA_PATIENCE_MS = 10_000
_BACKOFF_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)

Row = asyncpg.Record
Key = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class _Batch:
    """Events to send, in their order, and where the cursor stands after them; a full one has successors."""

    rows: Sequence[Row]
    last: tuple[int, int]
    full: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """An event that Kafka did not take, and why."""

    row: Row
    error: str


def new_producer(bootstrap: str, client_id: str) -> AIOKafkaProducer:
    """An idempotent producer that waits for all replicas; order per partition holds across its retries."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        client_id=client_id,
        acks="all",
        enable_idempotence=True,
        linger_ms=0,
        max_batch_size=256 * 1024,
        max_request_size=LARGEST_REQUEST_BYTES,
        request_timeout_ms=METADATA_PATIENCE_MS,
        retry_backoff_ms=50,
    )


def _position(row: Row) -> int:
    return int(row["position"])


def _key(row: Row) -> Key:
    return row["aggregatetype"], row["aggregateid"].bytes


@cache
def _type_headers(ce_type: str) -> tuple[tuple[str, bytes], ...]:
    """What a type name says by itself: `fr.smp.<service>.<Event>.v<N>`."""
    service, _, contract = ce_type.removeprefix("fr.smp.").partition(".")
    return (
        ("ce_specversion", b"1.0"),
        ("ce_type", ce_type.encode()),
        ("ce_source", f"/smp/{service}".encode()),
        ("ce_dataschema", f"urn:smp:contracts:{contract}".encode()),
        ("content-type", CONTENT_TYPE.encode()),
    )


def headers_of(row: Row) -> list[tuple[str, bytes]]:
    """The CloudEvents headers of an outbox row (Kafka binding, binary mode); the same as `envelope.to_headers`."""
    subject = str(row["aggregateid"]).encode()
    headers = [
        *_type_headers(row["type"]),
        ("ce_id", str(row["id"]).encode()),
        ("ce_subject", subject),
        ("ce_time", row["occurred_at"].isoformat().replace("+00:00", "Z").encode()),
        ("ce_partitionkey", subject),
        ("ce_territory", row["territory"].encode()),
        ("ce_sequence", str(row["sequence"]).encode()),
    ]
    if row["site"] is not None:
        headers.append(("ce_site", str(row["site"]).encode()))
    if row["traceparent"] is not None:
        headers.append(("ce_traceparent", row["traceparent"].encode()))
    return headers


class Relay:
    """Runs until cancelled; `wake()` it after a commit."""

    def __init__(self, database: Database, bootstrap: str, service: str, *, retention: timedelta) -> None:
        self._database = database
        self._bootstrap = bootstrap
        self._service = service
        self._retention = retention
        self._awake = asyncio.Event()
        self._producer: AIOKafkaProducer | None = None
        self._held: set[Key] = set()
        self._ahead: set[int] = set()
        self.leading = False

    def wake(self) -> None:
        """Something was committed."""
        self._awake.set()

    async def run(self) -> None:
        """Lead whenever the lock can be had; every failure is logged, backed off and survived."""
        failures = 0
        while True:
            try:
                await self._lead()
                failures = 0
            except Exception as error:
                if not isinstance(error, KafkaError) and not is_transient(error):
                    log.exception("relay failed", error=type(error).__name__)
                else:
                    log.warning("relay interrupted", error=type(error).__name__)
                await asyncio.sleep(_BACKOFF_SECONDS[min(failures, len(_BACKOFF_SECONDS) - 1)])
                failures += 1
            finally:
                self.leading = False
                await self._drop_producer()

    async def _lead(self) -> None:
        async with self._database.session() as connection:
            while not await connection.fetchval(_SQL.lead):  # noqa: ASYNC110  # the lock lives in another process
                await asyncio.sleep(_TAKEOVER_POLL_SECONDS)
            try:
                await connection.execute(_SQL.settle)
                self.leading = True
                log.info("relay leads")
                await self._serve(connection)
            finally:
                # The pooled session lives on: give it back as it was, unless the server has ended it already.
                with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                    await connection.execute(_SQL.unlead)

    async def _serve(self, connection: asyncpg.Connection[Row]) -> None:
        clock = asyncio.get_running_loop().time
        retry_at = upkeep_at = last_sent = 0.0
        self._held = {(r["aggregatetype"], r["aggregateid"].bytes) for r in await connection.fetch(_SQL.held_keys)}
        cursor = await connection.fetchrow(_SQL.position)
        if cursor is None:
            raise LookupError("the relay's position is missing: are the floor's migrations applied?")
        at = (cursor["xid"], cursor["position"])
        self._ahead = set()
        coming: _Batch | None = None
        while True:
            self._awake.clear()
            if clock() >= upkeep_at:
                await connection.execute(_SQL.roll, self._retention)
                upkeep_at = clock() + _UPKEEP_SECONDS
            if self._held and clock() >= retry_at:
                await self._retry_held(connection)
                retry_at = clock() + _HELD_RETRY_SECONDS
            batch = coming or await self._read(connection, at)
            coming = None
            if batch:
                coming = await self._carry(connection, batch)
                at, last_sent = batch.last, clock()
                if coming is None:
                    await asyncio.sleep(min(len(batch.rows) * _GATHER_SECONDS_PER_EVENT, _LONGEST_GATHER_SECONDS))
                continue
            OUTBOX_AGE.set(0)
            busy = clock() - last_sent < _BUSY_FOR_SECONDS
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._awake.wait(), _BUSY_POLL_SECONDS if busy else _IDLE_POLL_SECONDS)

    async def _read(self, connection: asyncpg.Connection[Row], at: tuple[int, int]) -> _Batch | None:
        rows = await connection.fetch(_SQL.next_batch, *at, BATCH)
        if not rows:
            return None
        last = rows[-1]["xid"], rows[-1]["position"]
        return _Batch(await self._in_order(connection, rows, last), last, len(rows) == BATCH)

    async def _carry(self, connection: asyncpg.Connection[Row], batch: _Batch) -> _Batch | None:
        """Send a batch and move the cursor behind it; the successor of a full one is read meanwhile."""
        reading = asyncio.create_task(self._read(connection, batch.last)) if batch.full else None
        try:
            failed = await self._send(batch.rows)
        finally:
            # The connection does one thing at a time, whatever became of the sends.
            if reading:
                await asyncio.wait([reading])
        coming = reading.result() if reading else None
        if not failed:
            await connection.execute(_SQL.advance, *batch.last)
            return coming
        if len(failed) == len(batch.rows) and _is_outage(failed):
            raise ConnectionError("Kafka takes nothing at the moment")
        async with connection.transaction():
            await connection.execute(
                _SQL.hold,
                [f.row["position"] for f in failed],
                [f.row["xid"] for f in failed],
                [f.row["aggregatetype"] for f in failed],
                [f.row["aggregateid"] for f in failed],
                [f.error for f in failed],
            )
            await connection.execute(_SQL.advance, *batch.last)
        self._held |= {_key(f.row) for f in failed}
        OUTBOX_HELD.set(len(self._held))
        log.warning("events held back", count=len(failed), error=failed[0].error)
        return coming

    async def _in_order(
        self, connection: asyncpg.Connection[Row], rows: Sequence[Row], last: tuple[int, int]
    ) -> list[Row]:
        """The batch by position, with the events beyond it that precede one of it under the same key."""
        fresh = [row for row in rows if row["position"] not in self._ahead]
        self._ahead.difference_update(row["position"] for row in rows)
        if not fresh:
            return []
        newest = max(row["position"] for row in fresh)
        keys = list({row["aggregateid"] for row in fresh})
        earlier = await connection.fetch(_SQL.precede_beyond, *last, newest, keys)
        earlier = [row for row in earlier if row["position"] not in self._ahead]
        self._ahead.update(row["position"] for row in earlier)
        return sorted([*fresh, *earlier], key=_position)

    async def _retry_held(self, connection: asyncpg.Connection[Row]) -> None:
        rows = await connection.fetch(_SQL.held_batch, BATCH)
        self._held = set()
        failed = await self._send(rows)
        gone = {r["position"] for r in rows} - {f.row["position"] for f in failed}
        await connection.execute(_SQL.release, list(gone))
        self._held = {(r["aggregatetype"], r["aggregateid"].bytes) for r in await connection.fetch(_SQL.held_keys)}
        OUTBOX_HELD.set(len(self._held))
        if gone:
            log.info("held events sent", count=len(gone), still_held=len(failed))

    async def _send(self, rows: Sequence[Row]) -> list[Failed]:
        """Send all, pipelined; returns what Kafka did not take, with all that follows it under the same key."""
        parcels = Parcels(await self._ready_producer())
        blocked = set(self._held)
        for number, row in enumerate(rows, start=1):
            if blocked and _key(row) in blocked:
                continue
            packed = await parcels.add(
                row["position"],
                row["aggregatetype"],
                str(row["aggregateid"]).encode(),
                row["payload"],
                headers_of(row),
                int(row["recorded_at"].timestamp() * 1000),
            )
            if not packed:
                blocked.add(_key(row))
            if number % _BREATH == 0:
                await asyncio.sleep(0)
        failed = _failures(rows, await parcels.finish(), self._held)
        if failed and any(f.error != _BEHIND for f in failed):
            # An idempotent producer that lost a batch may refuse all that follows (aiokafka issue 1017).
            await self._drop_producer()
        for topic, count in Counter(row["aggregatetype"] for row in rows).items():
            lost = sum(1 for f in failed if f.row["aggregatetype"] == topic) if failed else 0
            OUTBOX_SENT.labels(topic).inc(count - lost)
        return failed

    async def _ready_producer(self) -> AIOKafkaProducer:
        if self._producer is None:
            # Kept before it starts, so that a start that fails is closed too.
            self._producer = new_producer(self._bootstrap, f"{self._service}-relay")
            await self._producer.start()
        return self._producer

    async def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            with contextlib.suppress(KafkaError, OSError):
                await producer.stop()


_BEHIND = "behind an earlier event of its key"
# Errors of one record or one topic; all others come and go with the broker.
_OWN_FAULTS = frozenset(
    {"MessageSizeTooLargeError", "InvalidTopicError", "TopicAuthorizationFailedError", "UnknownTopicOrPartitionError"}
)


def _is_outage(failed: Sequence[Failed]) -> bool:
    """Nothing went: the broker is away, unless each event has a fault of its own."""
    return any(f.error not in _OWN_FAULTS and f.error != _BEHIND for f in failed)


def _failures(rows: Sequence[Row], errors: dict[int, str], held: Set[Key]) -> list[Failed]:
    """What was refused, and all that stands behind it or behind a held event of its key."""
    if not errors and not held:
        return []
    broken = set(held)
    failed = []
    for row in rows:
        if error := errors.get(row["position"]):
            failed.append(Failed(row, error))
            broken.add(_key(row))
        elif _key(row) in broken:
            failed.append(Failed(row, _BEHIND))
    return failed


async def measure(connection: asyncpg.Connection[Row]) -> None:
    """Set the outbox gauges: age of the oldest event Kafka does not have (seconds), and how many are held."""
    row = await connection.fetchrow(_SQL.oldest_unsent)
    if row is not None:
        OUTBOX_AGE.set(row["age_seconds"])
        OUTBOX_HELD.set(row["held"])
