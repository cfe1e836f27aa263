"""Runs both sides of a figure, alternating."""

import gc
import sys
from collections.abc import Awaitable, Callable

from tests.bench.figures import Round, Run
from tests.bench.machine import Calibration, calibrate
from tests.bench.ratios import Side, abba

Work = Callable[[], Awaitable[Run]]


async def compare(ours: Work, anchor: Work, rounds: int) -> list[Round]:
    """One warm-up of each side, then `rounds` rounds in A-B-B-A order."""
    sides: dict[Side, Work] = {"ours": ours, "anchor": anchor}
    for side, work in sides.items():
        _tell("warm-up", side, await work())
    done = []
    for number, order in enumerate(abba(rounds), start=1):
        runs: dict[Side, Run] = {}
        machine: list[Calibration] = []
        for side in order:
            # What the harness itself holds is no part of what it measures: no collector walks it meanwhile.
            gc.collect()
            gc.freeze()
            machine.append(calibrate())
            runs[side] = await sides[side]()
            gc.unfreeze()
            _tell(f"round {number}", side, runs[side])
        done.append(Round(runs["ours"], runs["anchor"], (machine[0], machine[1])))
    return done


def _tell(when: str, side: Side, run: Run) -> None:
    sys.stderr.write(f"    {when:<9} {side:<6} {run.value:>12,.1f}\n")
