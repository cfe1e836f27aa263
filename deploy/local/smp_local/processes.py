"""Processes and ports of this machine: find them, wait for them, stop them; a pid alone is never trusted."""

import contextlib
import errno
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from smp_local.trouble import Trouble

POLL = 0.02  # seconds between two looks at a condition
SAME_BIRTH = 1.0  # seconds: psutil derives the creation time from clock ticks, so it may move a little


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Looks at `condition` until it holds; False when `seconds` have passed first."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL)
    return True


def free_port() -> int:
    """A loopback port that the kernel says is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
        return True


def port_answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5):
        return True
    return False


def require_free_port(port: int, name: str) -> None:
    """Raises Trouble naming the port, its future user, and its present holder when this account may see it."""
    if port_is_free(port):
        return
    holder = _holder_of(port)
    raise Trouble(
        f"Le port {port}, prévu pour {name}, est déjà pris{f' par {holder}' if holder else ''}.",
        "Arrêtez ce programme (ou « make stop » si c'est une autre copie de la plateforme), "
        "ou choisissez d'autres ports : make run PORTS=20000",
    )


def _holder_of(port: int) -> str | None:
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.pid and tuple(connection.laddr)[1:] == (port,):
                return f"« {psutil.Process(connection.pid).name()} » (processus {connection.pid})"
    return None


def birth(pid: int) -> float | None:
    """When the process was created (unix seconds), or None when it is gone or a zombie."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


def is_alive(pid: int, born: float | None = None) -> bool:
    """Whether this very process lives: a recycled pid has another birth."""
    now = birth(pid)
    return now is not None and (born is None or abs(now - born) < SAME_BIRTH)


def end(pid: int, *, born: float | None = None, gently: signal.Signals = signal.SIGTERM, seconds: float = 15) -> bool:
    """Asks a process to end, then makes it; False when it had to be killed. Someone else's process is left alone."""
    if not is_alive(pid, born):
        return True
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, gently)
    if wait_until(lambda: not is_alive(pid, born), seconds=seconds):
        return True
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(pid, born), seconds=5)
    return False


def memory(pid: int) -> int:
    """Resident bytes of a process, and what its children (PostgreSQL's backends) do not share with it."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        return int(process.memory_info().rss) + sum(_own_memory(child) for child in process.children(recursive=True))
    return 0


def _own_memory(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        info = process.memory_info()
        return max(0, int(info.rss) - int(getattr(info, "shared", 0)))
    return 0


def tail(path: Path, lines: int = 5) -> str:
    """The last lines of a log, for a sentence that explains a failure."""
    with contextlib.suppress(OSError):
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    return ""


@contextlib.contextmanager
def private_umask() -> Iterator[None]:
    """Files created inside are readable by their owner alone."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
