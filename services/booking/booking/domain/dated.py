"""Figures that law or agreements change: each counts from a day on."""

import re
from dataclasses import dataclass
from datetime import date

_CHANGE = re.compile(r"(\d+) from (\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True, slots=True)
class Dated:
    """A number, and those that replace it from a day on, in order of day."""

    first: int
    changes: tuple[tuple[date, int], ...] = ()

    def on(self, day: date) -> int:
        """The number in force on that day."""
        return next((number for start, number in reversed(self.changes) if start <= day), self.first)

    @property
    def numbers(self) -> tuple[int, ...]:
        """All that it ever is."""
        return (self.first, *(number for _, number in self.changes))

    @classmethod
    def parse(cls, written: str) -> "Dated":
        """`10`, or `10, 8 from 2027-09-01`. Raises `ValueError` for anything else, an unordered list included."""
        first, *later = (part.strip() for part in written.split(","))
        found = [_CHANGE.fullmatch(part) for part in later]
        if not first.isdecimal() or None in found:
            raise ValueError("write a number, or `10, 8 from 2027-09-01`")
        changes = tuple((date.fromisoformat(each[2]), int(each[1])) for each in found if each)
        if list(changes) != sorted(dict(changes).items()):
            raise ValueError("the days of a dated number follow each other")
        return cls(int(first), changes)
