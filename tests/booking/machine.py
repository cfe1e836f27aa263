"""What the state machines of booking share: they are not asynchronous, so their world has a loop of its own."""

import asyncio
import os
from collections.abc import Awaitable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import asyncpg
import httpx2
from hypothesis import HealthCheck, settings

from booking.__main__ import service
from tests.support.api import FixedClock, client_for
from tests.support.databases import ServiceDatabase, service_database

T = TypeVar("T")
LONG = "STATEFUL_EXAMPLES"  # so many courses, hundreds for a long run; then by chance, else the same ones each time


@dataclass
class World:
    """What all examples share: a database, the real application on it, a clock that tests move."""

    loop: asyncio.AbstractEventLoop
    database: ServiceDatabase
    admin: "asyncpg.Connection[asyncpg.Record]"
    client: httpx2.AsyncClient
    clock: FixedClock

    def wait(self, work: Awaitable[T]) -> T:
        return self.loop.run_until_complete(work)


@contextmanager
def world_at(postgres_url: str, now: datetime, **settings: Any) -> Iterator[World]:
    """A world of its own, its clock standing at `now`, with these settings of the service."""
    loop = asyncio.new_event_loop()
    stack = AsyncExitStack()

    async def begin() -> World:
        database = await stack.enter_async_context(service_database(postgres_url, "booking", "booking"))
        admin = await stack.enter_async_context(database.admin())
        clock = FixedClock(now)
        client = client_for(service, database.database, clock=clock, patient_wait_seconds=0, **settings)
        return World(loop, database, admin, await stack.enter_async_context(client), clock)

    try:
        yield loop.run_until_complete(begin())
    finally:
        loop.run_until_complete(stack.aclose())
        loop.close()


def examples(usual: int) -> int:
    """How many courses a machine is driven through."""
    return int(os.environ.get(LONG, usual))


def courses(usual: int, steps: int) -> settings:
    """How a machine is driven: `usual` courses of that many steps unless a long run is asked for."""
    return settings(
        max_examples=examples(usual),
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        derandomize=LONG not in os.environ,
    )
