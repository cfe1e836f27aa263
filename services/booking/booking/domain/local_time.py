"""Local time of a site: what the clock on its wall says, and the days when that clock jumps.

Stated rules for the two nights of the change of hour (those of RFC 5545 §3.3.5):

- a local time that exists twice (October) is its first occurrence;
- a local time that does not exist (March) is read with the offset in force before the gap: 02:30 becomes 03:30.
  A recurrence takes it so; a command typed for that very day is refused instead (`is_missing`), for nobody meant it.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from booking.domain.intervals import Interval


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, when the clock of `zone` says `at` on `day`, by the rules above."""
    return datetime.combine(day, at, zone).astimezone(UTC)


def is_missing(day: date, at: time, zone: ZoneInfo) -> bool:
    """True when the clock of `zone` never says `at` on `day`."""
    return instant(day, at, zone).astimezone(zone).replace(tzinfo=None) != datetime.combine(day, at)


def span(day: date, start: time, end: time, zone: ZoneInfo) -> Interval | None:
    """From `start` to `end` on `day`; nothing when the change of hour leaves no time between them."""
    first, last = instant(day, start, zone), instant(day, end, zone)
    return Interval(first, last) if first < last else None


def whole_day(day: date, zone: ZoneInfo) -> Interval:
    """From midnight to midnight: 23, 24 or 25 hours."""
    return Interval(instant(day, time(), zone), instant(day + timedelta(days=1), time(), zone))


def cut(window: Interval, days: Iterable[date], zone: ZoneInfo) -> list[Interval]:
    """The window in parts: another one begins with each of these days that begins inside."""
    first, last = local_day(window.start, zone), local_day(window.end, zone)
    starts = [whole_day(day, zone).start for day in sorted({day for day in days if first < day <= last})]
    bounds = [window.start, *(start for start in starts if start < window.end), window.end]
    return [Interval(start, end) for start, end in pairwise(bounds)]


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The date on the calendar of `zone` at that instant."""
    return at.astimezone(zone).date()


def is_zone(name: str) -> bool:
    """True when `name` is a zone of the IANA data base."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
