"""Keeps programs running: starts them, waits until they serve, restarts what dies, stops them in the reverse order."""

import asyncio
import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from smp_local.home import Home, read_json, write_json
from smp_local.logs import rotate
from smp_local.processes import birth, end, is_alive, tail
from smp_local.trouble import Trouble

PAUSES = (0.5, 30.0)  # seconds before a restart: the first one, doubled at each death in a row up to the longest
HEALED = 60.0  # seconds of life after which a death is the first one again
FIRST_START = 120.0  # seconds that a program may take to serve when it is first started
LOOK = 0.1  # seconds between two looks at a process that starts, or at a request to pause

State = Literal["starting", "ready", "restarting", "paused", "stopped"]


def nothing() -> None:
    return


@dataclass(frozen=True)
class Program:
    """What to run. `prepare`, `ready` and `explain` may block: they are called in a thread.

    `command` is asked after `prepare` at each start. `farewell` is the signal that asks for a clean end, which may
    take `patience` seconds.
    """

    name: str
    label: str
    port: int
    command: Callable[[], Sequence[str]]
    ready: Callable[[], bool]
    environment: Mapping[str, str] | None = None
    prepare: Callable[[], None] = nothing
    born: Callable[[int], None] = lambda _pid: None
    explain: Callable[[], Trouble] | None = None
    farewell: signal.Signals = signal.SIGTERM
    patience: float = 20.0


