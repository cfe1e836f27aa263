"""Concurrent requests of one kind, done together: one transaction, one answer each.

Nobody waits for company: what came in while the former batches were on their way is the next batch. A request alone
is a batch of one. What a batch cannot do it leaves to the ordinary path, request by request.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from smp.auth import Actor
from smp.logging import log, where
from smp.postgres import Answer, Scope

R = TypeVar("R")
T = TypeVar("T")
Item = TypeVar("Item")
Result = TypeVar("Result")

Waiting = tuple[Item, asyncio.Future[Result | None]]
Together = Callable[[Scope, Sequence[Item]], Awaitable[Sequence[Result | None]]]


@dataclass(frozen=True, slots=True)
class Order(Generic[R, T]):
    """One caller's command in a batch. `answer` makes the answer to keep with the effect (`tx.keep_answer`); `context`
    carries the caller's trace: say the command's events in it (`order.context.run`)."""

    request: R
    actor: Actor
    now: datetime
    answer: Callable[[T], Answer]
    context: Context


class Combiner(Generic[Item, Result]):
    """Gives `work` the requests of one scope in batches of at most `most`; at most `lanes` batches run at once.

    `work` answers one result for each item, in order; nothing for an item that must be done alone. When it raises, the
    batch is undone and each of its items must be done alone. A caller who stops waiting does not stop the batch.
    """

    def __init__(self, work: Together[Item, Result], *, most: int = 32, lanes: int = 2) -> None:
        self._work = work
        self._most = most
        self._lanes = lanes
        self._waiting: dict[Scope, deque[Waiting[Item, Result]]] = {}
        self._busy = 0
        self._tasks: set[asyncio.Task[None]] = set()  # the loop keeps only weak references

    async def submit(self, scope: Scope, item: Item) -> Result | None:
        """The result of `item`, done with others of the same scope; nothing when it must be done alone."""
        answer: asyncio.Future[Result | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(scope, deque()).append((item, answer))
        if self._busy < self._lanes:
            self._busy += 1
            task = asyncio.create_task(self._lane())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await answer

    async def _lane(self) -> None:
        # Requests read from the network in the same turn of the loop come in before the first batch is taken.
        await asyncio.sleep(0)
        try:
            while self._waiting:
                await self._do(*self._next_batch())
        finally:
            # In the same turn of the loop as the last look: whoever comes next opens a lane again.
            self._busy -= 1

    def _next_batch(self) -> "tuple[Scope, list[Waiting[Item, Result]]]":
        scope, queue = next(iter(self._waiting.items()))
        batch = [queue.popleft() for _ in range(min(self._most, len(queue)))]
        # The scope goes to the end of the row, so that a busy territory does not keep the others waiting.
        del self._waiting[scope]
        if queue:
            self._waiting[scope] = queue
        return scope, batch

    async def _do(self, scope: Scope, batch: "Sequence[Waiting[Item, Result]]") -> None:
        results: Sequence[Result | None] = [None] * len(batch)
        try:
            results = await self._work(scope, [item for item, _ in batch])
        except Exception as error:
            log.warning("batch undone", size=len(batch), error=type(error).__name__, at=where(error))
        for (_, answer), result in zip(batch, results, strict=True):
            if not answer.done():
                answer.set_result(result)
