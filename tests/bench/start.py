"""P13: from `make run` to a platform that serves, with its worlds open, and the memory of all its processes."""

import asyncio
import os
import re
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench.bench import Bench
from tests.bench.figures import Figure, Ledger, Round, Run
from tests.bench.machine import calibrate
from tests.support.ports import free_ports

# The budget.
FIRST_SECONDS, LATER_SECONDS, MOST_MEGABYTES = 180.0, 20.0, 1500.0
_DEADLINE_SECONDS = 300.0
_MEMORY = re.compile(r"Mémoire résidente \((\d+) programmes\) : (\d+) Mo")


@dataclass(frozen=True, slots=True)
class _Start:
    seconds: float
    programs: int
    megabytes: float
    code: int


async def measure(bench: Bench) -> Figure:
    """Seconds of a start that finds its data; the first start of a world, without downloads, is told beside."""
    home = bench.servers.home / "world"
    try:
        first = await _start(home)
        rounds, starts = [], [first]
        for _ in range(1 if bench.short else 3):
            before = calibrate()
            again = await _start(home)
            starts.append(again)
            rounds.append(Round(Run(again.seconds, _ledger(again)), Run(LATER_SECONDS, Ledger()), (before, before)))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    memory = max(start.megabytes for start in starts)
    return Figure(
        "P13",
        "seconds from `make run` to its report, worlds opened, data found; anchor: the budget",
        "s",
        LATER_SECONDS,
        rounds,
        compared="ours",
        extra={"first_start_seconds": round(first.seconds, 1), "first_start_budget": FIRST_SECONDS}
        | {"memory_mb": memory, "memory_budget_mb": MOST_MEGABYTES, "programs": first.programs},
        also=(memory <= MOST_MEGABYTES, first.seconds <= FIRST_SECONDS, first.code == 0),
    )


def _ledger(start: _Start) -> Ledger:
    return Ledger(counted=start.programs, wrong=int(start.code != 0))


async def _start(home: Path) -> _Start:
    """One `make run` without a day; stopped by itself once it has told its figures."""
    bootstrap = Path(__file__).parents[2] / "deploy" / "local" / "bootstrap.py"
    first = free_ports().postgres
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(bootstrap), "run", "--home", str(home), "--ports", str(first), "--no-day", "--once",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, start_new_session=True,
        env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    said, found, seconds = "", None, 0.0
    try:
        async with asyncio.timeout(_DEADLINE_SECONDS):
            async for line in process.stdout:
                said += line.decode(errors="replace")
                if found is None and (found := _MEMORY.search(said)):
                    seconds = time.perf_counter() - started
            code = await process.wait()
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGTERM)
            await process.wait()
    if found is None:
        raise RuntimeError(f"`make run` told no figures:\n{said[-2000:]}")
    return _Start(seconds, int(found[1]), float(found[2]), code)
