"""The ledger's sources, read with patience: servers die and come back while they are read."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncpg
import httpx2
from aiokafka.errors import KafkaError

from smp_local.addresses import Addresses
from smp_local.day.books import Books, KafkaBook, Row
from smp_local.trouble import Trouble

T = TypeVar("T")

PAUSE = 0.2  # seconds between two tries
GONE = (
    OSError, TimeoutError, KafkaError, httpx2.TransportError,
    asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError,
)  # fmt: skip


class PatientBooks(Books):
    """`on_look` is called at each look at what is still on its way."""

    def __init__(self, addresses: Addresses, patience: float, on_look: Callable[[], None] = lambda: None) -> None:
        super().__init__(addresses)
        self._where, self.patience, self._on_look = addresses, patience, on_look
        self._open: dict[str, asyncpg.Connection[asyncpg.Record]] = {}

    async def __aenter__(self) -> "PatientBooks":
        return self

    async def __aexit__(self, *_: object) -> None:
        for connection in self._open.values():
            connection.terminate()

    async def rows(self, service: str, sql: str, *arguments: object) -> list[Row]:
        return [dict(row) for row in await self._fetch(service, sql, *arguments)]

    async def tuples(self, service: str, sql: str) -> list[tuple[Any, ...]]:
        """Rows whose columns have no names of their own."""
        return [tuple(row) for row in await self._fetch(service, sql)]

    async def value(self, service: str, sql: str, *arguments: object) -> Any:
        async def read() -> Any:
            return await (await self._to(service)).fetchval(sql, *arguments)

        return await self._insist(read)

    async def kafka(self) -> KafkaBook:
        return await self._insist(super().kafka)

    async def lag(self) -> int:
        self._on_look()
        return await self._insist(super().lag)

    async def _fetch(self, service: str, sql: str, *arguments: object) -> list[asyncpg.Record]:
        async def read() -> list[asyncpg.Record]:
            return await (await self._to(service)).fetch(sql, *arguments)

        return await self._insist(read)

    async def _to(self, service: str) -> "asyncpg.Connection[asyncpg.Record]":
        known = self._open.get(service)
        if known is not None and not known.is_closed():
            return known
        settings = {"default_transaction_read_only": "on", "application_name": "ledger"}
        self._open[service] = await asyncpg.connect(
            self._where.database(service), timeout=5, command_timeout=30, server_settings=settings
        )
        return self._open[service]

    async def _insist(self, read: Callable[[], Awaitable[T]]) -> T:
        deadline = time.monotonic() + self.patience
        while True:
            try:
                return await read()
            except GONE as error:
                if time.monotonic() > deadline:
                    what = f"PostgreSQL ou Kafka ne se laissent plus lire ({type(error).__name__})."
                    raise Trouble(what, "Voyez les journaux de ce monde.") from error
            await asyncio.sleep(PAUSE)
