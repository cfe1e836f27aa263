"""Presence of part-timers against what was agreed: counters, and what a new session exceeds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.domain.presence import (
    Half,
    HalfDay,
    OverCap,
    PresencePlan,
    count_by_week,
    count_by_year,
    half_days,
    in_force,
    over_caps,
    unwished,
    whole_years_around,
)
from booking.domain.sessions import Session
from booking.store import presence, sessions
from smp.postgres import Transaction

OVER_WEEKLY_CAP, OVER_YEARLY_CAP, NOT_A_WISHED_DAY = "over-weekly-cap", "over-yearly-cap", "not-a-wished-day"


@dataclass(frozen=True, slots=True)
class Excess:
    """What was not agreed: weeks and years over the cap, days that were not wished for."""

    over: tuple[OverCap, ...] = ()
    unwished: tuple[date, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        codes = [OVER_WEEKLY_CAP if "W" in each.period else OVER_YEARLY_CAP for each in self.over]
        return tuple(dict.fromkeys([*codes, *([NOT_A_WISHED_DAY] if self.unwished else [])]))


NO_EXCESS = Excess()


@dataclass(frozen=True, slots=True)
class Counter:
    """Half-days of a professional by ISO week and civil year, at every site, and what is agreed for the last day."""

    professional: UUID
    weeks: dict[str, int]
    years: dict[str, int]
    plan: PresencePlan | None
    over: tuple[OverCap, ...]


async def excess_of(tx: Transaction, professional: UUID, opened: Sequence[Session], zone: ZoneInfo) -> Excess:
    """How far sessions that were just opened or changed go beyond what was agreed, other sessions counted too."""
    plans = (await presence.plans(tx, [professional])).get(professional)
    if not plans or not opened:
        return NO_EXCESS
    touched = {half for session in opened for half in half_days(session.period, zone)}
    days = [session.day for session in opened]
    present = (await _present(tx, [professional], *whole_years_around(min(days), max(days)))).get(professional, set())
    periods = {each.week for each in touched} | {each.year for each in touched}
    over = tuple(each for each in over_caps(plans, present) if each.period in periods)
    return Excess(over, tuple(unwished(plans, days)))


async def over_from(tx: Transaction, professional: UUID, first: date) -> tuple[OverCap, ...]:
    """The weeks from that day on, its year and the next one, with more open already than is agreed."""
    last = date(first.year + 1, 12, 31)
    plans = (await presence.plans(tx, [professional])).get(professional, ())
    present = await _present(tx, [professional], *whole_years_around(first, last))
    halves = present.get(professional, set())
    to_come = [HalfDay(first, Half.MORNING), *(each for each in halves if each.day >= first)]
    periods = {each.week for each in to_come} | {each.year for each in to_come}
    return tuple(each for each in over_caps(plans, halves) if each.period in periods)


async def counters(tx: Transaction, site: UUID, first: date, last: date) -> list[Counter]:
    """Of everybody who receives at a site between two days or has agreed something there; whole weeks and years."""
    window = _window(first, last)
    people = sorted(await sessions.professionals_at(tx, site, *window) | await presence.planned_at(tx, site))
    plans = await presence.plans(tx, people)
    present = await _present(tx, people, *whole_years_around(first, last))
    return [_counter(who, present.get(who, set()), plans.get(who, ()), first, last) for who in people]


def _counter(who: UUID, present: set[HalfDay], plans: Sequence[PresencePlan], first: date, last: date) -> Counter:
    days = [HalfDay(first + timedelta(days=n), Half.MORNING) for n in range((last - first).days + 1)]
    weeks, years = {each.week for each in days}, {each.year for each in days}
    over = over_caps(plans, present) if plans else []
    return Counter(
        who,
        {week: count for week, count in count_by_week(present).items() if week in weeks},
        {year: count for year, count in count_by_year(present).items() if year in years},
        in_force(plans, last) if plans else None,
        tuple(each for each in over if each.period in weeks | years),
    )


async def _present(tx: Transaction, professionals: Iterable[UUID], first: date, last: date) -> dict[UUID, set[HalfDay]]:
    present: dict[UUID, set[HalfDay]] = {}
    for who, period, zone in await sessions.presence(tx, professionals, *_window(first, last)):
        present.setdefault(who, set()).update(each for each in half_days(period, zone) if first <= each.day <= last)
    return present


def _window(first: date, last: date) -> tuple[datetime, datetime]:
    """A day of margin on both sides: the days are those of each site's calendar."""
    start, end = (datetime.combine(day, time(), UTC) for day in (first, last))
    return start - timedelta(days=1), end + timedelta(days=2)
