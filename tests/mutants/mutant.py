"""One planted fault."""

from dataclasses import dataclass
from pathlib import Path


class AnchorLost(Exception):
    """The text that a mutant changes is no longer there exactly once: the mutant must follow the code."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """In `file`, `before` becomes `after`; one of `tests` (pytest's own words for a choice) must turn red."""

    id: str
    what: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]

    def changed(self, source: str) -> str:
        """The source with the fault in it; raises AnchorLost."""
        times = source.count(self.before)
        if times != 1:
            raise AnchorLost(f"{self.id}: the anchor is found {times} times in {self.file}")
        return source.replace(self.before, self.after)

    def check(self, root: Path) -> None:
        """Raises AnchorLost when the mutant no longer fits the source under `root`."""
        path = root / self.file
        if not path.is_file():
            raise AnchorLost(f"{self.id}: {self.file} is gone")
        self.changed(path.read_text())
