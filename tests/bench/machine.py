"""How the machine feels just before a run: foreign load is seen, not guessed."""

import hashlib
import time
from dataclasses import dataclass

import psutil

_LOOK_SECONDS = 0.25
_FOREIGN_LOAD = 0.2  # of all cores together


@dataclass(frozen=True, slots=True)
class Calibration:
    """`foreign` is the share of all cores that others used while we stood still; `hashes` is SHA-256 of 64 kB per s."""

    foreign: float
    hashes: float

    @property
    def disturbed(self) -> bool:
        return self.foreign > _FOREIGN_LOAD


def calibrate() -> Calibration:
    """Stand still for a quarter of a second, then hash for a twentieth."""
    foreign = psutil.cpu_percent(_LOOK_SECONDS) / 100
    block, count = b"\0" * 65536, 0
    started = time.perf_counter()
    while (spent := time.perf_counter() - started) < 0.05:
        hashlib.sha256(block).digest()
        count += 1
    return Calibration(foreign, count / spent)
