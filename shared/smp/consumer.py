"""Effects happen once: inbox row, effect and outgoing events commit in one PostgreSQL transaction.

FastStream stands at the edge (a batch subscriber that commits offsets only after success); all that is promised is
done here. A batch shares one transaction; if one record fails, the batch is taken again record by record. Failures
that may pass are tried again with a growing, jittered pause, below Kafka's poll limit; the others are parked, and
later records of the same key behind them, so that order per key survives and other keys flow on.
"""

import asyncio
import base64
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, Protocol, TypeVar
from uuid import UUID

from smp.clock import Clock
from smp.contracts.base import EventData
from smp.contracts.envelope import Envelope, Event, MalformedEvent, decode, read_headers, require_key
from smp.logging import log, where
from smp.postgres import Database, Scope, Transaction, is_transient
from smp.sql import Statements
from smp.telemetry import CONSUMED, LAG_SECONDS, trace_id, traced

__all__ = ["Bulk", "Consumer", "Delivery", "Handler", "Handlers", "PermanentError", "TransientError"]

_SQL = Statements.load("smp.store", "inbox.sql")

T_co = TypeVar("T_co", bound=EventData, covariant=True)
Order = Literal["next", "gap", "stale"]

# Kafka evicts a consumer that does not poll for 300 s (max.poll.interval.ms); we give up the batch well before.
_PATIENCE_SECONDS = 60.0
_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 5.0


class PermanentError(Exception):
    """The record can never be handled: it is parked. The message must hold no personal data."""


class TransientError(Exception):
    """The same record may be handled later: it is tried again."""


@dataclass(frozen=True, slots=True)
class Delivery(Generic[T_co]):
    """One event for one handler.

    `order` compares with what this consumer has heard of the aggregate: `next`, `gap` (earlier ones are missing so
    far) or `stale` (a later one came before). `now` is the consumer's clock (UTC).
    """

    event: Event[T_co]
    order: Order
    now: datetime

    @property
    def data(self) -> T_co:
        return self.event.data


class Bulk:
    """A handler of many events at once, for one statement instead of one an event.

    `handle` gets events of one territory and of different aggregates, of any of the types that share this object; no
    aggregate twice. Order holds within each aggregate, not between them, as in Kafka. What it publishes names the
    trace of its own event.
    """

    def __init__(self, handle: "Callable[[Transaction, Sequence[Delivery[Any]]], Awaitable[None]]") -> None:
        self.handle = handle

    async def __call__(self, tx: Transaction, delivery: Delivery[Any]) -> None:
        with traced(delivery.event.traceparent):
            await self.handle(tx, [delivery])


Handler = Callable[[Transaction, Delivery[Any]], Awaitable[None]]
Handlers = Mapping[type[EventData], Handler]
"""A `Bulk` is a handler too; types that share one are handled together."""


