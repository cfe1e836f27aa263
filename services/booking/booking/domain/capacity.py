"""Capacity classes: the shares of a session that are kept for some callers, and when what is left is everybody's.

A session is counted in slots of its own grid. A share keeps some of them for a class until its release; whatever no
share keeps is common. A booking takes from the share of its class first, then from the common slots. Which slots of
the session are kept is not said: only how many must remain free.

Release is a rule, not an act: from `release_at` on a share keeps nothing any more, whether or not anybody has written
that down. What the class has taken stays taken.

Contract for whoever searches or books: a session without shares (`session.shares == ()`) has room for every class and
need not be asked about; of one with shares, ask `has_room` with what is taken of it. As all starts lie on the grid,
the answer is the same for every free slot of the session: it is asked once per session, not once per slot.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from booking.domain.intervals import Interval
from booking.domain.local_time import instant


class CapacityClass(StrEnum):
    """Who a share is kept for."""

    REGULATION = "regulation"  # unscheduled care sent by the SAS or SAMU regulation
    SAME_DAY = "same_day"  # minor emergencies of the day
    DESK = "desk"  # asked for at the desk or by telephone
    ONLINE = "online"
    MEDICO_SOCIAL = "medico_social"


_OF_CHANNEL = {"regulation": CapacityClass.REGULATION, "online": CapacityClass.ONLINE}


def class_of(kind_class: str, channel: str) -> str:
    """The class that a booking takes from, given that of its kind and the channel of the request.

    The medico-social share is its team's, whoever asks. What the regulation sends comes from its share, a minor
    emergency included. A minor emergency comes from the same-day share. The rest goes by channel: online or desk.
    """
    if kind_class == CapacityClass.MEDICO_SOCIAL:
        return kind_class
    if kind_class == CapacityClass.SAME_DAY and channel != "regulation":
        return kind_class
    return _OF_CHANNEL.get(channel, kind_class)


@dataclass(frozen=True, slots=True)
class Share:
    """`slots` of a session are kept for a class until `release_at`; without it, until the end."""

    capacity_class: str
    slots: int
    release_at: datetime | None = None

    def keeps(self, now: datetime) -> bool:
        return self.release_at is None or now < self.release_at


@dataclass(frozen=True, slots=True)
class Release:
    """When a share is released: so many days before the session, at an hour of the site's clock."""

    days_before: int
    at: time

    def instant(self, day: date, zone: ZoneInfo) -> datetime:
        return instant(day - timedelta(days=self.days_before), self.at, zone)


@dataclass(frozen=True, slots=True)
class Taken:
    """An appointment that takes a place of the session: held, expected, received or missed."""

    capacity_class: str
    period: Interval


@dataclass(frozen=True, slots=True)
class Room:
    """What is left of a session, in slots: `free` in all, and those of them that shares still keep."""

    free: int
    kept: Mapping[str, int]

    @property
    def common(self) -> int:
        """What no share keeps."""
        return max(0, self.free - sum(self.kept.values()))

    def places(self, capacity_class: str) -> int:
        """How many slots this class may still take."""
        return min(self.free, self.kept.get(capacity_class, 0) + self.common)

    def bound(self, capacity_class: str) -> int | None:
        """How many slots this class may still take where shares of other classes stand in the way; nothing where none
        does. Whether the hours themselves are free is not known here."""
        others = sum(slots for each, slots in self.kept.items() if each != capacity_class)
        return self.places(capacity_class) if self.free and others else None

    def admits(self, capacity_class: str, slots: int) -> bool:
        """True unless shares of other classes stand in the way."""
        bound = self.bound(capacity_class)
        return bound is None or slots <= bound


def shares(slots: Mapping[str, int], releases: Mapping[str, Release], day: date, zone: ZoneInfo) -> tuple[Share, ...]:
    """The shares of a session of that day. A class without a rule of release keeps its share until the end."""
    return tuple(
        Share(each, count, releases[each].instant(day, zone) if each in releases else None)
        for each, count in sorted(slots.items())
        if count
    )


def first_release(shares: Iterable[Share], after: datetime) -> datetime | None:
    """The next instant, later than `after`, at which a share is released."""
    coming = (share.release_at for share in shares if share.release_at is not None and share.release_at > after)
    return min(coming, default=None)


def room(period: Interval, grid: timedelta, shares: Sequence[Share], taken: Iterable[Taken], now: datetime) -> Room:
    """What is left at `now` of a session of this period and grid. Slots that have begun are lost to everybody."""
    taken = list(taken)
    free = _free_slots(period, grid, taken, now)
    used = Counter[str]()
    for each in taken:
        used[each.capacity_class] += slots_of(each.period.length, grid)
    kept = {
        share.capacity_class: max(0, share.slots - used[share.capacity_class]) for share in shares if share.keeps(now)
    }
    return Room(free, kept)


def has_room(
    period: Interval,
    grid: timedelta,
    shares: Sequence[Share],
    taken: Iterable[Taken],
    wanted: str,
    duration: timedelta,
    now: datetime,
) -> bool:
    """True unless what is left is kept for other classes than `wanted` at `now`. Looks at no hour: whether a slot is
    free is asked elsewhere."""
    return room(period, grid, shares, taken, now).admits(wanted, slots_of(duration, grid))


def released(
    period: Interval, grid: timedelta, shares: Sequence[Share], taken: Iterable[Taken], since: datetime, now: datetime
) -> list[tuple[Share, int]]:
    """The shares released from `since` to `now`, both included, each with what it still kept then, in slots."""
    taken = list(taken)
    due = [each for each in shares if each.release_at is not None and since <= each.release_at <= now]
    untold = [replace(each, release_at=None) if each in due else each for each in shares]
    left = room(period, grid, untold, taken, now)
    return [(each, left.kept[each.capacity_class]) for each in due if left.kept[each.capacity_class]]


def slots_of(duration: timedelta, grid: timedelta) -> int:
    """How many slots an appointment takes: the last one may be taken in part, and is lost as a whole."""
    return -(-duration // grid)


def _free_slots(period: Interval, grid: timedelta, taken: Iterable[Taken], now: datetime) -> int:
    """Whole slots of the grid that have not begun and that nothing meets."""
    busy = [each.period for each in taken]
    starts = (period.start + n * grid for n in range(period.length // grid))
    slots = (Interval(start, start + grid) for start in starts if start >= now)
    return sum(not any(slot.overlaps(each) for each in busy) for slot in slots)
