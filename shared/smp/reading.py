"""Statements that change nothing: for searches, which are asked often and must be quick."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol, Self

import asyncpg

from smp.pools import Connection, ScopedPool
from smp.scope import Scope

_CONNECTIONS = 4

Record = asyncpg.Record


class Reader(Protocol):
    """Whatever can read in a scope: a transaction, or statements one by one."""

    async def fetch(self, sql: str, *args: object) -> list[Record]: ...


class ScopedReader(Reader, Protocol):
    """Whatever can read in several scopes, one after the other."""

    @property
    def scope(self) -> Scope: ...

    def rescope(self, scope: Scope) -> None: ...

    async def fetchrow(self, sql: str, *args: object) -> Record | None: ...

    async def fetchval(self, sql: str, *args: object) -> Any: ...


class Reading:
    """Statements that change nothing. Each sees what is committed when it begins, as in a transaction (READ COMMITTED),
    and costs one round trip: there is nothing to begin, to scope or to end."""

    def __init__(self, readers: Readers, scope: Scope) -> None:
        self._readers = readers
        self.scope = scope

    async def fetch(self, sql: str, *args: object) -> list[Record]:
        async with self._readers.acquire(self.scope) as connection:
            return await connection.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: object) -> Record | None:
        async with self._readers.acquire(self.scope) as connection:
            return await connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        async with self._readers.acquire(self.scope) as connection:
            return await connection.fetchval(sql, *args)

    def rescope(self, scope: Scope) -> None:
        """Continue in other territories, from the next statement on."""
        self.scope = scope


@dataclass(frozen=True, slots=True)
class Readers:
    """Those who read everywhere have connections of their own: nobody then changes a connection's territories twice a
    search."""

    of_persons: ScopedPool
    everywhere: ScopedPool

    @classmethod
    async def open(cls, url: str, name: str) -> Self:
        pools = [
            await ScopedPool.open(url, _CONNECTIONS, application_name=name, default_transaction_read_only="on")
            for _ in range(2)
        ]
        return cls(*pools)

    async def close(self) -> None:
        await self.of_persons.close()
        await self.everywhere.close()

    def acquire(self, scope: Scope) -> AbstractAsyncContextManager[Connection]:
        pool = self.everywhere if scope == Scope.everywhere() else self.of_persons
        return pool.acquire(scope.setting)
