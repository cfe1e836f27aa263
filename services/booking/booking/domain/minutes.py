"""Sets of minutes as whole numbers: bit n is minute n. All minutes of a session are and-ed, or-ed and shifted at once.

Sessions, grids and durations are whole minutes, so nothing is lost: what takes a part of a minute takes all of it,
what is there for a part of a minute is not there, and no slot could begin or end within one anyway.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from booking.domain.intervals import Interval

MINUTE = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def minute_of(instant: datetime) -> int:
    """The minute, counted from 1970, that the instant lies in."""
    return (instant - _EPOCH) // MINUTE


def minute_from(instant: datetime) -> int:
    """The first minute that begins at or after the instant."""
    return -((_EPOCH - instant) // MINUTE)


def instant_of(minute: int) -> datetime:
    """When the minute begins."""
    return _EPOCH + minute * MINUTE


def span(start: int, end: int) -> int:
    """The minutes of `[start, end)`, those before 0 left out; none when it is empty."""
    start = max(start, 0)
    return ((1 << (end - start)) - 1) << start if end > start else 0


def minutes_of(period: Interval, first: int) -> int:
    """The minutes that the period meets, counted from `first`; those before it are left out."""
    return span(minute_of(period.start) - first, minute_from(period.end) - first)


def minutes_within(period: Interval, first: int) -> int:
    """The minutes that lie wholly in the period, counted from `first`; those before it are left out."""
    return span(minute_from(period.start) - first, minute_of(period.end) - first)


def runs(free: int, length: int) -> int:
    """The minutes from which `length` minutes in a row are free."""
    have = 1
    while have < length:
        step = min(have, length - have)
        free &= free >> step
        have += step
    return free


@lru_cache(maxsize=4096)
def every(step: int, before: int) -> int:
    """The minutes 0, step, 2 × step … below `before`."""
    return sum(1 << minute for minute in range(0, before, step))


def shifted(minutes: int, by: int) -> int:
    """The same minutes told `by` later; those before 0 are lost."""
    return minutes << by if by >= 0 else minutes >> -by


def each(minutes: int) -> Iterator[int]:
    """The minutes in order."""
    while minutes:
        lowest = minutes & -minutes
        yield lowest.bit_length() - 1
        minutes ^= lowest
