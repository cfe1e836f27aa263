"""The agendas of sites, kept in memory by each process and true at every search.

A search first asks the database, in one short statement, what was committed since the last time; whatever was booked,
given back, opened or changed by any process is then looked at again, and nothing else is read. An agenda is kept for
four weeks at a time. The database's own snapshots say what was already seen, so that a late commit is never missed.

Sessions of interns are kept without supervision: it depends on what other interns do, and is asked for live.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from booking.domain.agenda import Line, in_order
from booking.domain.availability import Presence
from booking.domain.intervals import Interval
from booking.domain.minutes import MINUTE, instant_of, minute_of
from booking.domain.sessions import LONGEST_SESSION, Session
from booking.domain.travel import Distances, Elsewhere, Travel
from booking.store import agendas as store
from booking.store.agendas import Changes, Taken
from smp.postgres import Database, Scope, Transaction

KEPT_SECONDS = 300.0  # an agenda that nobody asked for is forgotten rather than followed
CHANGES_KEPT = timedelta(hours=1)  # more than any process may be behind

_WEEKS = timedelta(weeks=4)
_BLOCK = _WEEKS // MINUTE
_LONGEST_WAY = timedelta(hours=4)  # site_distance_minutes
_NOTHING = Taken((), ())

Key = tuple[UUID, int]
"""A site and the number of four weeks since 1970."""


@dataclass(slots=True)
class _Block:
    """Sessions of a site that start in four weeks."""

    lines: list[Line]
    professionals: frozenset[UUID]
    by_resource: dict[int, list[Line]] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: Sequence[Line]) -> "_Block":
        block = cls(list(lines), frozenset(line.session.professional for line in lines))
        for line in lines:
            for resource in line.session.resources:
                block.by_resource.setdefault(resource.number, []).append(line)
        return block


class Agendas:
    """What one process keeps."""

    def __init__(self, default_way: timedelta, kept: int = 400) -> None:
        self._default_way = default_way
        self._kept = kept
        self._blocks: OrderedDict[Key, _Block] = OrderedDict()
        self._distances = Distances(default=default_way)
        self._snapshot: str | None = None
        self._looked_at = 0.0
        self._lock = asyncio.Lock()
        self._begun = self._done = 0

    async def of(self, tx: Transaction, sites: Collection[UUID], window: Interval) -> dict[UUID, list[Line]]:
        """The lines of each site that matter to a search in that window, `in_order`, as they stand now, whatever the
        territories of `tx`, which must not have written anything yet: others would see what may be rolled back."""
        numbers = _numbers(window)
        await self._refresh(tx, [(site, number) for site in sites for number in numbers])
        return {site: [line for n in numbers for line in self._blocks[(site, n)].lines] for site in sites}

    async def distances(self, tx: Transaction) -> Distances:
        """How far sites are from each other, as it stands now."""
        await self._refresh(tx, [])
        return self._distances

    async def _refresh(self, tx: Transaction, wanted: Collection[Key]) -> None:
        """See all that was committed before the call. Searches that arrive together look once."""
        arrived = self._begun
        async with self._lock:
            missing = [key for key in wanted if key not in self._blocks]
            if self._done <= arrived or missing:
                self._begun += 1
                scope = tx.scope
                await tx.rescope(Scope.everywhere())
                await self._follow(tx)
                await self._load(tx, [key for key in wanted if key not in self._blocks])
                await tx.rescope(scope)
                self._done = self._begun
            for key in wanted:
                self._blocks.move_to_end(key)
            while len(self._blocks) > max(self._kept, len(wanted)):
                self._blocks.popitem(last=False)

    async def _follow(self, tx: Transaction) -> None:
        now = time.monotonic()
        if self._snapshot is None or now - self._looked_at > KEPT_SECONDS:
            self._blocks.clear()
            self._snapshot = await store.snapshot(tx)
            self._distances = await store.distances(tx, self._default_way)
        else:
            changes = await store.changes(tx, self._snapshot)
            try:
                await self._look_again(tx, changes)
            except BaseException:
                self._snapshot = None  # some of it may have been looked at and some not
                raise
            self._snapshot = changes.snapshot
        self._looked_at = now

    async def _look_again(self, tx: Transaction, changes: Changes) -> None:
        for key, block in list(self._blocks.items()):
            if key[0] in changes.sites or not changes.professionals.isdisjoint(block.professionals):
                del self._blocks[key]
        if changes.sites:
            self._distances = await store.distances(tx, self._default_way)
        if changes.resources:
            await self._take(tx, self._met(changes.resources))

    def _met(self, resources: Iterable[tuple[int, Interval]]) -> list[Line]:
        """The lines that something of it happened to."""
        met = {
            id(line): line
            for number, period in resources
            for block in self._blocks.values()
            for line in block.by_resource.get(number, ())
            if line.session.period.overlaps(period)
        }
        return list(met.values())

    async def _load(self, tx: Transaction, missing: Sequence[Key]) -> None:
        for number in sorted({number for _, number in missing}):
            sites = [site for site, each in missing if each == number]
            start = instant_of(number * _BLOCK)
            found = await store.sessions_starting(tx, sites, start, start + _WEEKS)
            margin = LONGEST_SESSION + _LONGEST_WAY
            whose = {session.professional for session in found}
            presence = await store.presence_of(tx, whose, start - margin, start + _WEEKS + margin)
            lines = await self._lines(tx, found, Travel(tuple(presence), self._distances))
            for site in sites:
                self._blocks[(site, number)] = _Block.of(in_order(each for each in lines if each.session.site == site))

    async def _lines(self, tx: Transaction, found: Sequence[Session], travel: Travel) -> list[Line]:
        by_person = _by_person(travel)
        lines = [Line.of(each, Presence.alone(each, by_person[each.professional])) for each in found]
        await self._take(tx, lines)
        return lines

    async def _take(self, tx: Transaction, lines: Sequence[Line]) -> None:
        """Read what is taken of these lines."""
        if not lines:
            return
        taken = await store.taken(tx, [line.session.id for line in lines])
        for line in lines:
            busy = taken.get(line.session.id, _NOTHING)
            line.take(busy.practitioner, busy.room)


async def forget_changes(database: Database) -> None:
    """Throw away what no process follows any more."""
    async with database.transaction(Scope.everywhere()) as tx:
        await store.forget_changes(tx, CHANGES_KEPT)


def _numbers(window: Interval) -> range:
    """The blocks whose sessions may matter: those that start before the window and those that partners are in."""
    first = minute_of(window.start - 2 * LONGEST_SESSION) // _BLOCK
    return range(first, minute_of(window.end + LONGEST_SESSION) // _BLOCK + 1)


def _by_person(travel: Travel) -> dict[UUID, Travel]:
    """The same, for each professional alone."""
    whose: dict[UUID, list[Elsewhere]] = {}
    for each in travel.elsewhere:
        whose.setdefault(each.professional, []).append(each)
    return {who: Travel(tuple(each), travel.distances) for who, each in whose.items()}
