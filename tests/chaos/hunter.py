"""Strikes as the schedule says, counted in commands, and waits for each victim to serve again."""

import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import asyncpg

from smp_local.trouble import Trouble
from tests.chaos.books import GONE
from tests.chaos.machine import Machine
from tests.chaos.schedule import BACKEND, POSTMASTER, Strike

LOOK = 0.05  # seconds between two looks at a victim
BOUND = 120.0  # seconds since it last died within which a victim must serve again, or be there to be killed
TRIP = 5.0  # seconds, once it is not choosy any more, within which a program should meet a new failpoint
SENSE = 5.0  # seconds within which PostgreSQL must notice a dead backend


@dataclass
class Kill:
    """One process that was killed, perhaps at a failpoint; `seconds` until it served again."""

    number: int
    target: str
    hour: datetime
    together: bool
    at_failpoint: bool = False
    seconds: float | None = None
    died_at: float = field(default_factory=time.monotonic)


@dataclass
class Hunter:
    """`tell` is called when a victim serves again; `hour` says the simulated time; `kills` are those of the pack."""

    machine: Machine
    strikes: Iterable[Strike]
    dice: random.Random
    hour: Callable[[], datetime]
    tell: Callable[[Kill], None]
    kills: list[Kill]
    is_over: bool = False

    def __post_init__(self) -> None:
        self._commands = 0
        self._moved = asyncio.Event()
        self._open = asyncio.Event()
        self._recoveries: set[asyncio.Task[None]] = set()
        self._striking = asyncio.Lock()
        self._tasks: asyncio.TaskGroup | None = None

    def pulse(self) -> None:
        """A command is being sent, or somebody looks whether all is quiet."""
        self._commands += 1
        self._moved.set()

    async def run(self) -> None:
        """Strike until the schedule is over. Raises Trouble as soon as a victim does not come back."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                for strike in self.strikes:
                    if strike.patient:
                        await self._recovered()
                    await self._count(strike.after)
                    await asyncio.sleep(strike.delay)
                    await self._strike(strike)
        except* Trouble as troubles:
            raise troubles.exceptions[0] from None
        self.is_over = True

    @contextlib.asynccontextmanager
    async def open_season(self) -> AsyncIterator[None]:
        """Blows fall inside; at the end all victims serve again."""
        self._open.set()
        try:
            yield
        finally:
            self._open.clear()
        async with self._striking:
            await self._recovered()

    async def _strike(self, strike: Strike) -> None:
        """Now, or when the season opens."""
        while True:
            await self._open.wait()
            async with self._striking:
                if not self._open.is_set():
                    continue
                if strike.at_failpoints:
                    if not (strike := await self._trip_all(strike)).targets:
                        return
                    continue
                for number, target in enumerate(strike.targets):
                    await asyncio.sleep(strike.apart if number else 0)
                    await self._kill(target, together=len(strike.targets) > 1)
                return

    async def _count(self, commands: int) -> None:
        self._commands = 0
        while self._commands < commands:
            self._moved.clear()
            await self._moved.wait()

    async def _kill(self, target: str, together: bool) -> None:
        """kill -9, now or as soon as there is somebody to kill."""
        pid = await self._somebody(target)
        probe = await self._probe() if target == BACKEND else None
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self._note(Kill(len(self.kills) + 1, target, self.hour(), together), pid, probe)

    async def _trip_all(self, strike: Strike) -> Strike:
        """What is left of the strike when the season ends before all have died."""
        together = len(strike.targets) > 1
        died = await asyncio.gather(*(self._trip(each, strike.choosy, together) for each in strike.targets))
        return replace(
            strike, targets=tuple(each for each, is_dead in zip(strike.targets, died, strict=True) if not is_dead)
        )

    async def _trip(self, target: str, choosy: float, together: bool) -> bool:
        """Let it die at a point where it never died; where it meets none, it dies here and now. False when the season
        ended first: then it lives."""
        pid = await self._somebody(target)
        self.machine.failpoints.arm(target, choosy)
        deadline = time.monotonic() + choosy + TRIP
        while self._open.is_set() and not self.machine.failpoints.has_tripped(target):
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(LOOK)
        if not self.machine.failpoints.disarm(target):
            self._note(Kill(len(self.kills) + 1, target, self.hour(), together, at_failpoint=True), pid)
        elif self._open.is_set():
            await self._kill(target, together)
        else:
            return False
        return True

    async def _somebody(self, target: str) -> int:
        deadline = time.monotonic() + BOUND
        while (pid := self._pid(target)) is None:
            if time.monotonic() > deadline:
                raise Trouble(f"{target} n'est pas revenu en {BOUND:g} s.", "Voyez les journaux de ce monde.")
            await asyncio.sleep(LOOK)
        return pid

    def _note(self, kill: Kill, pid: int, probe: "asyncpg.Connection[asyncpg.Record] | None" = None) -> None:
        self.kills.append(kill)
        assert self._tasks is not None
        self._recoveries.add(self._tasks.create_task(self._recover(kill, pid, probe)))

    def _pid(self, target: str) -> int | None:
        if target == BACKEND:
            pids = self.machine.backends()
            return self.dice.choice(pids) if pids else None
        return self.machine.watched(target).pid

    # --- coming back ----------------------------------------------------------------------------------------

    async def _recovered(self) -> None:
        """All victims serve; their troubles are raised here."""
        waiting, self._recoveries = self._recoveries, set()
        await asyncio.gather(*waiting)

    async def _recover(self, kill: Kill, pid: int, probe: "asyncpg.Connection[asyncpg.Record] | None") -> None:
        if probe is not None:
            await _until_closed(probe)
        while not await self._serves(kill.target, pid):
            if time.monotonic() - self._last_died(kill.target) > BOUND:
                raise Trouble(
                    f"{kill.target}, tué ({kill.number}), ne sert toujours pas après {BOUND:g} s.",
                    "Voyez les journaux de ce monde.",
                )
            await asyncio.sleep(LOOK)
        kill.seconds = time.monotonic() - kill.died_at
        self.tell(kill)

    def _last_died(self, target: str) -> float:
        """Whoever is killed again before it serves begins to come back anew."""
        return max(kill.died_at for kill in self.kills if kill.target == target)

    async def _serves(self, target: str, killed: int) -> bool:
        if target in (POSTMASTER, BACKEND):
            one = self.machine.watched(POSTMASTER)
            return one.pid not in (None, killed) and await self._postgres_answers()
        one = self.machine.watched(target)
        return one.pid not in (None, killed) and await asyncio.to_thread(one.program.ready)

    async def _postgres_answers(self) -> bool:
        connection = await self._probe()
        if connection is None:
            return False
        connection.terminate()
        return True

    async def _probe(self) -> "asyncpg.Connection[asyncpg.Record] | None":
        """A connection, which the death of a backend ends as it ends all others; None when none can be had."""
        with contextlib.suppress(*GONE):
            return await asyncpg.connect(self.machine.addresses.postgres_admin_dsn, timeout=2)
        return None


@dataclass
class Pack:
    """Hunters beside each other: while one waits for its victim, the others strike."""

    hunters: Sequence[Hunter]

    @property
    def is_over(self) -> bool:
        return all(hunter.is_over for hunter in self.hunters)

    def pulse(self) -> None:
        """A command is being sent, or somebody looks whether all is quiet."""
        for hunter in self.hunters:
            hunter.pulse()

    async def run(self) -> None:
        """Strike until all schedules are over. Raises Trouble as soon as a victim does not come back."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for hunter in self.hunters:
                    tasks.create_task(hunter.run())
        except* Trouble as troubles:
            raise troubles.exceptions[0] from None

    @contextlib.asynccontextmanager
    async def open_season(self) -> AsyncIterator[None]:
        """Blows fall inside; at the end all victims serve again."""
        async with contextlib.AsyncExitStack() as seasons:
            for hunter in self.hunters:
                await seasons.enter_async_context(hunter.open_season())
            yield


async def _until_closed(probe: "asyncpg.Connection[asyncpg.Record]") -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SENSE):
            while not probe.is_closed():  # noqa: ASYNC110 - the server ends it
                await asyncio.sleep(LOOK / 5)
    probe.terminate()
