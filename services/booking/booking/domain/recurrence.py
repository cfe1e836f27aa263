"""When a rule of recurrence takes place: days first, then hours of the site's wall clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from booking.domain.intervals import Interval
from booking.domain.local_time import span

MONDAY_TO_SUNDAY = range(1, 8)  # ISO 8601 weekdays
LONGEST_CYCLE = 53  # weeks


@dataclass(frozen=True, slots=True)
class Weekly:
    """Every `every_weeks` weeks on `weekdays` (1 = Monday), counted from the week of `anchor` (its Monday)."""

    weekdays: frozenset[int]
    anchor: date
    every_weeks: int = 1

    def __post_init__(self) -> None:
        if not self.weekdays or not self.weekdays <= set(MONDAY_TO_SUNDAY):
            raise ValueError("weekdays are numbers from 1 (Monday) to 7 (Sunday), at least one")
        if not 1 <= self.every_weeks <= LONGEST_CYCLE:
            raise ValueError(f"a rule recurs every 1 to {LONGEST_CYCLE} weeks")

    def falls_on(self, day: date) -> bool:
        weeks = (_monday(day) - _monday(self.anchor)).days // 7
        return day.isoweekday() in self.weekdays and weeks % self.every_weeks == 0


@dataclass(frozen=True, slots=True)
class Listed:
    """On the listed dates and no other."""

    dates: frozenset[date]

    def __post_init__(self) -> None:
        if not self.dates:
            raise ValueError("a list of dates holds at least one")

    def falls_on(self, day: date) -> bool:
        return day in self.dates


@dataclass(frozen=True, slots=True)
class Rule:
    """A recurrence from `start` to `end` (local time, same day), between two dates (both included)."""

    recurrence: Weekly | Listed
    start: time
    end: time
    valid_from: date
    valid_until: date | None = None

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError("a session ends after its start, on the same day")
        if self.valid_until is not None and self.valid_until < self.valid_from:
            raise ValueError("a rule ends on or after the day it begins")

    def is_valid_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One day of a rule; `period` is missing when the change of hour leaves nothing of it."""

    day: date
    period: Interval | None


def occurrences(rule: Rule, first: date, last: date, zone: ZoneInfo) -> Iterator[Occurrence]:
    """Days of `rule` from `first` to `last` (both included) in order. Nine o'clock stays nine o'clock in `zone`."""
    day = max(first, rule.valid_from)
    while day <= last and rule.is_valid_on(day):
        if rule.recurrence.falls_on(day):
            yield Occurrence(day, span(day, rule.start, rule.end, zone))
        day += timedelta(days=1)


def _monday(day: date) -> date:
    return day - timedelta(days=day.isoweekday() - 1)
