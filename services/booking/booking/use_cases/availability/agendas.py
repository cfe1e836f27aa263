"""The agendas of sites, kept in memory by each process and true at every search.

A search first asks the database, in one short statement, what was committed since the last time; whatever was booked,
given back, opened or changed by any process is then looked at again, and nothing else is read. Agendas are kept by
weeks. The database's own snapshots say what was already seen, so that a late commit is never missed.

Sessions of interns are kept without supervision: it depends on what other interns do, and is asked for live.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from booking.domain.agenda import Line
from booking.domain.availability import Presence
from booking.domain.intervals import Interval
from booking.domain.minutes import MINUTE, instant_of, minute_of
from booking.domain.pages import Page
from booking.domain.sessions import LONGEST_SESSION, Session
from booking.domain.travel import NOWHERE_ELSE, Distances, Elsewhere, Travel
from booking.store import agendas as store
from booking.store.agendas import Changes, Taken
from smp.postgres import Database, Scope, ScopedReader

KEPT_SECONDS = 300.0  # an agenda that nobody asked for is forgotten rather than followed
CHANGES_KEPT = timedelta(hours=1)  # more than any process may be behind

_WEEK = timedelta(weeks=1)
_MINUTES = _WEEK // MINUTE
_TOGETHER = 10  # sites read at once: a search that is given up has not read for nothing
_LONGEST_WAY = timedelta(hours=4)  # site_distance_minutes
_NOTHING = Taken((), ())

Key = tuple[UUID, int]
"""A site and the number of a week since 1970."""


class Agendas:
    """What one process keeps."""

    def __init__(self, default_way: timedelta, kept: int = 2000) -> None:
        self._default_way = default_way
        self._kept = kept
        self._pages: OrderedDict[Key, Page] = OrderedDict()
        self._distances = Distances(default=default_way)
        self._snapshot: str | None = None
        self._looked_at = 0.0
        self._lock = asyncio.Lock()
        self._begun = self._done = 0

    async def of(
        self, db: ScopedReader, sites: Collection[UUID], window: Interval, *, in_passing: bool = False
    ) -> dict[UUID, list[Page]]:
        """The pages of each site that matter to a search in that window, in order, as they stand now, whatever the
        territories of `db`, which must not have written anything yet: others would see what may be rolled back.
        `in_passing`: what is read for it is kept while there is room, and puts nothing out of memory."""
        numbers = _numbers(window)
        pages = await self._refresh(db, [(site, number) for site in sites for number in numbers], in_passing=in_passing)
        return {site: [pages[(site, number)] for number in numbers] for site in sites}

    async def distances(self, db: ScopedReader) -> Distances:
        """How far sites are from each other, as it stands now."""
        await self._refresh(db, [])
        return self._distances

    async def _refresh(self, db: ScopedReader, wanted: Collection[Key], *, in_passing: bool = False) -> dict[Key, Page]:
        """See all that was committed before the call. Searches that arrive together look once."""
        arrived = self._begun
        async with self._lock:
            read: Collection[Key] = ()
            if self._done <= arrived or any(key not in self._pages for key in wanted):
                self._begun += 1
                scope = db.scope
                db.rescope(Scope.everywhere())
                try:
                    await self._follow(db)
                    read = await self._load(db, [key for key in wanted if key not in self._pages])
                finally:
                    db.rescope(scope)
                self._done = self._begun
            pages = {key: self._pages[key] for key in wanted}
            self._keep(wanted, read, in_passing=in_passing or len(wanted) > self._kept)
            return pages

    def _keep(self, wanted: Iterable[Key], read: Iterable[Key], *, in_passing: bool) -> None:
        """What was asked for last goes last when there are too many; what was read in passing goes first."""
        for key in read if in_passing else wanted:
            self._pages.move_to_end(key, last=not in_passing)
        while len(self._pages) > self._kept:
            self._pages.popitem(last=False)

    async def _follow(self, db: ScopedReader) -> None:
        now = time.monotonic()
        if self._snapshot is None or now - self._looked_at > KEPT_SECONDS:
            self._pages.clear()
            self._snapshot = await store.snapshot(db)
            self._distances = await store.distances(db, self._default_way)
        else:
            changes = await store.changes(db, self._snapshot)
            try:
                await self._look_again(db, changes)
            except BaseException:
                self._snapshot = None  # some of it may have been looked at and some not
                raise
            self._snapshot = changes.snapshot
        self._looked_at = now

    async def _look_again(self, db: ScopedReader, changes: Changes) -> None:
        if changes.sites or changes.professionals:
            self._forget(changes)
        if changes.sites:
            self._distances = await store.distances(db, self._default_way)
        if changes.resources:
            await self._take(db, self._met(changes.resources))

    def _forget(self, changes: Changes) -> None:
        for key, page in list(self._pages.items()):
            if key[0] in changes.sites or not changes.professionals.isdisjoint(page.professionals):
                del self._pages[key]

    def _met(self, resources: Iterable[tuple[int, Interval]]) -> list[Line]:
        """The lines that something of it happened to."""
        met: dict[int, Line] = {}
        for number, period in resources:
            for page in self._pages.values():
                hit = [line for line in page.by_resource.get(number, ()) if line.session.period.overlaps(period)]
                met |= {id(line): line for line in hit}
                if hit:
                    page.changed()
        return list(met.values())

    async def _load(self, db: ScopedReader, missing: Sequence[Key]) -> list[Key]:
        """Read these pages, and those of the same sites that lie between them; which were not there."""
        sites = sorted({site for site, _ in missing}, key=lambda site: site.int)
        new: list[Key] = []
        for at in range(0, len(sites), _TOGETHER):
            some = frozenset(sites[at : at + _TOGETHER])
            pages = await self._read(db, some, {number for site, number in missing if site in some})
            new += [key for key in pages if key not in self._pages]
            self._pages.update(pages)
        return new

    async def _read(self, db: ScopedReader, sites: frozenset[UUID], numbers: set[int]) -> dict[Key, Page]:
        start, end = instant_of(min(numbers) * _MINUTES), instant_of((max(numbers) + 1) * _MINUTES)
        found = await store.sessions_starting(db, sites, start, end)
        margin = LONGEST_SESSION + _LONGEST_WAY
        whose = {session.professional for session in found}
        presence = await store.presence_of(db, whose, start - margin, end + margin)
        lines: dict[Key, list[Line]] = {
            (site, number): [] for site in sites for number in range(min(numbers), max(numbers) + 1)
        }
        for line in await self._lines(db, found, presence):
            lines[(line.session.site, line.first // _MINUTES)].append(line)
        return {key: Page.of(each) for key, each in lines.items()}

    async def _lines(self, db: ScopedReader, found: Sequence[Session], presence: Sequence[Elsewhere]) -> list[Line]:
        travels = _travels(presence, self._distances)
        lines = [Line.of(each, Presence.alone(each, travels.get(each.professional, NOWHERE_ELSE))) for each in found]
        await self._take(db, lines)
        return lines

    async def _take(self, db: ScopedReader, lines: Sequence[Line]) -> None:
        """Read what is taken of these lines."""
        if not lines:
            return
        taken = await store.taken(db, [line.session for line in lines])
        for line in lines:
            busy = taken.get(line.session.id, _NOTHING)
            line.take(busy.practitioner, busy.room)


async def forget_changes(database: Database) -> None:
    """Throw away what no process follows any more."""
    async with database.transaction(Scope.everywhere()) as db:
        await store.forget_changes(db, CHANGES_KEPT)


def _numbers(window: Interval) -> range:
    """The pages whose sessions may matter: those that start before the window and those that partners are in."""
    first = minute_of(window.start - 2 * LONGEST_SESSION) // _MINUTES
    return range(first, minute_of(window.end + LONGEST_SESSION) // _MINUTES + 1)


def _travels(presence: Iterable[Elsewhere], distances: Distances) -> dict[UUID, Travel]:
    """Of each professional who works at several sites."""
    whose: dict[UUID, list[Elsewhere]] = {}
    for each in presence:
        whose.setdefault(each.professional, []).append(each)
    return {
        who: Travel(tuple(each), distances) for who, each in whose.items() if len({there.site for there in each}) > 1
    }
