"""When a text may leave: the centre's own quiet hours, in the local time of the site."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

ALWAYS_WITHIN_DAYS = 400
"""A calendar without an allowed day in more than a year is a fault of settings, not a quiet period."""


@dataclass(frozen=True, slots=True)
class TextingHours:
    """Texts leave in [opens, closes) on `weekdays` (ISO, 1 = Monday) that are not holidays."""

    zone: tzinfo
    opens: time = time(8)
    closes: time = time(20)
    weekdays: frozenset[int] = frozenset({1, 2, 3, 4, 5, 6})
    holidays: Container[date] = frozenset()

    def local_date(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def is_day(self, day: date) -> bool:
        return day.isoweekday() in self.weekdays and day not in self.holidays

    def allows(self, moment: datetime) -> bool:
        local = moment.astimezone(self.zone)
        return self.is_day(local.date()) and self.opens <= local.time() < self.closes

    def next_allowed(self, moment: datetime) -> datetime:
        """`moment` itself when allowed, else the next opening. UTC. Raises ValueError if no day is ever allowed."""
        if self.allows(moment):
            return moment.astimezone(UTC)
        local = moment.astimezone(self.zone)
        day = local.date() if local.time() < self.opens else local.date() + timedelta(days=1)
        return self._at(self._day(day, step=1), self.opens)

    def last_allowed(self, moment: datetime) -> datetime:
        """`moment` itself when allowed, else the same hour, kept inside the hours, on the last allowed day before."""
        if self.allows(moment):
            return moment.astimezone(UTC)
        local = moment.astimezone(self.zone)
        clock = min(max(local.time(), self.opens), self._last_minute())
        day = local.date() if local.time() >= self.closes else local.date() - timedelta(days=1)
        return self._at(self._day(day, step=-1), clock)

    def _day(self, day: date, step: int) -> date:
        for _ in range(ALWAYS_WITHIN_DAYS):
            if self.is_day(day):
                return day
            day += timedelta(days=step)
        raise ValueError("no day is ever allowed for texts")

    def _at(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.zone).astimezone(UTC)

    def _last_minute(self) -> time:
        return (datetime.combine(date.min, self.closes) - timedelta(minutes=1)).time()
