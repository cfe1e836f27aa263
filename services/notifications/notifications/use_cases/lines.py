"""How many requests to the provider go at once."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta


class Lines:
    """The requests to the provider that go at once, for one claim. What has not begun within `begin_within` of it may
    not begin: its lease could end while it is on its way."""

    def __init__(self, count: int, begin_within: timedelta) -> None:
        self._free = asyncio.Semaphore(count)
        self._begin_by = time.monotonic() + begin_within.total_seconds()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[bool]:
        """One line, once it is free; whether there is still time to begin."""
        async with self._free:
            yield time.monotonic() <= self._begin_by
