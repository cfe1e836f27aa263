"""Sites and professionals as booking knows them: what is said of them from which day on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.domain.planning import Contract


@dataclass(frozen=True, slots=True)
class RoleFrom:
    """A role from a day on; a later `sequence` overrides an earlier one from its own day on."""

    sequence: int
    start: date
    role: str


@dataclass(frozen=True, slots=True)
class Professional:
    """Who works where, under which contract, in which role."""

    id: UUID
    territory: str
    sites: frozenset[UUID]
    contract: Contract
    roles: tuple[RoleFrom, ...]

    def role_on(self, day: date) -> str | None:
        """The role held on `day`; the first one ever declared when `day` is before all of them."""
        declared = [role for role in self.roles if role.start <= day]
        if declared:
            return max(declared, key=lambda role: role.sequence).role
        return min(self.roles, key=lambda role: role.sequence).role if self.roles else None


def contract(start: date, end: date | None, left_from: date | None) -> Contract:
    """The days worked: `end` is included, `left_from` is the first day away."""
    last_days = [day for day in (end, left_from and left_from - timedelta(days=1)) if day is not None]
    return Contract(start, min(last_days, default=None))


@dataclass(frozen=True, slots=True)
class OpeningRange:
    """Open from `opens` to `closes` (local time) on `weekday` (1 = Monday)."""

    weekday: int
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class OpeningWeek:
    """The whole week from a day on."""

    sequence: int
    start: date
    ranges: tuple[OpeningRange, ...]


@dataclass(frozen=True, slots=True)
class Site:
    """Where care is given, on which clock, until when."""

    id: UUID
    territory: str
    zone: ZoneInfo
    subdivision: str | None
    closed_from: date | None
    weeks: tuple[OpeningWeek, ...]

    def is_closed_for_good(self, day: date) -> bool:
        return self.closed_from is not None and day >= self.closed_from

    def is_open(self, day: date, start: time, end: time) -> bool:
        """True when one opening range of that day holds `[start, end)`, or when no hours were ever declared."""
        week = _in_force(self.weeks, day)
        if week is None:
            return True
        return any(
            each.weekday == day.isoweekday() and each.opens <= start and end <= each.closes for each in week.ranges
        )


def _in_force(weeks: Iterable[OpeningWeek], day: date) -> OpeningWeek | None:
    return max((week for week in weeks if week.start <= day), key=lambda week: week.sequence, default=None)
