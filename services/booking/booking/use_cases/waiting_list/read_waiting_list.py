"""The list as it stands: who comes when, what is on offer, and why one comes before another."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking import problems
from booking.domain.explaining import Explanation, explain
from booking.domain.kinds import Compartment
from booking.domain.local_time import local_day
from booking.domain.offers import Offer
from booking.domain.waiting_list import Entry, in_order
from booking.store import offers, projections, waiting_list
from booking.use_cases.access import require_one_site, sees_entry
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a site's list. `rank` counts from 1 over all that the reader is shown; who may not know sees only
    that somebody waits, and of what is silent nothing. `waits_for_nobody`: no site, or no professional, that is wished
    for receives any more, so that other wishes are to be agreed."""

    rank: int
    entry: Entry
    offer: Offer | None
    is_veiled: bool
    waits_for_nobody: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines in order; `following` is the entry to read on after, nothing at the end. `waits_for_nobody` counts
    them on all lists of the territory: nobody looks at that of a site which has closed."""

    lines: Sequence[Line]
    total: int
    following: UUID | None
    waits_for_nobody: Mapping[UUID, int]


async def waiting_list_of(
    tx: Transaction, site: UUID, after: UUID | None, limit: int, *, actor: Actor, now: datetime
) -> Page:
    """Who waits at a site, in the order in which places are offered.

    Raises Refusal: SITE_UNKNOWN, ENTRY_UNKNOWN when `after` is not on the list any more.
    """
    where = await projections.site(tx, site)
    if where is None:
        raise Refusal(problems.SITE_UNKNOWN)
    today = local_day(now, where.zone)
    ordered = in_order(_shown(await waiting_list.waiting_at(tx, site, today), actor))
    for_nobody = _shown(await waiting_list.for_nobody(tx, where.territory, today), actor)
    hopeless = {entry.id for entry in for_nobody}
    first = _behind(ordered, after)
    shown = ordered[first : first + limit]
    running = await offers.running(tx, [entry.id for entry in shown])
    lines = [
        Line(rank, entry, running.get(entry.id), not sees_entry(actor, entry), entry.id in hopeless)
        for rank, entry in enumerate(shown, start=first + 1)
    ]
    more = first + limit < len(ordered)
    by_site = Counter(each for entry in for_nobody for each in entry.wishes.sites)
    return Page(lines, len(ordered), shown[-1].id if more else None, by_site)


def _shown(entries: Iterable[Entry], actor: Actor) -> list[Entry]:
    return [each for each in entries if each.compartment is not Compartment.SILENT or sees_entry(actor, each)]


def _behind(ordered: Sequence[Entry], after: UUID | None) -> int:
    if after is None:
        return 0
    for position, entry in enumerate(ordered, start=1):
        if entry.id == after:
            return position
    raise Refusal(problems.ENTRY_UNKNOWN)


@dataclass(frozen=True, slots=True)
class Dossier:
    """An entry with every offer that was made to it, oldest first."""

    entry: Entry
    offers: Sequence[Offer]


async def read_entry(tx: Transaction, id: UUID, *, actor: Actor, now: datetime) -> Dossier:
    """Raises Refusal: ENTRY_UNKNOWN, FORBIDDEN. To who may not know, the entry does not exist."""
    entry = await _visible(tx, id, actor, now)
    return Dossier(entry, await offers.of_entry(tx, id))


async def explain_order(tx: Transaction, first: UUID, second: UUID, *, actor: Actor, now: datetime) -> Explanation:
    """Why one comes before the other, as things stand today. Raises Refusal: ENTRY_UNKNOWN, FORBIDDEN."""
    return explain(await _visible(tx, first, actor, now), await _visible(tx, second, actor, now))


async def _visible(tx: Transaction, id: UUID, actor: Actor, now: datetime) -> Entry:
    entry = await waiting_list.get(tx, id, now.date())
    if entry is None or not sees_entry(actor, entry):
        raise Refusal(problems.ENTRY_UNKNOWN)
    require_one_site(actor, entry.wishes.sites)
    return entry
