"""The kinds in force in a territory, kept by each process for some seconds: a booking pays no round trip for them.

A change counts from tomorrow at the earliest, so that a reading some seconds old decides nothing; a kind nobody has
heard of yet is looked for again before it is refused.
"""

import time
from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

from booking.domain.appointments import Appointment
from booking.domain.eligibility import sorted_out
from booking.domain.intervals import Interval
from booking.domain.kinds import Kind, KindBook
from booking.domain.local_time import cut, local_day
from booking.domain.people import Site
from booking.domain.rules import Rules
from booking.problems import KIND_UNKNOWN
from booking.store import kinds, projections
from smp.postgres import Reader, ScopedReader
from smp.problems import Refusal

_FRESH_SECONDS = 5.0

Part = tuple[Kind, Interval]
"""A version of a kind, and the part of a window in which it counts."""


async def book_of(db: Reader, rules: Rules, territory: str) -> KindBook:
    """The kinds of a territory, read less than some seconds ago."""
    kept = rules.kinds.kept(territory, time.monotonic() - _FRESH_SECONDS)
    return kept or await read_book(db, rules, territory)


async def read_book(db: Reader, rules: Rules, territory: str) -> KindBook:
    """The kinds of a territory as they stand now."""
    at = time.monotonic()
    return rules.kinds.keep(territory, await kinds.decided(db, territory), at)


async def kind_on(db: Reader, rules: Rules, code: str, territory: str, day: date) -> Kind:
    """The kind in force in that territory on that day. Raises Refusal: KIND_UNKNOWN."""
    kind = (await book_of(db, rules, territory)).on(code, day)
    if kind is None:
        kind = (await read_book(db, rules, territory)).on(code, day)
    if kind is None:
        raise Refusal(KIND_UNKNOWN)
    return kind


async def kinds_in(db: Reader, code: str, window: Interval, site: Site, rules: Rules) -> list[Part]:
    """The versions of a kind that are in force in a window, each with its part of it. Raises Refusal: KIND_UNKNOWN."""
    last = local_day(window.end - timedelta.resolution, site.zone)
    await kind_on(db, rules, code, site.territory, last)  # looks again for one that is not known here
    book = await book_of(db, rules, site.territory)
    parts = cut(window, book.changes(code), site.zone)
    versions = ((book.on(code, local_day(part.start, site.zone)), part) for part in parts)
    return [(kind, part) for kind, part in versions if kind is not None]


async def where_all_may(db: ScopedReader, parts: list[Part], patients: Iterable[UUID], site: Site) -> list[Part]:
    """Without the days on which one of the patients may not have the kind."""
    for patient in patients:
        parts, _ = sorted_out(parts, await projections.eligibility_of(db, patient) or (), site.zone)
    return parts


async def kind_of(db: Reader, rules: Rules, booked: Appointment) -> Kind:
    """The kind as the appointment keeps it. Raises Refusal: KIND_UNKNOWN."""
    code, version = booked.kind, booked.kind_version
    kind = (await book_of(db, rules, booked.territory)).as_booked(code, version)
    if kind is None:
        kind = (await read_book(db, rules, booked.territory)).as_booked(code, version)
    if kind is None:
        raise Refusal(KIND_UNKNOWN)
    return kind
