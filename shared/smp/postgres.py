"""PostgreSQL: one pool a process, and transactions that always have a territory scope.

There is no way to run a statement without a `Scope`: a query that forgot its territory cannot be written.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol, Self

import asyncpg
import asyncpg.pool

from smp.contracts.envelope import Event, to_value
from smp.pools import Pool, ScopedPool, milliseconds, open_pool, prepare_connection
from smp.reading import Reader, Readers, Reading, ScopedReader
from smp.scope import Scope
from smp.sql import Statements

__all__ = [
    "Answer",
    "Autocommit",
    "Database",
    "Publisher",
    "Reader",
    "Reading",
    "Record",
    "Scope",
    "ScopedReader",
    "Statements",
    "Transaction",
    "is_transient",
]

Record = asyncpg.Record

_OUTBOX = Statements.load("smp.store", "outbox.sql")
_IDEMPOTENCY = Statements.load("smp.store", "idempotency.sql")

# A wait longer than this is a refusal with a retry, not a longer queue.
_LOCK_TIMEOUT = timedelta(seconds=2)
# Many do their work in such a statement together: one slow neighbour must not hold them all up.
_AUTOCOMMIT_LOCK_TIMEOUT = timedelta(milliseconds=50)
_AUTOCOMMIT_CONNECTIONS = 4


class Publisher(Protocol):
    """Whatever says events when its effect is there."""

    def publish(self, event: Event[Any]) -> None: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered to a caller's command, kept with its effect (RFC draft Idempotency-Key)."""

    subject: str
    key: str
    fingerprint: bytes
    status: int
    body: bytes


