"""When a rule of recurrence takes place: days first, then hours of the site's wall clock."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from booking.domain.intervals import Interval
from booking.domain.local_time import span

MONDAY_TO_SUNDAY = range(1, 8)  # ISO 8601 weekdays
LONGEST_CYCLE = 53  # weeks
LAST = -1  # the last such weekday of a month
NTH_OF_MONTH = frozenset({1, 2, 3, 4, 5, LAST})
# Within this time every recurrence without end takes place at least once: 53 weeks, or a month with a fifth weekday.
_LONGEST_GAP = timedelta(weeks=LONGEST_CYCLE + 1)


@dataclass(frozen=True, slots=True)
class Weekly:
    """Every `every_weeks` weeks on `weekdays` (1 = Monday), counted from the week of `anchor` (its Monday)."""

    weekdays: frozenset[int]
    anchor: date
    every_weeks: int = 1

    def __post_init__(self) -> None:
        _require_weekdays(self.weekdays)
        if not 1 <= self.every_weeks <= LONGEST_CYCLE:
            raise ValueError(f"a rule recurs every 1 to {LONGEST_CYCLE} weeks")

    def falls_on(self, day: date) -> bool:
        weeks = (_monday(day) - _monday(self.anchor)).days // 7
        return day.isoweekday() in self.weekdays and weeks % self.every_weeks == 0


@dataclass(frozen=True, slots=True)
class Monthly:
    """On the nth of these `weekdays` in each month (1 = Monday); -1 is the last one. A month without a fifth such
    weekday has none."""

    weekdays: frozenset[int]
    nth: frozenset[int]

    def __post_init__(self) -> None:
        _require_weekdays(self.weekdays)
        if not self.nth or not self.nth <= NTH_OF_MONTH:
            raise ValueError("the nth weekday of a month is 1 to 5, or -1 for the last, at least one")

    def falls_on(self, day: date) -> bool:
        if day.isoweekday() not in self.weekdays:
            return False
        is_last = day.day + 7 > monthrange(day.year, day.month)[1]
        return (day.day - 1) // 7 + 1 in self.nth or (is_last and LAST in self.nth)


@dataclass(frozen=True, slots=True)
class Listed:
    """On the listed dates and no other."""

    dates: frozenset[date]

    def __post_init__(self) -> None:
        if not self.dates:
            raise ValueError("a list of dates holds at least one")

    def falls_on(self, day: date) -> bool:
        return day in self.dates


Recurrence = Weekly | Monthly | Listed


@dataclass(frozen=True, slots=True)
class Rule:
    """A recurrence from `start` to `end` (local time, same day), between two dates (both included)."""

    recurrence: Recurrence
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

    def takes_place_from(self, day: date) -> bool:
        """True when at least one day of the rule falls on `day` or later."""
        first = max(day, self.valid_from)
        if isinstance(self.recurrence, Listed):
            return any(first <= each and self.is_valid_on(each) for each in self.recurrence.dates)
        last = first + _LONGEST_GAP if self.valid_until is None else min(first + _LONGEST_GAP, self.valid_until)
        return any(self.recurrence.falls_on(each) for each in days(first, last))


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One day of a rule; `period` is missing when the change of hour leaves nothing of it."""

    day: date
    period: Interval | None


def occurrences(rule: Rule, first: date, last: date, zone: ZoneInfo) -> Iterator[Occurrence]:
    """Days of `rule` from `first` to `last` (both included) in order. Nine o'clock stays nine o'clock in `zone`."""
    end = last if rule.valid_until is None else min(last, rule.valid_until)
    for day in days(max(first, rule.valid_from), end):
        if rule.recurrence.falls_on(day):
            yield Occurrence(day, span(day, rule.start, rule.end, zone))


def days(first: date, last: date) -> Iterator[date]:
    """The days from `first` to `last`, both included."""
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _require_weekdays(weekdays: frozenset[int]) -> None:
    if not weekdays or not weekdays <= set(MONDAY_TO_SUNDAY):
        raise ValueError("weekdays are numbers from 1 (Monday) to 7 (Sunday), at least one")


def _monday(day: date) -> date:
    return day - timedelta(days=day.isoweekday() - 1)
