"""PostgreSQL connections, as every process of ours opens them: time-outs that end what was forgotten, UTC, jsonb as
Python values."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Self, TypeAlias

import asyncpg
import asyncpg.pool
import orjson

# In quotes: asyncpg's classes take their parameter in the type stubs only.
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

_STATEMENT_TIMEOUT = timedelta(seconds=15)
# A forgotten transaction stops vacuum and the relay's horizon; it is ended by the server.
_IDLE_IN_TRANSACTION_TIMEOUT = timedelta(seconds=20)


async def open_pool(
    url: str, least: int, most: int, begin: Callable[[Connection], Coroutine[Any, Any, None]], **settings: str
) -> Pool:
    """`begin` prepares each new connection; `settings` are PostgreSQL's."""
    return await asyncpg.create_pool(
        url,
        min_size=least,
        max_size=most,
        init=begin,
        reset=_roll_back_leftovers,
        command_timeout=_STATEMENT_TIMEOUT.total_seconds() + 1,
        max_inactive_connection_lifetime=300,
        server_settings={
            "jit": "off",
            "timezone": "UTC",
            "statement_timeout": milliseconds(_STATEMENT_TIMEOUT),
            "idle_in_transaction_session_timeout": milliseconds(_IDLE_IN_TRANSACTION_TIMEOUT),
            **settings,
        },
    )


class ScopedPool:
    """Connections for statements that are each a transaction: they keep their territories (`smp.territories`) from one
    use to the next, which costs no round trip. Nobody else uses them."""

    def __init__(self) -> None:
        self._pool: Pool
        self._scopes: dict[int, str] = {}  # by server process

    @classmethod
    async def open(cls, url: str, size: int, **settings: str) -> Self:
        """No connection is opened before the first use."""
        self = cls()
        self._pool = await open_pool(url, 0, size, self._begin, **settings)
        return self

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def acquire(self, territories: str) -> AsyncIterator[Connection]:
        """A connection that sees these territories."""
        async with self._pool.acquire() as connection:
            server = connection.get_server_pid()
            if self._scopes.get(server) != territories:
                self._scopes.pop(server, None)
                await connection.execute(f"SET smp.territories = '{territories}'")
                self._scopes[server] = territories
            yield connection  # type: ignore[misc]  # the pool's proxy is a connection

    async def _begin(self, connection: Connection) -> None:
        self._scopes.pop(connection.get_server_pid(), None)
        await prepare_connection(connection)


def milliseconds(duration: timedelta) -> str:
    """As PostgreSQL's settings want it."""
    return str(int(duration.total_seconds() * 1000))


async def prepare_connection(connection: Connection) -> None:
    """jsonb goes and comes as Python values."""
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_encode_jsonb, decoder=_decode_jsonb, format="binary"
    )


async def _roll_back_leftovers(connection: Connection) -> None:
    """asyncpg's own reset is a round trip on every release; nothing of ours outlives a transaction."""
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")


def _encode_jsonb(value: object) -> bytes:
    return b"\x01" + orjson.dumps(value)


def _decode_jsonb(value: bytes) -> Any:
    return orjson.loads(memoryview(value)[1:])
