"""A light HTTP/1.1 client: one coroutine-free protocol per connection, requests prepared as bytes beforehand."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator

_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


class _Connection(asyncio.Protocol):
    """Sends a request as soon as the last one is answered, until there are no more."""

    def __init__(self, requests: Iterator[bytes], statuses: Counter[int]) -> None:
        self._requests = requests
        self._statuses = statuses
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self._transport = transport  # type: ignore[assignment]  # uvloop's has no common base
        self._next()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(_END)
        if not found:
            return
        lower = head.lower()
        at = lower.index(_LENGTH) + len(_LENGTH)
        if len(body) < int(lower[at : lower.find(b"\r", at) if b"\r" in lower[at:] else None]):
            return
        self._statuses[int(head[9:12])] += 1
        self._received = b""
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server closed the connection"))

    def _next(self) -> None:
        assert self._transport is not None
        request = next(self._requests, None)
        if request is not None:
            self._transport.write(request)
            return
        if not self.done.done():
            self.done.set_result(None)
        self._transport.close()


async def closed_loop(
    port: int, requests: Iterator[bytes], connections: int, seconds: float
) -> tuple[Counter[int], float]:
    """Keep `connections` busy for `seconds`; how many answers of each status, and the seconds they really took."""
    loop = asyncio.get_running_loop()
    statuses: Counter[int] = Counter()
    end = time.perf_counter() + seconds

    def until_the_end() -> Iterator[bytes]:
        while time.perf_counter() < end:
            yield next(requests)

    started, shared = time.perf_counter(), until_the_end()
    made = [
        (await loop.create_connection(lambda: _Connection(shared, statuses), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(connection.done for connection in made))
    return statuses, time.perf_counter() - started
