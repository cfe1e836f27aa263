"""Moments of this start that are measured against the budget: whoever reaches one says so here."""

import time

import psutil

FIRST_BOOKING = "first booking"

_reached: dict[str, float] = {}


def reach(name: str) -> None:
    """Notes that this moment has come; only the first call of a process counts."""
    _reached.setdefault(name, time.time())


def seconds_to(name: str) -> float | None:
    """Seconds from the start of this process to that moment; None when it has not come."""
    return _reached[name] - psutil.Process().create_time() if name in _reached else None
