"""Half-days of presence of part-timers: how many, against which caps.

A half-day is the morning or the afternoon of a site's local day that an open session touches; the afternoon begins at
13:00, when a morning's session that runs late is over. Two sessions in one morning are one half-day, wherever they are.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.domain.intervals import Interval
from booking.domain.local_time import instant

AFTERNOON = time(13)


class Half(StrEnum):
    MORNING = "morning"
    AFTERNOON = "afternoon"


@dataclass(frozen=True, slots=True, order=True)
class HalfDay:
    """A morning or an afternoon on the calendar of a site."""

    day: date
    half: Half

    @property
    def week(self) -> str:
        """ISO 8601, such as 2027-W02."""
        year, week, _ = self.day.isocalendar()
        return f"{year}-W{week:02}"

    @property
    def year(self) -> str:
        return str(self.day.year)


@dataclass(frozen=True, slots=True)
class PresencePlan:
    """What was agreed with a professional; both days of the contract included, caps in half-days. It holds until a
    later one begins."""

    professional: UUID
    contract_start: date
    contract_end: date | None
    wished_weekdays: frozenset[int]
    weekly_cap: int | None
    yearly_cap: int | None


@dataclass(frozen=True, slots=True, order=True)
class OverCap:
    """An ISO week (2027-W02) or a civil year (2027) with more half-days than agreed."""

    period: str
    half_days: int
    cap: int

    @property
    def over_by(self) -> int:
        return self.half_days - self.cap


def half_days(period: Interval, zone: ZoneInfo) -> frozenset[HalfDay]:
    """The half-days that a session touches; a session lies within one local day."""
    day = period.start.astimezone(zone).date()
    noon = instant(day, AFTERNOON, zone)
    touched = set()
    if period.start < noon:
        touched.add(HalfDay(day, Half.MORNING))
    if period.end > noon:
        touched.add(HalfDay(day, Half.AFTERNOON))
    return frozenset(touched)


def count_by_week(present: Iterable[HalfDay]) -> dict[str, int]:
    """How many different half-days fall in each ISO week, in order."""
    return dict(sorted(Counter(each.week for each in set(present)).items()))


def count_by_year(present: Iterable[HalfDay]) -> dict[str, int]:
    """How many different half-days fall in each civil year, in order."""
    return dict(sorted(Counter(each.year for each in set(present)).items()))


def in_force(plans: Sequence[PresencePlan], day: date) -> PresencePlan:
    """The agreement that says what holds on `day`: the last to begin by then, else the first of all. `plans`: at least
    one, in order of their contracts."""
    return next((each for each in reversed(plans) if each.contract_start <= day), plans[0])


def over_caps(plans: Sequence[PresencePlan], present: Iterable[HalfDay]) -> list[OverCap]:
    """The weeks and years of `present` with more than was agreed; the agreement in force on the last of its half-days
    speaks for the whole of each."""
    known = set(present)
    weekly = {each.week: in_force(plans, each.day).weekly_cap for each in sorted(known)}
    yearly = {each.year: in_force(plans, each.day).yearly_cap for each in sorted(known)}
    counted = ((count_by_week(known), weekly), (count_by_year(known), yearly))
    return [
        OverCap(period, count, cap)
        for counts, caps in counted
        for period, count in counts.items()
        if (cap := caps[period]) is not None
        if count > cap
    ]


def unwished(plans: Sequence[PresencePlan], days: Iterable[date]) -> list[date]:
    """The days that fall on weekdays the professional has not wished for; none when no wish was told."""
    wishes = ((day, in_force(plans, day).wished_weekdays) for day in set(days))
    return sorted(day for day, wished in wishes if wished and day.isoweekday() not in wished)


def whole_years_around(first: date, last: date) -> tuple[date, date]:
    """The civil years and ISO weeks that hold these days, as a first and a last day."""
    monday = date(first.year, 1, 1) - timedelta(days=date(first.year, 1, 1).isoweekday() - 1)
    sunday = date(last.year, 12, 31) + timedelta(days=7 - date(last.year, 12, 31).isoweekday())
    return monday, sunday
