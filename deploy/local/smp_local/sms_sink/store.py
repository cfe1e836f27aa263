"""What the provider has accepted and still has to tell, in one SQLite file that survives a `kill -9`.

One thread owns the connection: statements run one after the other, and a commit returns once it is on the disk.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from smp.sql import Statements
from smp_local.sms_sink.scenarios import Receipt, Scenario

SQL = Statements.load(__package__, "store.sql")

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class DueReceipt:
    """A receipt that the client has not acknowledged."""

    id: int
    job: int
    receipt: Receipt
    attempts: int


class Transaction:
    """Statements that commit together. `now` is Unix seconds, real time; texts of time are what readers see."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, *arguments: object) -> sqlite3.Cursor:
        """Run one statement."""
        return self._connection.execute(sql, arguments)

    def rows(self, sql: str, *arguments: object) -> list[dict[str, Any]]:
        """All rows as dictionaries."""
        return [dict(row) for row in self.execute(sql, *arguments)]

    def pairs(self, sql: str, *arguments: object) -> dict[str, int]:
        """Rows of (name, number) as a dictionary."""
        return dict(self.execute(sql, *arguments).fetchall())

    def exists(self, sql: str, *arguments: object) -> bool:
        """Whether a row comes back."""
        return self.execute(sql, *arguments).fetchone() is not None

    def first_trouble(self, receiver: str, tag: str) -> bool:
        """True the first time this text to this number is asked to fail."""
        return self.execute(SQL.first_trouble, receiver, tag).rowcount == 1

    def plan(self, job: int, scenario: Scenario, first_at: float, step: float) -> None:
        """Plan the receipts of a job, `step` seconds apart."""
        for position, receipt in enumerate(scenario.receipts):
            due_at = first_at + position * step
            self.execute(SQL.insert_receipt, job, position, receipt.ptt, receipt.description, due_at)

    def due(self, now: float) -> list[DueReceipt]:
        """Receipts to send now, at most one per text."""
        return [_due(row) for row in self.rows(SQL.due_receipts, now)]

    def left_of(self, job: int) -> list[DueReceipt]:
        """Every receipt of a text that is still to be sent, in order."""
        return [_due(row) for row in self.rows(SQL.receipts_of_job, job)]

    def next_due(self) -> float | None:
        """When the next receipt is due."""
        found: float | None = self.execute(SQL.next_receipt_due).fetchone()[0]
        return found


class Store:
    """The file. `run` executes a function in the thread that owns the connection, all or nothing; what is asked while
    the disk is busy is committed together."""

    def __init__(self, home: Path) -> None:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sms-store")
        self._connection = self._thread.submit(_open, home / "sms.sqlite3").result()
        self._asked: list[tuple[Callable[[Transaction], Any], asyncio.Future[Any]]] = []
        self._committing: asyncio.Task[None] | None = None

    async def run(self, work: Callable[[Transaction], R]) -> R:
        """Commit what `work` did, or nothing if it raised."""
        done: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._asked.append((work, done))
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_asked())
        return await done

    def close(self) -> None:
        """Close the file; the last committed state is on disk anyway."""
        self._thread.submit(self._connection.close).result()
        self._thread.shutdown()

    async def _commit_asked(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._asked:
                asked, self._asked = self._asked, []
                works = [work for work, _ in asked]
                endings = await loop.run_in_executor(self._thread, _commit_together, self._connection, works)
                for (_, done), ending in zip(asked, endings, strict=True):
                    if not done.done():
                        ending(done)
        finally:
            self._committing = None


def _commit_together(
    connection: sqlite3.Connection, works: Sequence[Callable[[Transaction], Any]]
) -> "list[Callable[[asyncio.Future[Any]], None]]":
    """How each one ended, to be told to whoever waits for it. One that raises leaves nothing and disturbs nobody."""
    try:
        with _transaction(connection) as transaction:
            return [_do(connection, transaction, work) for work in works]
    except Exception as error:  # such as a full disk: nothing of all this is there
        return [partial(_fail, error) for _ in works]


def _do(
    connection: sqlite3.Connection, transaction: Transaction, work: Callable[[Transaction], Any]
) -> "Callable[[asyncio.Future[Any]], None]":
    connection.execute("SAVEPOINT one")
    try:
        result = work(transaction)
    except Exception as error:
        connection.execute("ROLLBACK TO one")
        return partial(_fail, error)
    finally:
        connection.execute("RELEASE one")
    return lambda done: done.set_result(result)


def _fail(error: Exception, done: "asyncio.Future[Any]") -> None:
    done.set_exception(error)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[Transaction]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield Transaction(connection)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=2.0)
    connection.row_factory = sqlite3.Row
    for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    with _transaction(connection) as transaction:
        for statement in (name for name in vars(SQL) if name.startswith("create_")):
            transaction.execute(vars(SQL)[statement])
    return connection


def _due(row: dict[str, Any]) -> DueReceipt:
    return DueReceipt(row["id"], row["job"], Receipt(row["ptt"], row["description"]), row["attempts"])