@dataclass
class Watched:
    """One program under watch, and what became of it so far."""

    program: Program
    state: State = "starting"
    pid: int | None = None
    since: float | None = None  # birth of the process (unix seconds)
    restarts: int = 0
    trouble: Trouble | None = None
    task: "asyncio.Task[None] | None" = None
    process: asyncio.subprocess.Process | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Supervisor:
    """Owns the processes of one world and writes who they are to its state file, so that nobody is ever lost."""

    def __init__(
        self,
        home: Home,
        ports: Mapping[str, int],
        say: Callable[[str], None],
        *,
        pauses: tuple[float, float] = PAUSES,
    ) -> None:
        self._home, self._ports, self._say = home, ports, say
        self._first_pause, self._longest_pause = pauses
        self._groups: list[list[Watched]] = []
        self._stopping = False
        self._phase = "starting"

    # --- what a run asks --------------------------------------------------------------------------------

    async def start(self, *programs: Program) -> None:
        """Starts programs together and returns when all of them serve.

        Raises Trouble when one dies, or does not serve in time: the first start is not retried, its cause is said.
        """
        group = [Watched(program) for program in programs]
        self._groups.append(group)
        for one in group:
            one.task = asyncio.create_task(self._live(one), name=one.program.name)
        try:
            async with asyncio.timeout(FIRST_START):
                await asyncio.gather(*(self._first_ready(one) for one in group))
        except TimeoutError:
            late = ", ".join(one.program.label for one in group if one.state != "ready")
            raise Trouble(
                f"Toujours pas prêt après {FIRST_START:g} s : {late}.", f"Voyez les journaux de {self._home.logs}"
            ) from None

    async def stop(self) -> None:
        """Stops everything: the last group started first, one group at a time."""
        self._stopping = True
        self.phase("stopping")
        for group in reversed(self._groups):
            await asyncio.gather(*(self._stop_one(one) for one in group))
        self._groups.clear()
        self.phase("stopped")

    def phase(self, name: str) -> None:
        """Where the whole run is: starting, ready, stopping, stopped."""
        self._phase = name
        self._save()

    def watched(self) -> list[Watched]:
        return [one for group in self._groups for one in group]

    # --- one program's life -----------------------------------------------------------------------------

    async def _live(self, one: Watched) -> None:
        deaths = 0
        while not self._stopping:
            if self._asked_to_pause(one.program.name):
                self._become(one, "paused")
                await asyncio.sleep(LOOK)
                continue
            began = time.monotonic()
            cause = await self._run_once(one)
            if self._stopping or cause is None:
                continue
            if one.restarts == 0 and one.state == "starting":
                one.trouble = cause
                one.changed.set()
                return
            deaths = 1 if time.monotonic() - began > HEALED else deaths + 1
            one.restarts += 1
            pause = min(self._first_pause * 2 ** (deaths - 1), self._longest_pause)
            self._become(one, "restarting")
            self._say(f"{one.program.label} s'est arrêté ({cause.what}) : relance dans {pause:g} s.")
            await asyncio.sleep(pause)

    async def _run_once(self, one: Watched) -> Trouble | None:
        """One process from birth to death. None when its end was asked for; else why it ended."""
        try:
            await asyncio.to_thread(one.program.prepare)
            await self._spawn(one)
        except Trouble as trouble:
            return trouble
        except OSError as error:
            return Trouble(
                f"{one.program.label} n'a pas pu être lancé : {error.strerror}.", "Voyez la place et les droits."
            )
        assert one.process is not None
        gone = asyncio.ensure_future(one.process.wait())
        served = False
        while not gone.done():
            if self._asked_to_pause(one.program.name):
                await self._end_process(one)
                break
            if not served and await asyncio.to_thread(one.program.ready):
                served = True
                self._become(one, "ready")
            await asyncio.wait({gone}, timeout=LOOK)
        code = await gone
        paused = self._asked_to_pause(one.program.name)
        one.pid = one.since = None
        return None if paused or self._stopping else self._cause(one, code)

    async def _spawn(self, one: Watched) -> None:
        log = self._home.logs / f"{one.program.name}.log"
        rotate(log)
        with log.open("ab") as output:
            one.process = await asyncio.create_subprocess_exec(
                *one.program.command(),
                stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, cwd=self._home.root,
                env=dict(one.program.environment) if one.program.environment is not None else None,
                start_new_session=True,  # Ctrl-C is for the supervisor, which stops the others in order
            )  # fmt: skip
        one.pid, one.since = one.process.pid, birth(one.process.pid)
        one.program.born(one.pid)
        self._save()

    def _cause(self, one: Watched, code: int) -> Trouble:
        log = self._home.logs / f"{one.program.name}.log"
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"code {code}"
        if one.restarts == 0 and one.state == "starting":
            if one.program.explain is not None:
                return one.program.explain()
            what = f"{one.program.label} s'est arrêté pendant son démarrage ({how}). Ses derniers mots :\n{tail(log)}"
            return Trouble(what, f"Le journal complet est dans {log}")
        return Trouble(how, f"Le journal est dans {log}")

    async def _first_ready(self, one: Watched) -> None:
        while one.state != "ready":
            if one.trouble is not None:
                raise one.trouble
            await one.changed.wait()
            one.changed.clear()

    async def _stop_one(self, one: Watched) -> None:
        await self._end_process(one)
        if one.task is not None:
            one.task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await one.task
            await self._end_process(one)  # it may have been born meanwhile
        self._become(one, "stopped")

    async def _end_process(self, one: Watched) -> None:
        """The signal of a clean end, then kill -9 when patience is over; the process is reaped."""
        process = one.process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(one.program.farewell)
        try:
            await asyncio.wait_for(process.wait(), one.program.patience)
        except TimeoutError:
            self._say(f"{one.program.label} ne s'arrête pas : arrêt forcé.")
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        one.pid = one.since = None

    # --- what others can read and ask -------------------------------------------------------------------

    def _asked_to_pause(self, name: str) -> bool:
        """Whether a living program (`make rebuild`) asks that this one be held back for a while."""
        asker = read_json(pause_file(self._home, name))
        if asker is None:
            return False
        if is_alive(*asker):
            return True
        pause_file(self._home, name).unlink(missing_ok=True)
        return False

    def _become(self, one: Watched, state: State) -> None:
        if one.state == state:
            return
        one.state = state
        one.changed.set()
        self._save()
        self._note(one.program.name, state, one.pid)

    def _save(self) -> None:
        rows = [
            {"name": one.program.name, "label": one.program.label, "state": one.state, "pid": one.pid,
             "born": one.since, "port": one.program.port, "restarts": one.restarts}
            for one in self.watched()
        ]  # fmt: skip
        me = {"pid": os.getpid(), "born": birth(os.getpid())}
        state = {"supervisor": me, "phase": self._phase, "ports": self._ports, "processes": rows}
        with contextlib.suppress(OSError):  # a full disk must not keep anything from being stopped
            write_json(self._home.state, state)

    def _note(self, name: str, state: str, pid: int | None) -> None:
        line = {
            "at": datetime.now(UTC).isoformat(),
            "level": "info",
            "event": f"process_{state}",
            "process": name,
            "pid": pid,
        }
        with contextlib.suppress(OSError), (self._home.logs / "supervisor.log").open("a") as file:
            file.write(json.dumps(line) + "\n")


def pause_file(home: Home, name: str) -> Path:
    """Holds [pid, birth] of the program that asks `name` to be held back; it counts while that program lives."""
    return home.root / f"{name}.pause"


def stop_leftovers(home: Home, say: Callable[[str], None]) -> int:
    """Stops what a supervisor that was killed left running, last started first; how many there were."""
    state: Any = read_json(home.state) or {}
    left = [row for row in reversed(state.get("processes", [])) if row.get("pid") and is_alive(row["pid"], row["born"])]
    if left:
        say(f"Un arrêt brutal a laissé {len(left)} processus : ils sont arrêtés proprement.")
    for row in left:
        gently = signal.SIGINT if row["name"] == "postgres" else signal.SIGTERM
        end(row["pid"], born=row["born"], gently=gently)
    return len(left)
