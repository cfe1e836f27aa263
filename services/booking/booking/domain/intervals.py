"""Half-open intervals of instants, `[start, end)`, in UTC."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """`[start, end)`; raises `ValueError` unless `start < end`. Instants are aware datetimes."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError("an interval ends after its start")

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def overlaps(self, other: "Interval") -> bool:
        """True when both share an instant; intervals that only touch do not overlap."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: "Interval") -> bool:
        """True when `other` lies wholly inside."""
        return self.start <= other.start and other.end <= self.end

    def clipped(self, window: "Interval") -> "Interval | None":
        """The part inside `window`, or nothing."""
        start, end = max(self.start, window.start), min(self.end, window.end)
        return Interval(start, end) if start < end else None


def union(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The same instants as disjoint intervals in order; intervals that touch are joined."""
    joined: list[Interval] = []
    for interval in sorted(intervals):
        if joined and interval.start <= joined[-1].end:
            joined[-1] = Interval(joined[-1].start, max(joined[-1].end, interval.end))
        else:
            joined.append(interval)
    return tuple(joined)


def covers(intervals: Iterable[Interval], wanted: Interval) -> bool:
    """True when every instant of `wanted` lies in the union of `intervals`."""
    return any(part.contains(wanted) for part in union(intervals))


def meets(periods: Sequence[Interval], period: Interval) -> bool:
    """True when one of these (disjoint, in order) overlaps the period."""
    at = bisect_right(periods, period.start, key=_end)  # the first that ends after the period has begun
    return at < len(periods) and periods[at].start < period.end


def without(intervals: Iterable[Interval], removed: Iterable[Interval]) -> tuple[Interval, ...]:
    """What is left of `intervals` (disjoint, in order) outside `removed` (any); disjoint, in order."""
    holes = union(removed)
    left: list[Interval] = []
    for interval in intervals:
        start = interval.start
        for hole in holes:
            if hole.end <= start:
                continue
            if hole.start >= interval.end:
                break
            if start < hole.start:
                left.append(Interval(start, hole.start))
            start = hole.end
        if start < interval.end:
            left.append(Interval(start, interval.end))
    return tuple(left)


def intersection(intervals: Iterable[Interval], window: Interval) -> tuple[Interval, ...]:
    """The parts of `intervals` inside `window`, in the same order."""
    return tuple(part for interval in intervals if (part := interval.clipped(window)) is not None)


def _end(interval: Interval) -> datetime:
    return interval.end
