"""Patience with registry's events: somebody registered a moment ago can be booked at once."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")

_NEWBORN_SECONDS = 120.0
_FIRST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 0.2


def is_newborn(id: UUID) -> bool:
    """True when a UUIDv7 was made within the last two minutes of real time: its event may still be on its way. Older
    ids are not waited for, so that wrong ones are refused at once."""
    age = time.time() - (id.int >> 80) / 1000
    return id.version == 7 and abs(age) < _NEWBORN_SECONDS


async def heard(read: Callable[[], Awaitable[T | None]], id: UUID, patience: timedelta) -> T | None:
    """What `read` finds about `id`, read again for `patience` of real time while it finds nothing.

    Call it before anything is locked: the wait happens inside the command's transaction.
    """
    deadline = time.monotonic() + patience.total_seconds()
    pause = _FIRST_PAUSE_SECONDS
    found = await read()
    while found is None and is_newborn(id) and time.monotonic() < deadline:
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        found = await read()
    return found
