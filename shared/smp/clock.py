"""What time it is.

All code takes `now` from a `Clock`. In a local world the clock may start elsewhere and run faster (demo clock), so
that a day of a centre plays in a minute; every process reads the same file and so agrees with the others.
"""

import json
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Source of the present instant."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class DemoTime:
    """One setting of the demo clock: at `real` it was `start` (both Unix seconds), running `speed` times faster."""

    real: float
    start: float
    speed: float

    def at(self, real: float) -> datetime:
        """The simulated instant when the machine's clock says `real` (Unix seconds)."""
        return datetime.fromtimestamp(self.start + (real - self.real) * self.speed, UTC)


class FileClock:
    """The demo clock: reads a small JSON file `{"real", "start", "speed"}` again whenever it has been replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = -1
        self._time = DemoTime(0.0, 0.0, 1.0)
        self.now()

    def now(self) -> datetime:
        stamp = os.stat(self._path).st_mtime_ns
        if stamp != self._stamp:
            self._time = DemoTime(**json.loads(self._path.read_text()))
            self._stamp = stamp
        return self._time.at(time.time())


def set_demo_clock(path: Path, start: datetime, speed: float) -> None:
    """Make every process that reads `path` believe that it is `start` now, time running `speed` times faster."""
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(json.dumps({"real": time.time(), "start": start.timestamp(), "speed": speed}))
    draft.replace(path)


def clock_from(path: Path | None) -> Clock:
    """The demo clock when a file is given, else the machine's."""
    return SystemClock() if path is None else FileClock(path)
