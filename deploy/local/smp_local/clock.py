"""The demo clock of a local world: one small file that every process reads."""

from datetime import UTC, datetime
from pathlib import Path

from smp.clock import set_demo_clock


def follow_real_time(path: Path) -> None:
    """Every process believes the machine's clock again; a day played in an earlier run is over."""
    set_demo_clock(path, datetime.now(UTC), 1.0)
