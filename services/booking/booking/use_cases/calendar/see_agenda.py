"""What people see of the agenda: sessions, rules, what is closed, and the days that have no session."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeVar
from uuid import UUID

from booking.domain.compartments import sees_offer
from booking.domain.intervals import Interval
from booking.domain.kinds import KindBook
from booking.domain.local_time import whole_day
from booking.domain.people import Site
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.problems import PERIOD_TOO_LONG, SITE_UNKNOWN
from booking.store import closures, projections, sessions
from booking.store import rules as rule_store
from booking.store.closures import Closure
from booking.store.rules import Series, SkippedOf, StoredRule
from booking.store.sessions import StoredSession
from booking.use_cases.calendar.presence import Counter, counters
from booking.use_cases.kinds.kind_book import book_of
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal

LONGEST_DAYS = 366

Offer = TypeVar("Offer", Session, StoredRule)


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


async def see_sessions(tx: Transaction, days: Days, rules: Rules, *, reader: Actor) -> AgendaSeen:
    """Open sessions, cancelled ones if asked, only unsupported ones if asked; without the silent kinds that this reader
    may not know of.

    Raises Refusal: SITE_UNKNOWN, PERIOD_TOO_LONG.
    """
    site = await _site(tx, days)
    book = await book_of(tx, rules, site.territory)
    found = await sessions.between(
        tx, days.site, days.first, days.last, days.professional, cancelled=days.cancelled, flagged=days.unsupported
    )
    skipped = await rule_store.skipped(tx, days.site, days.first, days.last, days.professional)
    seen = [replace(each, session=_without_silent(each.session, each.session.day, book, reader)) for each in found]
    return AgendaSeen(seen, () if days.unsupported else skipped)


async def see_rules(tx: Transaction, site: UUID, rules: Rules, *, reader: Actor) -> list[Series]:
    """The rules of a site, without the silent kinds that this reader may not know of. Raises Refusal: SITE_UNKNOWN."""
    known = await projections.site(tx, site)
    if known is None:
        raise Refusal(SITE_UNKNOWN)
    book = await book_of(tx, rules, known.territory)
    return [
        Series(tuple(_without_silent(each, each.from_day, book, reader) for each in series.versions))
        for series in await rule_store.at(tx, site)
    ]


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


def _without_silent(it: Offer, day: date, book: KindBook, reader: Actor) -> Offer:
    kinds = {code: book.on(code, day) for code in it.kinds}
    told = {
        code
        for code, kind in kinds.items()
        if kind is None or sees_offer(kind.compartment, it.professional, reader.roles, reader.subject)
    }
    return replace(it, kinds=frozenset(told))


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
