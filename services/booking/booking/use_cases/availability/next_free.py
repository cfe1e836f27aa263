"""Next free and third next free place, and how many there are for whom, per site."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking.domain import agenda
from booking.domain.agenda import Line, Question, in_order
from booking.domain.availability import Policy, Slot
from booking.domain.capacity import Room, class_of, room, slots_of
from booking.domain.intervals import Interval
from booking.domain.kinds import Kind
from booking.domain.local_time import local_day
from booking.domain.pages import Page, first_of_pages
from booking.domain.people import Site
from booking.domain.ranking import places
from booking.domain.reasons import Reason, why_empty
from booking.domain.rules import Rules
from booking.problems import SITE_UNKNOWN
from booking.store import capacity, projections
from booking.use_cases.availability.agendas import Agendas
from booking.use_cases.availability.find_places import partners_of
from booking.use_cases.availability.search_availability import answered_for, free_slots
from booking.use_cases.kinds.kind_book import kind_on
from smp.auth import Actor
from smp.postgres import ScopedReader
from smp.problems import Refusal

CHANNELS = ("phone", "desk", "online", "regulation")
THIRD = 3


@dataclass(frozen=True, slots=True)
class Places:
    """How many appointments of the kind a class of callers can still be given; `channels`: who is of that class."""

    capacity_class: str
    channels: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class NextFree:
    """What a site has for a kind from now on, over the longest window of a search. `third` is the usual measure of
    delay: one place given back at the last minute does not change it. Both are what a caller by telephone may have."""

    site: UUID
    next: Slot | None
    third: Slot | None
    places: tuple[Places, ...]
    reason: Reason | None


async def next_free(
    db: ScopedReader, agendas: Agendas, sites: Collection[UUID], kind: str, rules: Rules, *, actor: Actor, now: datetime
) -> list[NextFree]:
    """Of these sites, or of all that the actor covers when none is named; by site.

    Raises Refusal: SITE_UNKNOWN, KIND_UNKNOWN.
    """
    known = await projections.sites(db, sites)
    if len(known) < len(set(sites)):
        raise Refusal(SITE_UNKNOWN)
    covered = [site for site in known if actor.covers_site(site.id) and not _is_closed(site, now)]
    window = Interval(now, now + rules.search_span)
    pages = await agendas.of(db, [site.id for site in covered], window)
    kinds = {site.id: await kind_on(db, rules, kind, site.territory, local_day(now, site.zone)) for site in covered}
    shared = [line.session for site in covered for page in pages[site.id] for line in page.offering(kinds[site.id])[1]]
    taken = await capacity.taken(db, [each.id for each in shared], now) if shared else {}
    rooms = {each.id: room(each.period, each.grid, each.shares, taken[each.id], now) for each in shared}
    return [await _Of(db, site, kinds[site.id], window, rules, now, pages[site.id], rooms).tell() for site in covered]


@dataclass(frozen=True, slots=True)
class _Of:
    """One site, with all that was read for it."""

    db: ScopedReader
    site: Site
    kind: Kind
    window: Interval
    rules: Rules
    now: datetime
    pages: Sequence[Page]
    rooms: Mapping[UUID, Room]

    async def tell(self) -> NextFree:
        interns = await self._interns()
        shared = [line for page in self.pages for line in page.offering(self.kind)[1]]
        plain = self._asked((), "")
        first = self._first(shared, plain)
        if interns:
            first = places([*first, *interns], self.kind.length)
        common = self._common_places(plain) + len(places(interns, self.kind.length))
        counts = tuple(
            Places(each, channels, common + (self._shared_places(shared, each) if shared else 0))
            for each, channels in _classes(self.kind).items()
        )
        return NextFree(
            self.site.id,
            first[0] if first else None,
            first[THIRD - 1] if len(first) >= THIRD else None,
            counts,
            None if first else await self._reason(any(each.count for each in counts)),
        )

    def _first(self, shared: Sequence[Line], plain: Question) -> list[Slot]:
        """The first places for a caller by telephone, without interns; partners may be in sessions of another page."""
        asked = self._asked(shared, class_of(self.kind.capacity_class, CHANNELS[0])) if shared else plain
        if not shared and (known := first_of_pages(self.pages, plain, THIRD)) is not None:
            return known
        offering = [in_order([*self._common(), *shared])] if shared else (p.offering(self.kind)[0] for p in self.pages)
        return agenda.first_places(self._lines() if asked.policy.partners else (), asked, THIRD, offering)

    def _common_places(self, plain: Question) -> int:
        """Of sessions that are everybody's."""
        if plain.policy.partners:
            return agenda.count_places(self._lines(), plain, among=self._common())
        return sum(page.places(plain) for page in self.pages)

    def _lines(self) -> list[Line]:
        return [line for page in self.pages for line in page.lines]

    def _common(self) -> list[Line]:
        return [line for page in self.pages for line in page.offering(self.kind)[0]]

    def _shared_places(self, shared: Sequence[Line], capacity_class: str) -> int:
        """Of sessions with shares, one by one: what is free, and what the class may have."""
        asked, count = self._asked(shared, capacity_class), 0
        for line in shared:
            free = agenda.count_places(shared, asked, among=[line])
            allowed = self.rooms[line.session.id].places(capacity_class)
            count += min(free, allowed // slots_of(self.kind.length, line.session.grid))
        return count

    def _asked(self, shared: Iterable[Line], capacity_class: str) -> Question:
        withheld = {
            line.session.id
            for line in shared
            if not self.rooms[line.session.id].admits(capacity_class, slots_of(self.kind.length, line.session.grid))
        }
        policy = Policy(self.kind, partners=partners_of(self.kind, None), withheld=frozenset(withheld))
        return agenda.question(policy, self.window, self.now)

    async def _interns(self) -> list[Slot]:
        interns = (line.session for page in self.pages for line in page.interns)
        if not any(each.offers(self.kind) and each.period.overlaps(self.window) for each in interns):
            return []
        return await free_slots(
            self.db, self.site.id, self.kind, self.window, self.now,
            capacity_class=class_of(self.kind.capacity_class, CHANNELS[0]),
            rules=self.rules, partners=partners_of(self.kind, None), interns_only=True,
        )  # fmt: skip

    async def _reason(self, is_withheld: bool) -> Reason:
        sessions = [line.session for page in self.pages for line in page.lines]
        return why_empty(
            sessions,
            await answered_for(self.db, sessions, Policy(self.kind), self.window),
            self.now,
            self.window,
            materialised_until=self.now + self.rules.horizon,
            is_withheld=is_withheld,
        )


def _classes(kind: Kind) -> dict[str, tuple[str, ...]]:
    """The classes that requests for the kind are of, with the channels of each."""
    classes: dict[str, tuple[str, ...]] = {}
    for channel in CHANNELS:
        of = class_of(kind.capacity_class, channel)
        classes[of] = (*classes.get(of, ()), channel)
    return classes


def _is_closed(site: Site, now: datetime) -> bool:
    return site.is_closed_for_good(local_day(now, site.zone))
