"""A few kept connections to one service: requests go out as they come, answers come back as dicts."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import orjson

from smp.ids import new_id

Told = tuple[int, dict[str, Any]]


class Wire:
    """Each request takes a free connection; there are never more under way than connections."""

    def __init__(self, address: str, bearer: str) -> None:
        self._host, self._port = str(urlsplit(address).hostname), int(urlsplit(address).port or 80)
        self._head = f"host: {self._host}\r\nauthorization: Bearer {bearer}\r\ncontent-type: application/json\r\n"
        self._free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    async def post(self, path: str, body: Any = None) -> Told:
        """A command under a key of its own."""
        content = b"" if body is None else orjson.dumps(body, default=str)
        return await self._request("POST", path, f"idempotency-key: {new_id()}\r\n", content)

    async def get(self, path: str) -> Told:
        return await self._request("GET", path, "", b"")

    async def _request(self, method: str, path: str, more: str, body: bytes) -> Told:
        sent = f"{method} {path} HTTP/1.1\r\n{self._head}{more}content-length: {len(body)}\r\n\r\n".encode() + body
        reader, writer = await self._free.get()
        try:
            while True:
                # The server ends connections that rest for some seconds: what it did not answer at all is sent again.
                if not reader.at_eof():
                    writer.write(sent)
                    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                        return await _answer(reader)
                reader, writer = await asyncio.open_connection(self._host, self._port)
        finally:
            self._free.put_nowait((reader, writer))

    async def open(self, connections: int) -> None:
        for _ in range(connections):
            self._free.put_nowait(await asyncio.open_connection(self._host, self._port))

    def close(self) -> None:
        while not self._free.empty():
            self._free.get_nowait()[1].close()


async def _answer(reader: asyncio.StreamReader) -> Told:
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    at = lower.index(b"content-length: ") + 16
    answer = await reader.readexactly(int(lower[at : lower.index(b"\r", at)]))
    return int(head[9:12]), orjson.loads(answer) if answer else {}


@asynccontextmanager
async def wire(address: str, bearer: str, connections: int) -> AsyncIterator[Wire]:
    opened = Wire(address, bearer)
    await opened.open(connections)
    try:
        yield opened
    finally:
        opened.close()
