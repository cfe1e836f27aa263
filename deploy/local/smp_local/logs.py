"""Log files of the processes: bounded in size, and readable by a person while they grow."""

import asyncio
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

LARGEST = 20_000_000  # bytes of one file before it becomes NAME.log.1 (the former .1 is forgotten)
SERIOUS = {"warning", "error", "critical"}
LABELS = {"warning": "attention", "error": "erreur", "critical": "erreur"}
SILENT = {"at", "level", "event", "service", "logger", "traceparent", "trace_id", "span_id"}


def rotate(path: Path, *, largest: int = LARGEST) -> bool:
    """Copies a file that is too large aside and empties it in place: its writer (in append mode) goes on."""
    try:
        if path.stat().st_size <= largest:
            return False
        shutil.copyfile(path, path.with_suffix(".log.1"))
        with path.open("r+b") as file:
            file.truncate(0)
    except FileNotFoundError:
        return False
    return True


def readable(name: str, line: str) -> tuple[str, str]:
    """(level, text for a person) of one line of a log: our JSON, or whatever a library wrote.

    What a library says (it repeats itself while a server is away) counts as information: our own lines tell the rest.
    """
    try:
        fields = json.loads(line)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        return "info", f"{name:<14} {line}"
    level = "info" if "logger" in fields else str(fields.get("level", "info"))
    at = str(fields.get("at", ""))[11:19]
    rest = " ".join(f"{key}={value}" for key, value in fields.items() if key not in SILENT)
    label = LABELS.get(level, "")
    return level, " ".join(f"{at} {name:<14} {label} {fields.get('event', '')} {rest}".split())


@dataclass
class Follower:
    """Reads what is added to the logs of a folder, from their end at the time it is made."""

    folder: Path
    serious_only: bool = True
    only: str | None = None
    _offsets: dict[Path, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._offsets = {path: path.stat().st_size for path in self.folder.glob("*.log")}

    def new_lines(self) -> Iterator[tuple[str, str]]:
        """(level, text) of each line added since the last call; PostgreSQL's and Kafka's own words stay in files."""
        for path in sorted(self.folder.glob("*.log")):
            if path.stem in {"postgres", "kafka"} or (self.only and path.stem != self.only):
                continue
            for line in self._added(path):
                level, text = readable(path.stem, line)
                if level in SERIOUS or not self.serious_only:
                    yield level, text

    def _added(self, path: Path) -> list[str]:
        size, offset = path.stat().st_size, self._offsets.get(path, 0)
        if size < offset:  # it was rotated
            offset = 0
        with path.open("rb") as file:
            file.seek(offset)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._offsets[path] = offset + len(whole) + len(newline)
        return whole.decode(errors="replace").splitlines()


async def follow(follower: Follower, show: Callable[[str, str], None], *, every: float = 0.5) -> None:
    """Shows new lines (level, text) until cancelled, and keeps the files within their size."""
    while True:
        for level, text in follower.new_lines():
            show(level, text)
        for path in follower.folder.glob("*.log"):
            rotate(path)
        await asyncio.sleep(every)
