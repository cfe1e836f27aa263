"""Applications behind real sockets, in this process, on ports picked by the kernel."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Literal

import uvicorn


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listening_socket() -> socket.socket:
    """A bound loopback socket: its address is known before its application exists."""
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    return bound


def address_of(bound: socket.socket) -> str:
    return f"http://127.0.0.1:{bound.getsockname()[1]}"


@contextlib.asynccontextmanager
async def serving(app: Any, bound: socket.socket, lifespan: Literal["on", "off"] = "on") -> AsyncIterator[None]:
    """Serve `app` on the socket while the block runs."""
    config = uvicorn.Config(app, lifespan=lifespan, log_config=None, access_log=False, timeout_graceful_shutdown=1)
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[bound]))
    try:
        await eventually(lambda: _is(server.started or task.done()))
        yield
    finally:
        server.should_exit = True
        await task


async def eventually(condition: Callable[[], Awaitable[bool]], within: float = 20.0) -> None:
    """Return as soon as the condition holds; fail when it does not hold in time (seconds)."""
    async with asyncio.timeout(within):
        while not await condition():  # noqa: ASYNC110  # conditions live in a database or behind HTTP
            await asyncio.sleep(0.02)


async def _is(value: bool) -> bool:
    return value
