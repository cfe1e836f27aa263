"""What was asked of the platform and what became of it: the memory that a ledger is checked against."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

Outcome = Literal["invoked", "ok", "refused", "unknown"]


@dataclass(slots=True)
class Entry:
    """One command. `unknown` while an attempt may have been done without an answer; the same key then settles it.

    `doubts` counts such attempts; `slug` is the last part of the refusal's type; `answer` the body of an acceptance.
    """

    key: str
    service: str
    path: str
    outcome: Outcome = "invoked"
    attempts: int = 0
    doubts: int = 0
    status: int | None = None
    slug: str | None = None
    answer: dict[str, Any] = field(default_factory=dict)


class History:
    """Every command of one player, in the order in which they were first sent."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def of(self, key: str, service: str, path: str) -> Entry:
        """The entry of this key, new at its first use."""
        return self._entries.setdefault(key, Entry(key, service, path))

    @property
    def acknowledged(self) -> list[Entry]:
        """Commands that were answered with success: nothing of them may ever be lost."""
        return [entry for entry in self if entry.outcome == "ok"]

    @property
    def refused(self) -> list[Entry]:
        return [entry for entry in self if entry.outcome == "refused"]

    @property
    def in_doubt(self) -> list[Entry]:
        """Commands that went at least once without an answer."""
        return [entry for entry in self if entry.doubts]

    @property
    def unresolved(self) -> list[Entry]:
        """Commands of which nobody knows whether they were done."""
        return [entry for entry in self if entry.outcome in ("invoked", "unknown")]
