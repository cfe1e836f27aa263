"""Which occurrences of a rule become sessions, and why the others do not.

What a closure or an absence leaves of an occurrence takes place: each remaining part is a session of its own, when at
least one appointment fits. A part begins on the grid of the whole, so that hours given to patients stay possible.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.domain.intervals import Interval, without
from booking.domain.recurrence import Occurrence, Rule, occurrences


class Skip(StrEnum):
    """Why a day of a rule, or a part of it, has no session."""

    PUBLIC_HOLIDAY = "public_holiday"
    CLOSURE = "closure"
    ABSENCE = "absence"
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
    """A day without session, or the hours that are missing on it; `source` is the closure or the absence."""

    day: date
    reason: Skip
    period: Interval | None = None
    source: UUID | None = None


@dataclass(frozen=True, slots=True, order=True)
class Away:
    """A time for which a site, a room or a professional is not there."""

    period: Interval
    reason: Skip
    source: UUID


@dataclass(frozen=True, slots=True)
class Calendar:
    """What keeps a professional or a site from receiving. Holidays come from outside: they depend on the site's
    subdivision."""

    zone: ZoneInfo
    holidays: frozenset[date]
    away: tuple[Away, ...] = ()
    closed_from: date | None = None  # for good

    def is_closed_for_good(self, day: date) -> bool:
        return self.closed_from is not None and day >= self.closed_from

    def away_during(self, period: Interval) -> list[Away]:
        return [each for each in self.away if each.period.overlaps(period)]


@dataclass(frozen=True, slots=True)
class Contract:
    """From when to when a professional works here; both days included, `None` means without end. `breaks`: from when to
    when not, in between; both days included too."""

    first_day: date
    last_day: date | None = None
    breaks: tuple[tuple[date, date], ...] = ()

    def runs_on(self, day: date) -> bool:
        begun = self.first_day <= day and (self.last_day is None or day <= self.last_day)
        return begun and not any(first <= day <= last for first, last in self.breaks)

    def first_from(self, day: date) -> date | None:
        """The first day worked on `day` or later, or nothing."""
        ends = [last + timedelta(days=1) for _, last in self.breaks]
        begun = [each for each in (day, self.first_day, *ends) if each >= day and self.runs_on(each)]
        return min(begun, default=None)

    def within(self, other: "Contract") -> "Contract":
        """The days of both."""
        ends = [day for day in (self.last_day, other.last_day) if day is not None]
        breaks = (*self.breaks, *other.breaks)
        return Contract(max(self.first_day, other.first_day), min(ends, default=None), breaks)


def in_turn(contracts: Sequence[Contract]) -> Contract:
    """Contracts, in order of their first days, as one: each runs until its last day, or until the next one begins."""
    day = timedelta(days=1)
    breaks = tuple(
        (before.last_day + day, after.first_day - day)
        for before, after in pairwise(contracts)
        if before.last_day is not None and before.last_day + day < after.first_day
    )
    return Contract(contracts[0].first_day, contracts[-1].last_day, breaks)


@dataclass(frozen=True, slots=True)
class Grid:
    """The step between two possible starts, and the shortest appointment offered."""

    step: timedelta
    shortest: timedelta


def plan(
    rule: Rule, first: date, last: date, calendar: Calendar, contract: Contract, grid: Grid, now: datetime
) -> Iterator[Planned | Skipped]:
    """The days of `rule` from `first` to `last`, each planned or skipped with its reason; those over are left out."""
    for occurrence in occurrences(rule, first, last, calendar.zone):
        if occurrence.period is not None and occurrence.period.end <= now:
            continue
        yield from _decide(occurrence, calendar, contract, grid, now)


def _decide(
    occurrence: Occurrence, calendar: Calendar, contract: Contract, grid: Grid, now: datetime
) -> Iterator[Planned | Skipped]:
    day, period = occurrence.day, occurrence.period
    if calendar.is_closed_for_good(day):
        yield Skipped(day, Skip.CLOSURE)
    elif day in calendar.holidays:
        yield Skipped(day, Skip.PUBLIC_HOLIDAY)
    elif not contract.runs_on(day):
        yield Skipped(day, Skip.OUT_OF_CONTRACT)
    elif period is None:
        yield Skipped(day, Skip.NO_SUCH_HOUR)
    else:
        away = calendar.away_during(period)
        parts = remaining(period, (each.period for each in away), grid)
        yield from (Planned(day, part) for part in parts if part.end > now)
        yield from _missing(day, period, parts, away)


def _missing(day: date, whole: Interval, parts: Sequence[Interval], away: Sequence[Away]) -> Iterator[Skipped]:
    for hours in without([whole], parts):
        because = min((each for each in away if each.period.overlaps(hours)), default=None)
        if because is None:  # the change of hour left less than one appointment
            yield Skipped(day, Skip.NO_SUCH_HOUR)
        else:
            yield Skipped(day, because.reason, hours if parts else None, because.source)


def remaining(whole: Interval, taken: Iterable[Interval], grid: Grid) -> tuple[Interval, ...]:
    """What is left of a session, each part beginning on the grid of the whole; too short for any appointment, it is
    lost."""
    on_grid = ((_next_on_grid(part.start, whole.start, grid.step), part.end) for part in without([whole], taken))
    return tuple(Interval(start, end) for start, end in on_grid if end - start >= grid.shortest)


def _next_on_grid(at: datetime, origin: datetime, step: timedelta) -> datetime:
    return origin - (origin - at) // step * step
