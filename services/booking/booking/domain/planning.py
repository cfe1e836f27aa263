"""Which occurrences of a rule become sessions, and why the others do not."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from booking.domain.intervals import Interval
from booking.domain.recurrence import Occurrence, Rule, occurrences


class Skip(StrEnum):
    """Why a day of a rule has no session."""

    PUBLIC_HOLIDAY = "public_holiday"
    CLOSURE = "closure"
    NO_SUCH_HOUR = "no_such_hour"  # wholly inside the missing hour of March
    OUT_OF_CONTRACT = "out_of_contract"
    ROLE = "role"  # on that day the professional's role does not do these kinds
    OVERLAP = "overlap"  # the professional or the room has another session then


@dataclass(frozen=True, slots=True)
class Planned:
    """A session to open."""

    day: date
    period: Interval


@dataclass(frozen=True, slots=True)
class Skipped:
    """A day without session."""

    day: date
    reason: Skip


@dataclass(frozen=True, slots=True)
class Calendar:
    """What keeps a site shut. Holidays come from outside: they depend on the site's subdivision."""

    zone: ZoneInfo
    holidays: frozenset[date]
    closures: frozenset[date]

    def closed_on(self, day: date) -> Skip | None:
        if day in self.holidays:
            return Skip.PUBLIC_HOLIDAY
        return Skip.CLOSURE if day in self.closures else None


def plan(
    rule: Rule, first: date, last: date, calendar: Calendar, contract: "Contract", now: datetime
) -> Iterable[Planned | Skipped]:
    """The days of `rule` from `first` to `last`, each planned or skipped with its reason; those over are left out."""
    for occurrence in occurrences(rule, first, last, calendar.zone):
        if occurrence.period is not None and occurrence.period.end <= now:
            continue
        yield _decide(occurrence, calendar, contract)


def _decide(occurrence: Occurrence, calendar: Calendar, contract: "Contract") -> Planned | Skipped:
    if reason := calendar.closed_on(occurrence.day):
        return Skipped(occurrence.day, reason)
    if not contract.runs_on(occurrence.day):
        return Skipped(occurrence.day, Skip.OUT_OF_CONTRACT)
    if occurrence.period is None:
        return Skipped(occurrence.day, Skip.NO_SUCH_HOUR)
    return Planned(occurrence.day, occurrence.period)


@dataclass(frozen=True, slots=True)
class Contract:
    """From when to when a professional works here; both days included, `None` means without end."""

    first_day: date
    last_day: date | None = None

    def runs_on(self, day: date) -> bool:
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)
