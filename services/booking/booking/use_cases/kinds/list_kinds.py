"""The kinds of a territory on a day."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from booking.domain.kinds import Kind
from booking.domain.local_time import local_day
from booking.domain.rules import Rules
from booking.problems import SITE_UNKNOWN
from booking.store import projections
from booking.use_cases.kinds.kind_book import read_book
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class KindsOfDay:
    """The kinds in force on a day, and the versions decided for later days, soonest first."""

    on: date
    kinds: list[Kind]
    later: list[Kind]


async def list_kinds(tx: Transaction, site: UUID, on: date | None, rules: Rules, now: datetime) -> KindsOfDay:
    """On the day named, else on the site's today. Raises Refusal: SITE_UNKNOWN."""
    found = await projections.site(tx, site)
    if found is None:
        raise Refusal(SITE_UNKNOWN)
    day = on or local_day(now, found.zone)
    book = await read_book(tx, rules, found.territory)
    return KindsOfDay(day, book.all_on(day), book.after(day))
