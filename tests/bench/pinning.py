"""Which core runs what: the database alone on one, all else on the other (PERFORMANCE §5.2)."""

import contextlib
import os
from collections.abc import Iterator

import psutil

from tests.bench.bench import Bench


@contextlib.contextmanager
def pinned(bench: Bench, *others: psutil.Process) -> Iterator[int | None]:
    """The database on core 1; broker, `others` and this program, which may be the load, on core 0. Gives the core of
    the load; None where nothing can be pinned: fewer than two cores, another system."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    postmaster = bench.servers.postgres.pid
    broker = bench.servers.kafka.pid
    if len(cores) < 2 or postmaster is None or broker is None:
        yield None
        return
    placed = {each.pid: cores[1] for each in (psutil.Process(postmaster), *psutil.Process(postmaster).children())}
    placed |= (
        {each.pid: cores[0] for each in others} | dict.fromkeys(_threads(broker), cores[0]) | {os.getpid(): cores[0]}
    )
    for pid, core in placed.items():
        _stay(pid, {core})
    try:
        yield cores[0]
    finally:
        for pid in placed:
            _stay(pid, set(cores))


def where(cpu: int | None) -> str:
    """In words, for whoever reads the figure."""
    return "PostgreSQL on core 1, all else on core 0" if cpu is not None else "not pinned"


def _threads(process: int) -> list[int]:
    return [thread.id for thread in psutil.Process(process).threads()]


def _stay(pid: int, cores: set[int]) -> None:
    with contextlib.suppress(OSError):
        os.sched_setaffinity(pid, cores)
