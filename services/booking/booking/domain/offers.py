"""One exclusive offer at a time: how long somebody has to answer, and when an offer is made at all.

The clock of an offer runs only while the centre can be reached: hours of patience are counted within the reachable
hours of the site, a whole day of patience ends at the same hour of the next reachable day. So no deadline falls in
the night, and nobody loses a place for having slept.
"""

from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.domain.intervals import Interval
from booking.domain.local_time import instant, local_day

_DAY = timedelta(days=1)
_LONGEST_CLOSURE = 400  # days; a calendar closed for longer is a fault of settings


class OfferState(StrEnum):
    RUNNING = "running"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LATER = "later"  # not this one, and nothing more today
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"  # the place could not be kept, or the patient has left the list


@dataclass(frozen=True, slots=True)
class Offer:
    """A place held for one person on the list until `answer_by`; `appointment` is the hold."""

    id: UUID
    territory: str
    entry: UUID
    patient: UUID
    appointment: UUID
    site: UUID
    session: UUID
    professional: UUID
    kind: str
    period: Interval
    offered_at: datetime
    answer_by: datetime
    replaces: UUID | None = None  # what accepting gives back, as known when the offer was made
    state: OfferState = OfferState.RUNNING


@dataclass(frozen=True, slots=True)
class OfferRules:
    """The figures of offers; see the table of settings in the service's README."""

    patience: tuple[tuple[int, timedelta], ...] = (
        (7, timedelta(hours=24)),
        (2, timedelta(hours=4)),
        (1, timedelta(hours=1)),
        (0, timedelta(minutes=15)),
    )  # (days ahead on the calendar, time to answer), the longest first
    margin: timedelta = timedelta(minutes=30)  # between the deadline and the appointment: time to come
    per_day: int = 3  # offers to one person on one day
    days_ahead: int = 42  # places farther ahead are not offered
    opens: time = time(8)
    closes: time = time(20)
    weekdays: frozenset[int] = frozenset({1, 2, 3, 4, 5, 6})


@dataclass(frozen=True, slots=True)
class Reachable:
    """When a site answers and its patients may be disturbed: `[opens, closes)` of its clock on some weekdays."""

    zone: ZoneInfo
    opens: time
    closes: time
    weekdays: frozenset[int]
    days_off: Container[date] = frozenset()

    def at(self, moment: datetime) -> bool:
        local = moment.astimezone(self.zone)
        return self._is_day(local.date()) and self.opens <= local.time() < self.closes

    def from_(self, moment: datetime) -> datetime:
        """`moment` itself when reachable, else the next opening; UTC."""
        if self.at(moment):
            return moment.astimezone(UTC)
        local = moment.astimezone(self.zone)
        day = local.date() if local.time() < self.opens else local.date() + _DAY
        return instant(self._day(day), self.opens, self.zone)

    def after(self, moment: datetime, patience: timedelta) -> datetime:
        """The instant at which `patience` is over for somebody asked at `moment`; always in, or at the end of,
        reachable hours."""
        days, rest = divmod(patience, _DAY)
        until = self.from_(moment)
        for _ in range(days):
            until = self._same_hour_next_day(until)
        while rest > (left := self._closing(until) - until):
            rest -= left
            until = self.from_(self._closing(until))
        return until + rest

    def _same_hour_next_day(self, moment: datetime) -> datetime:
        local = moment.astimezone(self.zone)
        return instant(self._day(local.date() + _DAY), local.time(), self.zone)

    def _closing(self, moment: datetime) -> datetime:
        return instant(local_day(moment, self.zone), self.closes, self.zone)

    def _is_day(self, day: date) -> bool:
        return day.isoweekday() in self.weekdays and day not in self.days_off

    def _day(self, day: date) -> date:
        for _ in range(_LONGEST_CLOSURE):
            if self._is_day(day):
                return day
            day += _DAY
        raise ValueError("no day is ever reachable")


def deadline(start: datetime, now: datetime, rules: OfferRules, reachable: Reachable) -> datetime | None:
    """By when somebody asked at `now` must answer for a place that starts at `start`: the longest patience for places
    that far ahead which leaves the margin before the start. Nothing when none does: the place is everybody's."""
    ahead = (local_day(start, reachable.zone) - local_day(now, reachable.zone)).days
    for days, patience in rules.patience:
        if days > ahead:
            continue
        answer_by = reachable.after(now, patience)
        if answer_by + rules.margin <= start:
            return answer_by
    return None


def too_far(start: datetime, now: datetime, rules: OfferRules) -> bool:
    """True for a place that is too far ahead to be offered one person at a time."""
    return start - now > timedelta(days=rules.days_ahead)


def next_day(moment: datetime, zone: ZoneInfo) -> datetime:
    """Midnight after `moment` on the clock of `zone`: until then somebody who said "later" is left alone."""
    return instant(local_day(moment, zone) + _DAY, time(), zone)
