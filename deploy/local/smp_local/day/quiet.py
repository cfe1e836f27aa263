"""Waiting by condition: until everything that was said has been heard, and every text whose hour has come has gone;
and reading while nobody speaks.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from smp_local.day.books import Books
from smp_local.trouble import Trouble

T = TypeVar("T")
LOOK = 0.3  # seconds between two looks
LOOKS = 2  # calm looks in a row that make a calm
CATCHING_UP = 10.0  # seconds for what a timer said just before books are read; later, it is lost indeed
MOST_READINGS = 10  # timers speak for some seconds after a jump of the clock


async def until_heard(books: Books, *, patience: float = 120.0) -> None:
    """Every event is in Kafka and handled by every service. Raises Trouble after `patience` real seconds."""
    await _until(lambda: _unheard(books), "Des événements n'ont pas été entendus par tous", patience)


async def until_texts_left(books: Books, now: datetime, *, patience: float = 120.0) -> None:
    """Every text due at `now` has been taken or refused by the provider, and all of it has been told to everybody.

    The provider has told all that it knows, too. Its next tries come by the real clock, whatever a demo clock says:
    jump days ahead before they have come, and texts are given up whose receipts were on their way.
    """

    async def left() -> int:
        return await books.texts_on_their_way(now) + await books.receipts_to_come() + await _unheard(books)

    await _until(left, "Des textos ne sont pas partis", patience)


async def until_texts_settled(books: Books, now: datetime, *, patience: float = 120.0) -> None:
    """The same, and every text that left has its fate."""

    async def open_() -> int:
        return await books.texts_on_their_way(now) + await books.texts_unanswered() + await _unheard(books)

    await _until(open_, "Des textos n'ont pas encore leur sort", patience)


async def undisturbed(books: Books, read: Callable[[], Awaitable[T]]) -> T:
    """What `read` finds while no service says anything: else events said between two of its looks seem lost, and it
    is asked again. Raises Trouble when there is never a quiet moment."""
    for _ in range(MOST_READINGS):
        with suppress(Trouble):
            await until_heard(books, patience=CATCHING_UP)
        before = await books.said()
        found = await read()
        if await books.said() == before:
            return found
    raise Trouble("Les services ne se taisent pas.", f"Les comptes ont été relus {MOST_READINGS} fois.")


async def _unheard(books: Books) -> int:
    return await books.unsent() or await books.lag()


async def _until(count: Callable[[], Awaitable[int]], what: str, patience: float) -> None:
    deadline = time.monotonic() + patience
    calm = left = 0
    while calm < LOOKS:
        left = await count()
        calm = 0 if left else calm + 1
        if left and time.monotonic() > deadline:
            raise Trouble(f"{what} après {patience:g} s (il en reste {left}).", "« make status », « make parked ».")
        await asyncio.sleep(LOOK)
