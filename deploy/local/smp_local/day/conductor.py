"""The clock of a play: nothing happens before its minute, and no minute passes before all of it has been answered.

Services read the demo clock; the conductor moves it minute by minute and waits, so that a slow machine or a service
that is being restarted makes the play longer, never different.
"""

import asyncio
import heapq
import itertools
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from smp.clock import set_demo_clock

Step = Callable[[], Awaitable[None]]
MINUTE = timedelta(minutes=1)
_STILL = 0.001  # speed of a clock that waits: texts planned meanwhile must not see their hour pass


class Conductor:
    """`on_minute` gives what people do by themselves as time goes by; steps at an instant come from `at`."""

    def __init__(self, clock_file: Path, now: datetime) -> None:
        self._file = clock_file
        self._numbers = itertools.count()
        self._steps: list[tuple[datetime, int, Step]] = []
        self.now = now
        self.on_minute: list[Callable[[], Iterable[Step]]] = []

    def at(self, when: datetime, step: Step) -> None:
        """Do this at that instant, or in the running minute when it has passed."""
        heapq.heappush(self._steps, (when, next(self._numbers), step))

    def stand(self, now: datetime) -> None:
        """Stop the clocks of all services at this instant."""
        self.now = now
        set_demo_clock(self._file, now.astimezone(UTC), _STILL)

    async def hurry(self, until: datetime) -> None:
        """From one step to the next without waiting, up to an instant."""
        while self._steps and self._steps[0][0] <= until:
            self.stand(max(self.now, self._steps[0][0]))
            await self._do_due()
        self.stand(until)

    async def play(self, until: datetime, speed: float, show: Callable[[], None]) -> None:
        """Minute by minute, `speed` times faster than life where the machine can."""
        began, first = time.monotonic(), self.now
        while self.now < until:
            await self._do_due()
            show()
            self.stand(self.now + MINUTE)
            ahead = (self.now - first).total_seconds() / speed - (time.monotonic() - began)
            if ahead > 0:
                await asyncio.sleep(ahead)
        await self._do_due()

    @property
    def is_idle(self) -> bool:
        return not self._steps

    async def _do_due(self) -> None:
        """All that this minute holds, and what comes of it within the minute."""
        while due := self._due():
            await asyncio.gather(*(step() for step in due))

    def _due(self) -> list[Step]:
        due = []
        while self._steps and self._steps[0][0] <= self.now:
            due.append(heapq.heappop(self._steps)[2])
        return due or [step for people in self.on_minute for step in people()]