@dataclass(slots=True)
class Transaction:
    """One open transaction, and the events that will be said if it commits."""

    connection: asyncpg.Connection[asyncpg.Record]
    scope: Scope
    events: list[Event[Any]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    _told: Scope = field(init=False)  # what the server was told last

    def __post_init__(self) -> None:
        self._told = self.scope

    async def fetch(self, sql: str, *args: object) -> list[Record]:
        await self._tell()
        return await self.connection.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: object) -> Record | None:
        await self._tell()
        return await self.connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        await self._tell()
        return await self.connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> str:
        await self._tell()
        return await self.connection.execute(sql, *args)

    async def executemany(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        await self._tell()
        await self.connection.executemany(sql, rows)

    async def _tell(self) -> None:
        if self._told == self.scope:
            return
        await self.connection.execute(f"SET LOCAL smp.territories = '{self.scope.setting}'")
        self._told = self.scope

    def publish(self, event: Event[Any]) -> None:
        """Say `event` if and only if this transaction commits; events of one transaction keep their order."""
        self.events.append(event)

    def keep_answer(self, answer: Answer) -> None:
        """Store the answer of a command in the transaction that did it."""
        self.answers.append(answer)

    def rescope(self, scope: Scope) -> None:
        """Continue in other territories (a consumer's batch holds events of several), from the next statement on."""
        self.scope = scope

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """An attempt inside the transaction. If the block raises, all that it has written, locked, said and answered is
        undone, and the error goes on: whoever catches it may continue the transaction as it was before."""
        before = self.scope, self._told, len(self.events), len(self.answers)
        await self.connection.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            self.scope, self._told, events, answers = before
            del self.events[events:], self.answers[answers:]
            await self.connection.execute("ROLLBACK TO attempt; RELEASE attempt")
            raise
        await self.connection.execute("RELEASE attempt")

    async def flush(self) -> None:
        """Write buffered events and answers; the last statement before COMMIT."""
        if self.events and self.answers:
            await self.connection.execute(_OUTBOX.append_with_answers, *_columns(self.events), *_kept(self.answers))
        elif self.events:
            await self.connection.execute(_OUTBOX.append, *_columns(self.events))
        elif self.answers:
            await self.connection.execute(_IDEMPOTENCY.keep, *_kept(self.answers))


@dataclass(slots=True)
class Autocommit:
    """Statements in one scope that are each a transaction of their own: nothing read stays true until the next. A
    statement that has effects writes `columns` itself, the events and answers said and kept so far, one each an effect.
    """

    connection: asyncpg.Connection[asyncpg.Record]
    events: list[Event[Any]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    async def fetch(self, sql: str, *args: object) -> list[Record]:
        return await self.connection.fetch(sql, *args)

    def publish(self, event: Event[Any]) -> None:
        """Say `event` with the statement that writes `columns`."""
        self.events.append(event)

    def keep_answer(self, answer: Answer) -> None:
        """Keep the answer with the statement that writes `columns`."""
        self.answers.append(answer)

    @property
    def columns(self) -> tuple[list[Any], ...]:
        """The columns of `smp.outbox`, then those of `smp.idempotency`, as the floor's own statements have them."""
        return (*_columns(self.events), *_answered(self.answers))


def _kept(answers: list[Answer]) -> tuple[list[Any], ...]:
    # In the order of the keys: two batches that hold the same keys never wait crosswise.
    return _answered(sorted(answers, key=lambda each: (each.subject, each.key)))


def _answered(answers: list[Answer]) -> tuple[list[Any], ...]:
    rows = [(each.subject, each.key, each.fingerprint, each.status, each.body) for each in answers]
    return tuple(list(column) for column in zip(*rows, strict=True))


def _columns(events: list[Event[Any]]) -> tuple[list[Any], ...]:
    rows = [
        (
            e.id,
            e.data.topic.name,
            e.subject,
            e.data.ce_type(),
            e.sequence,
            e.territory,
            e.site,
            e.time,
            e.traceparent,
            to_value(e),
        )
        for e in events
    ]
    return tuple(list(column) for column in zip(*rows, strict=True))


class Database:
    """The connections of one process."""

    def __init__(self, pool: Pool, autocommit: ScopedPool, readers: Readers) -> None:
        self._pool = pool
        self._autocommit = autocommit
        self._readers = readers
        self.on_publish: Callable[[], None] = lambda: None

    @classmethod
    async def connect(cls, url: str, *, size: int = 10, name: str = "smp") -> Self:
        """Open the pool. Raises OSError or asyncpg.PostgresError when the server cannot be reached."""
        pool = await open_pool(
            url, 1, size, prepare_connection, application_name=name, lock_timeout=milliseconds(_LOCK_TIMEOUT)
        )
        autocommit = await ScopedPool.open(
            url, _AUTOCOMMIT_CONNECTIONS,
            application_name=name,
            lock_timeout=milliseconds(_AUTOCOMMIT_LOCK_TIMEOUT),
            # Its few statements find everything by key, and are planned once, on tables that may be empty then.
            enable_seqscan="off",
            plan_cache_mode="force_generic_plan",
        )  # fmt: skip
        return cls(pool, autocommit, await Readers.open(url, name))

    async def close(self) -> None:
        """Wait for running transactions, then close."""
        await self._readers.close()
        await self._autocommit.close()
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self, scope: Scope, *, lock_timeout: timedelta | None = None) -> AsyncIterator[Transaction]:
        """A transaction in `scope`: committed at the end with its events, rolled back if the block raises.

        `lock_timeout` shortens the patience with other transactions' locks (asyncpg.LockNotAvailableError).
        """
        begin = f"BEGIN; SET LOCAL smp.territories = '{scope.setting}'"
        if lock_timeout is not None:
            begin += f"; SET LOCAL lock_timeout = {milliseconds(lock_timeout)}"
        async with self._pool.acquire() as connection:
            await connection.execute(begin)
            tx = Transaction(connection, scope)  # type: ignore[arg-type]  # the pool's proxy is a connection
            try:
                yield tx
                await tx.flush()
            except BaseException:
                await _roll_back(connection)
                raise
            await connection.execute("COMMIT")
        if tx.events:
            self.on_publish()

    @asynccontextmanager
    async def autocommit(self, scope: Scope) -> AsyncIterator[Autocommit]:
        """Statements in `scope`, each a transaction of its own; they wait at most 50 ms for a lock. Whoever writes
        events with one of them calls `on_publish` afterwards."""
        async with self._autocommit.acquire(scope.setting) as connection:
            yield Autocommit(connection)

    def reading(self, scope: Scope) -> Reading:
        """Statements that change nothing, in `scope`: for searches, which are asked often and must be quick."""
        return Reading(self._readers, scope)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        """A bare connection for the floor's own loops (relay lock, health). Services use `transaction`."""
        async with self._pool.acquire() as connection:
            yield connection  # type: ignore[misc]  # the pool's proxy is a connection


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed later: lost connections, restarts, deadlocks, lock and pool time-outs."""
    # What a statement meets on a session that the server is ending (asyncpg issue 1069); its subclasses say more.
    if type(error) is asyncpg.InternalClientError:
        return True
    # asyncpg's client-side DataError is an InterfaceError and a ValueError: bad input, for ever.
    return isinstance(error, _TRANSIENT) and not isinstance(error, ValueError)


_TRANSIENT = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    # A migration changed a table under a cached plan (asyncpg issue 72): the next try plans anew.
    asyncpg.InvalidCachedStatementError,
)


async def _roll_back(connection: asyncpg.pool.PoolConnectionProxy[asyncpg.Record]) -> None:
    """Undo; a connection that is already gone has been undone by the server, and the first error matters more."""
    with suppress(OSError, asyncpg.InterfaceError, asyncpg.PostgresError):
        await connection.execute("ROLLBACK")
