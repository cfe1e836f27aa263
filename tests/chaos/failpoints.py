"""The harness's side of the failpoints: arm a program, see where it died, count the points."""

import contextlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.chaos.tripping import place_of

TRIPPING = Path(__file__).with_name("tripping.py")


class Failpoints:
    """The failpoints of all programs of a world, in a folder that outlives their deaths (see `tripping`)."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder

    def command(self, program: str, module: str, *arguments: str) -> list[str]:
        """How to start `python -m module …` as `program`, so that it can be tripped."""
        return [sys.executable, "-P", str(TRIPPING), str(self.folder), program, module, *arguments]

    def arm(self, program: str, choosy: float) -> None:
        """Let it die at the next point at which it never died; for `choosy` seconds, at a new place only."""
        (self.folder / f"{program}.tripped").unlink(missing_ok=True)
        waiting = self.folder / f"{program}.waiting"
        waiting.write_text(str(choosy))
        waiting.rename(self.folder / f"{program}.armed")  # whole, for it is read at once

    def has_tripped(self, program: str) -> bool:
        return (self.folder / f"{program}.tripped").exists()

    def disarm(self, program: str) -> bool:
        """True when it was still armed: then it has not died, and will not."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.folder / f"{program}.armed")
            return True
        return False

    def points(self) -> list[str]:
        """Every point that was met, as `program: point`."""
        return self._read("points")

    def hits(self) -> list[str]:
        """Those at which the program died."""
        return self._read("hits")

    def never_hit(self, program: str) -> list[str]:
        """The places of a program that were met and at which it never died."""
        return sorted(_places(self.points(), program) - _places(self.hits(), program))

    def _read(self, ending: str) -> list[str]:
        return sorted(
            f"{file.stem}: {line}"
            for file in self.folder.glob(f"*.{ending}")
            for line in set(file.read_text().splitlines())
        )


def _places(points: Iterable[str], program: str) -> set[str]:
    return {place_of(point) for point in points if point.startswith(f"{program}: ")}
