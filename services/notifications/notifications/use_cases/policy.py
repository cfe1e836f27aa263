"""The dated configuration that use cases work by, made from settings at start."""

from dataclasses import dataclass, field
from datetime import time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

from notifications.domain.hours import TextingHours
from notifications.domain.messages import Patience, Retry
from notifications.domain.planning import Rules
from smp.logging import log


@dataclass(frozen=True, slots=True)
class Policy:
    """See `settings.py` for what each value means to whoever runs the service."""

    opens: time = time(8)
    closes: time = time(20)
    weekdays: frozenset[int] = frozenset({1, 2, 3, 4, 5, 6})
    default_zone: str = "Europe/Paris"
    reminder_lead: timedelta = timedelta(hours=48)
    reminder_at_least: timedelta = timedelta(hours=24)
    horizon: timedelta = timedelta(hours=72)
    unanswered: timedelta = timedelta(hours=72)
    kept: timedelta = timedelta(days=180)
    retry: Retry = field(default=Retry(first_pause=2.0, longest_pause=900.0))
    patience: Patience = field(default=Patience(timedelta(hours=24), timedelta(minutes=30)))
    wait_for_others: timedelta = timedelta(minutes=10)
    lease: timedelta = timedelta(seconds=60)
    begin_within: timedelta = timedelta(seconds=10)
    doubt: timedelta = timedelta(seconds=15)
    parallel: int = 16

    def rules(self, zone: str | None, subdivision: str | None) -> Rules:
        """The rules of one site; a site not known yet is taken to be in the default zone."""
        hours = TextingHours(
            zone=_zone(zone or self.default_zone, self.default_zone),
            opens=self.opens,
            closes=self.closes,
            weekdays=self.weekdays,
            holidays=_calendar(subdivision),
        )
        return Rules(hours, self.reminder_lead, self.reminder_at_least)


@cache
def _zone(name: str, default: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        log.error("unknown time zone", zone=name, used=default)
        return ZoneInfo(default)


@cache
def _calendar(subdivision: str | None) -> holidays.HolidayBase:
    """Public holidays, any year; those of the nation where the subdivision has no calendar of its own."""
    for name in (subdivision, f"La {subdivision}"):
        try:
            return holidays.country_holidays("FR", subdiv=name)
        except NotImplementedError:
            continue
    log.error("unknown holiday calendar", subdivision=subdivision, used="national")
    return holidays.country_holidays("FR")
