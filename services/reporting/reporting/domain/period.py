"""Periods of reports: half-open ranges of local days, turned into instants by the zone of each site."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

EARLIEST = date(2000, 1, 1)
LATEST = date(2100, 1, 1)
LONGEST_DAYS = 1_827  # five years


class InvalidPeriod(ValueError):
    """The period is empty, reversed, too long or outside the century."""


@dataclass(frozen=True, slots=True)
class Period:
    """Local days from `first` (included) to `end` (excluded)."""

    first: date
    end: date

    def __post_init__(self) -> None:
        if not EARLIEST <= self.first < self.end <= LATEST or (self.end - self.first).days > LONGEST_DAYS:
            raise InvalidPeriod(f"{self.first} to {self.end}")

    def instants(self, zone: str) -> tuple[datetime, datetime]:
        """The UTC instants `[start, end)` of these days in an IANA zone: 23 or 25 hours on the days clocks change."""
        return _midnight(self.first, zone), _midnight(self.end, zone)

    def rolling_year(self) -> "Period":
        """The twelve months that finish where this period finishes."""
        return Period(max(EARLIEST, _a_year_before(self.end)), self.end)

    @property
    def is_whole_months(self) -> bool:
        return self.first.day == 1 and self.end.day == 1


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)


def _a_year_before(day: date) -> date:
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 2, 28)
    return day.replace(year=day.year - 1)