class RawRecord(Protocol):
    """What we read of a Kafka record, fresh or parked."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...
    @property
    def timestamp(self) -> int: ...


@dataclass(frozen=True, slots=True)
class _Read:
    """A record; without handler and event when its type is none of ours: then only its place in the order counts."""

    record: RawRecord
    envelope: Envelope
    event: Event[Any] | None
    handler: Handler | None


class Consumer:
    """Handles records for one service; safe to run in several processes (Kafka gives each its partitions)."""

    def __init__(self, name: str, handlers: Handlers, database: Database, clock: Clock) -> None:
        self.name = name
        self._handlers = handlers
        self._database = database
        self._clock = clock

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics that carry the handled events."""
        return tuple(sorted({event.topic.name for event in self._handlers}))

    async def handle(self, records: Sequence[RawRecord]) -> None:
        """Bring every record to its end: handled once, known already, passed over, or parked.

        Raises the last transient error when patience ends; nothing of the unfinished records is then kept, and
        Kafka delivers them again.
        """
        LAG_SECONDS.labels(records[0].topic).set(max(0.0, time.time() - records[0].timestamp / 1000))
        try:
            read = [self._read(record) for record in records]
            await self._patiently(lambda: self._handle_batch(read))
        except Exception as error:
            if is_transient(error) or isinstance(error, TransientError):
                raise
            if len(records) > 1:
                log.info("record by record", consumer=self.name, error=type(error).__name__, records=len(records))
            for record in records:
                await self._patiently(lambda record=record: self._handle_one(record))  # type: ignore[misc]

    def _read(self, record: RawRecord) -> _Read:
        """The event with its handler, or with none for a type we do not listen to. Raises MalformedEvent."""
        envelope = read_headers(record.headers)
        handler = self._handlers.get(envelope.data_class) if envelope.data_class else None
        if handler is None:
            return _Read(record, envelope, None, None)
        require_key(envelope, record.key)
        return _Read(record, envelope, decode(envelope, record.value), handler)

    async def replay(self, record: RawRecord, settle: Callable[[Transaction], Awaitable[None]]) -> bool:
        """Handle a parked record again; `settle` ends its wait in the same transaction. False when it fails again."""
        try:
            each = self._read(record)
            async with self._database.transaction(_scope(each)) as tx:
                await settle(tx)
                taken = await self._take(tx, [each], behind_parked=True)
        except Exception as error:
            log.warning("replay failed", consumer=self.name, topic=record.topic, reason=_reason(error))
            return False
        self._account([each], taken)
        return True

    async def _handle_batch(self, batch: Sequence[_Read]) -> None:
        async with self._database.transaction(_scope(batch[0])) as tx:
            taken = await self._take(tx, batch)
        self._account(batch, taken)

    async def _handle_one(self, record: RawRecord) -> None:
        try:
            each = self._read(record)
            async with self._database.transaction(_scope(each)) as tx:
                taken = await self._take(tx, [each])
        except Exception as error:
            if is_transient(error) or isinstance(error, TransientError):
                raise
            await self._park(record, _reason(error))
            return
        self._account([each], taken)

    async def _take(self, tx: Transaction, batch: Sequence[_Read], *, behind_parked: bool = False) -> "list[_Taken]":
        """Run the handlers of the records never seen before, in order. Raises _Behind when a key is parked."""
        rows = await tx.fetch(
            _SQL.receive,
            self.name,
            [each.envelope.id for each in batch],
            [each.record.topic for each in batch],
            [each.envelope.subject for each in batch],
            [each.envelope.sequence for each in batch],
            [None if behind_parked else each.record.key for each in batch],
        )
        if any(row["blocked"] for row in rows):
            raise _Behind("an earlier record of this key is parked")
        taken = _never_seen(batch, {row["id"]: row["highest"] for row in rows})
        for handler, work in _groups(taken):
            tx.rescope(_scope(work[0][0]))
            now = self._clock.now()
            deliveries = [Delivery(each.event, order, now) for each, order in work if each.event]
            if isinstance(handler, Bulk) and len(deliveries) > 1:
                await handler.handle(tx, deliveries)
                continue
            with traced(work[0][0].envelope.traceparent):
                await handler(tx, deliveries[0])
        return taken

    def _account(self, batch: Sequence[_Read], taken: "Sequence[_Taken]") -> None:
        if len(taken) < len(batch):
            CONSUMED.labels("any", "known").inc(len(batch) - len(taken))
        for (name, result), count in Counter(map(_result, taken)).items():
            CONSUMED.labels(name, result).inc(count)
        told = log.bind(consumer=self.name)
        for each, order in taken:
            if each.handler is None:
                continue
            say = told.info if order == "next" else told.warning
            say(
                "consumed",
                type=each.envelope.type,
                event_id=each.envelope.id,
                aggregate=each.envelope.subject,
                sequence=each.envelope.sequence,
                order=order,
                trace_id=trace_id(each.envelope.traceparent),
            )

    async def _park(self, record: RawRecord, reason: str) -> None:
        headers = dict(record.headers)
        async with self._database.transaction(Scope.everywhere()) as tx:
            await tx.execute(
                _SQL.park,
                self.name,
                record.topic,
                record.partition,
                record.offset,
                record.key,
                {name: base64.b64encode(value or b"").decode() for name, value in record.headers},
                record.value,
                _uuid_or_none(headers.get("ce_id")),
                _printable(headers.get("ce_type")),
                reason,
            )
        CONSUMED.labels("any", "parked").inc()
        log.error("parked", consumer=self.name, topic=record.topic, offset=record.offset, reason=reason)

    async def _patiently(self, work: Callable[[], Awaitable[None]]) -> None:
        """Try again what may pass, with growing jittered pauses, until patience ends; then raise."""
        end = time.monotonic() + _PATIENCE_SECONDS
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                return await work()
            except Exception as error:
                passing = is_transient(error) or isinstance(error, TransientError)
                if not passing or time.monotonic() + pause > end:
                    raise
                log.warning("trying again", consumer=self.name, error=type(error).__name__, pause=round(pause, 2))
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  # jitter is no secret
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


