"""What people see of the agenda: sessions, rules, what is closed, and the days that have no session."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from booking.domain.intervals import Interval
from booking.domain.local_time import whole_day
from booking.domain.people import Site
from booking.problems import PERIOD_TOO_LONG, SITE_UNKNOWN
from booking.store import closures, projections, sessions
from booking.store import rules as rule_store
from booking.store.closures import Closure
from booking.store.rules import Series, SkippedOf
from booking.store.sessions import StoredSession
from booking.use_cases.calendar.presence import Counter, counters
from smp.postgres import Transaction
from smp.problems import Refusal

LONGEST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Days:
    """From a day to another, both included, of a site; of one professional when named."""

    site: UUID
    first: date
    last: date
    professional: UUID | None = None
    cancelled: bool = False
    unsupported: bool = False


@dataclass(frozen=True, slots=True)
class AgendaSeen:
    """Sessions in order of hour; what rules skip, in order of day."""

    sessions: Sequence[StoredSession]
    skipped: Sequence[SkippedOf]


async def see_sessions(tx: Transaction, days: Days) -> AgendaSeen:
    """Open sessions, cancelled ones if asked, only unsupported ones if asked.

    Raises Refusal: SITE_UNKNOWN, PERIOD_TOO_LONG.
    """
    await _site(tx, days)
    found = await sessions.between(
        tx, days.site, days.first, days.last, days.professional, cancelled=days.cancelled, flagged=days.unsupported
    )
    skipped = await rule_store.skipped(tx, days.site, days.first, days.last, days.professional)
    return AgendaSeen(found, () if days.unsupported else skipped)


async def see_rules(tx: Transaction, site: UUID) -> list[Series]:
    """Raises Refusal: SITE_UNKNOWN."""
    if await projections.site(tx, site) is None:
        raise Refusal(SITE_UNKNOWN)
    return await rule_store.at(tx, site)


async def see_closures(tx: Transaction, days: Days) -> list[Closure]:
    """Raises Refusal: SITE_UNKNOWN, PERIOD_TOO_LONG."""
    return await closures.closures_of(tx, [days.site], await _window(tx, days))


async def see_absences(tx: Transaction, days: Days) -> list[Closure]:
    """Of those who work at the site. Raises Refusal: SITE_UNKNOWN, PERIOD_TOO_LONG."""
    return await closures.absences_at(tx, days.site, await _window(tx, days))


async def see_presence(tx: Transaction, days: Days) -> list[Counter]:
    """Counters of half-days. Raises Refusal: SITE_UNKNOWN, PERIOD_TOO_LONG."""
    await _site(tx, days)
    return await counters(tx, days.site, days.first, days.last)


async def _window(tx: Transaction, days: Days) -> Interval:
    site = await _site(tx, days)
    return Interval(whole_day(days.first, site.zone).start, whole_day(days.last, site.zone).end)


async def _site(tx: Transaction, days: Days) -> Site:
    if not days.first <= days.last <= days.first + timedelta(days=LONGEST_DAYS):
        raise Refusal(PERIOD_TOO_LONG, days=LONGEST_DAYS)
    site = await projections.site(tx, days.site)
    if site is None:
        raise Refusal(SITE_UNKNOWN)
    return site
