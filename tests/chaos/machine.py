"""A whole platform in a folder of its own, each relay as its own process, restarted almost at once when it dies.
Services and relays run with failpoints in them (see `tripping`)."""

import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path

import psutil

from smp_local import run
from smp_local.addresses import Addresses
from smp_local.home import Home
from smp_local.programs import Programs
from smp_local.supervisor import Program, Supervisor, Watched
from tests.chaos.failpoints import Failpoints
from tests.chaos.schedule import RELAYS
from tests.support.ports import free_ports

PAUSES = (0.1, 1.0)  # seconds before a restart: the platform is under test here, not the supervisor's patience
LEADS = b"relay leads"


class SplitPrograms(Programs):
    """The same programs, with the relay of each service beside it."""

    failpoints: Failpoints

    def service(self, name: str) -> Program:
        command = self.failpoints.command(name, name, "run", "--only", "api,consumers,jobs")
        return replace(super().service(name), command=lambda: command)

    def relay(self, name: str) -> Program:
        """`<service>-relay`; it serves when its log says that it leads."""
        service = name.removesuffix("-relay")
        words = _LogSince(self.home.logs / f"{name}.log")
        command = self.failpoints.command(name, service, "run", "--only", "relay")
        return replace(
            super().service(service),
            name=name,
            label=f"Le relais de {service}",
            command=lambda: words.from_now(command),
            ready=lambda: words.have(LEADS),
        )


class _LogSince:
    """The end of a log, from the birth of the process that writes it now."""

    def __init__(self, path: Path) -> None:
        self._path, self._start = path, 0

    def from_now(self, command: list[str]) -> list[str]:
        self._start = self._path.stat().st_size if self._path.exists() else 0
        return command

    def have(self, words: bytes) -> bool:
        with contextlib.suppress(OSError), self._path.open("rb") as file:
            file.seek(self._start)
            return words in file.read()
        return False


class Machine:
    """What runs, where it answers, which process is which."""

    def __init__(self, home: Home) -> None:
        self.home, self.ports = home, free_ports()
        self.programs = SplitPrograms(home, self.ports)
        self.failpoints = self.programs.failpoints = Failpoints(home.root / "failpoints")
        self.supervisor = Supervisor(home, asdict(self.ports), lambda _line: None, pauses=PAUSES)

    async def start(self) -> None:
        """Raises Trouble when something does not start."""
        await run.start(self.supervisor, self.programs)
        await self.supervisor.start(*(self.programs.relay(name) for name in RELAYS))

    @cached_property
    def addresses(self) -> Addresses:
        """Known once PostgreSQL has its folder, and with it the password of its administrator."""
        return Addresses.of(self.home, self.ports)

    def watched(self, name: str) -> Watched:
        return next(one for one in self.supervisor.watched() if one.program.name == name)

    def backends(self) -> list[int]:
        """Processes of PostgreSQL that work for a service now."""
        postmaster = self.watched("postgres").pid
        if postmaster is None:
            return []
        with contextlib.suppress(psutil.Error):
            return [child.pid for child in psutil.Process(postmaster).children() if _works_for_a_service(child)]
        return []


def _works_for_a_service(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return "_app " in " ".join(process.cmdline())
    return False


@contextlib.asynccontextmanager
async def running(root: Path, say: Callable[[str], None]) -> AsyncIterator[Machine]:
    """A started platform; everything is stopped at the end, whatever happened."""
    home = Home(root).make()
    with home.only_one():
        machine = Machine(home)
        try:
            await machine.start()
            yield machine
        finally:
            say("Arrêt de tous les processus…")
            await machine.supervisor.stop()


def new_folder() -> Path:
    """Made in the machine's folder for temporary files; PostgreSQL's own account may walk through it."""
    folder = Path(tempfile.mkdtemp(prefix="smp-chaos-"))
    folder.chmod(0o755)
    return folder