class _Behind(PermanentError):
    """Order per key: what comes after a parked record waits with it."""


_Taken = tuple[_Read, Order]
"""A record heard for the first time, and its place in the order of its aggregate."""


def _never_seen(batch: Sequence[_Read], highest: dict[UUID, int]) -> list[_Taken]:
    """The records whose ids are in `highest` (how far their aggregate had been heard), each once, in order."""
    heard: dict[UUID, int] = {}
    taken: list[_Taken] = []
    for each in _by_territory(batch):
        envelope = each.envelope
        before = highest.pop(envelope.id, None)
        if before is None:
            continue
        so_far = max(before, heard.get(envelope.subject, 0))
        heard[envelope.subject] = max(so_far, envelope.sequence)
        taken.append((each, _order(envelope.sequence, so_far)))
    return taken


def _groups(taken: Sequence[_Taken]) -> list[tuple[Handler, list[_Taken]]]:
    """The work in its order: what one `Bulk` may do at once is one group, every other record is one by itself.

    A record joins the first group of its handler and territory behind all groups that hold its aggregate.
    """
    groups: list[tuple[Handler, list[_Taken]]] = []
    open_to: dict[tuple[Handler, str], list[int]] = {}
    behind: dict[UUID, int] = {}
    for each, order in taken:
        if each.handler is None:
            continue
        subject = each.envelope.subject
        like = open_to.setdefault((each.handler, each.envelope.territory), []) if isinstance(each.handler, Bulk) else []
        place = next((index for index in like if index > behind.get(subject, -1)), len(groups))
        if place == len(groups):
            groups.append((each.handler, []))
            like.append(place)
        groups[place][1].append((each, order))
        behind[subject] = place
    return groups


def _by_territory(batch: Sequence[_Read]) -> Iterable[_Read]:
    """One change of scope a territory instead of one a record; records of one aggregate keep their order."""
    homes: dict[UUID, str] = {}
    for each in batch:
        homes.setdefault(each.envelope.subject, each.envelope.territory)
    return batch if len(set(homes.values())) < 2 else sorted(batch, key=lambda each: homes[each.envelope.subject])


def _result(taken: "_Taken") -> tuple[str, str]:
    """The labels under which a record is counted."""
    each, order = taken
    name = each.envelope.type if each.envelope.known else "unknown"
    return name, order if each.handler else "passed"


def _scope(each: _Read) -> Scope:
    return Scope(frozenset({each.envelope.territory}))


def _order(sequence: int, heard: int) -> Order:
    if sequence == heard + 1:
        return "next"
    return "gap" if sequence > heard else "stale"


def _reason(error: Exception) -> str:
    """Why a record is parked. Messages of unexpected errors may quote values: only their type and place are kept."""
    if isinstance(error, PermanentError | MalformedEvent):
        return f"{type(error).__name__.removeprefix('_')}: {error}"
    return f"{type(error).__name__} at {where(error)}"


def _uuid_or_none(raw: bytes | None) -> UUID | None:
    try:
        return UUID((raw or b"").decode())
    except ValueError:
        return None


def _printable(raw: bytes | None) -> str | None:
    text = (raw or b"").decode(errors="replace")
    return "".join(c for c in text if c.isprintable())[:200] or None
