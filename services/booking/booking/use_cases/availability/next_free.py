"""Next free and third next free place, and how many there are for whom, per site."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain
from uuid import UUID

from booking.domain import agenda
from booking.domain.agenda import Line, Question
from booking.domain.availability import Policy, Slot, chronological
from booking.domain.capacity import Room, class_of, room, slots_of
from booking.domain.intervals import Interval
from booking.domain.kinds import Kind
from booking.domain.local_time import local_day
from booking.domain.pages import Page, first_of_pages
from booking.domain.people import Site
from booking.domain.reasons import Reason, of_parts, why_empty
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.problems import SITE_UNKNOWN
from booking.store import agendas as store
from booking.store import capacity, projections
from booking.use_cases.access import searchable
from booking.use_cases.availability.agendas import Agendas
from booking.use_cases.availability.find_places import partners_of
from booking.use_cases.availability.places_of_interns import PlacesOfInterns
from booking.use_cases.availability.search_availability import answered_for, free_slots
from booking.use_cases.kinds.kind_book import Part, kinds_in
from booking.use_cases.supervision.supervising import InternDays
from smp.auth import Actor
from smp.postgres import ScopedReader
from smp.problems import FORBIDDEN, Refusal

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
    """What a site has for a kind from now on. `third` is the usual measure of delay: one place given back at the last
    minute does not change it. `next` and `third` are what a caller by telephone may have, as far ahead as sessions
    exist; `places` are those of the longest window of a search."""

    site: UUID
    next: Slot | None
    third: Slot | None
    places: tuple[Places, ...]
    reason: Reason | None


async def next_free(
    db: ScopedReader, agendas: Agendas, sites: Collection[UUID], kind: str, rules: Rules, *, actor: Actor, now: datetime
) -> list[NextFree]:
    """Of these sites, or of all that the actor covers when none is named; by site.

    Raises Refusal: SITE_UNKNOWN, KIND_UNKNOWN, FORBIDDEN.
    """
    known = await projections.sites(db, sites)
    if len(known) < len(set(sites)):
        raise Refusal(SITE_UNKNOWN)
    covered = [site for site in known if actor.covers_site(site.id) and not _is_closed(site, now)]
    wanted = _Wanted(db, agendas, kind, rules, actor, now)
    near = await wanted.within(Interval(now, now + rules.search_span), covered, {})
    if not all(near.values()):
        raise Refusal(FORBIDDEN)
    far = await wanted.beyond(now + rules.search_span, covered, near)
    return [await _answer(site.id, near[site.id], far[site.id]) for site in covered]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A kind, asked of several sites at once."""

    db: ScopedReader
    agendas: Agendas
    kind: str
    rules: Rules
    actor: Actor
    now: datetime

    async def within(
        self,
        window: Interval,
        sites: Collection[Site],
        before: Mapping[UUID, Sequence[Slot]],
        *,
        in_passing: bool = False,
    ) -> dict[UUID, list["_Told"]]:
        """Of the whole window, in parts that follow each other; `before`: the first places told already."""
        db, rules, now = self.db, self.rules, self.now
        pages = await self.agendas.of(db, [site.id for site in sites], window, in_passing=in_passing)
        versions = await _versions(db, self.kind, window, sites, rules, self.actor)
        shared = [each for site in sites for each in _sharing(pages[site.id], versions[site.id])]
        taken = await capacity.taken(db, [each.id for each in shared], now) if shared else {}
        rooms = {each.id: room(each.period, each.grid, each.shares, taken[each.id], now) for each in shared}
        told: dict[UUID, list[_Told]] = {site.id: [] for site in sites}
        for site in sites:
            for part in versions[site.id]:
                given = [*before.get(site.id, ()), *_first(told[site.id])]
                told[site.id].append(await _Of(db, site, *part, rules, now, pages[site.id], rooms).tell(given))
        return told

    async def beyond(
        self, end: datetime, sites: Collection[Site], near: Mapping[UUID, list["_Told"]]
    ) -> dict[UUID, "_Far"]:
        """What follows `end`, of sites that lack a third place: window by window, each from the next session for the
        kind on, so that weeks without any cost nothing, and none later than the longest lead."""
        far = {site: _Far() for site in near}
        horizon = self.now + self.rules.horizon

        def first(site: Site) -> list[Slot]:
            return _first([*near[site.id], *far[site.id].told])

        if end >= horizon or all(len(first(site)) >= THIRD for site in sites):
            return far
        until = await self._bookable_until(Interval(end, horizon), sites)
        while end < horizon and (lacking := [site.id for site in sites if len(first(site)) < THIRD]):
            begins = await store.first_offering(self.db, lacking, self.kind, end, horizon)
            for site, at in begins.items():
                far[site].has_later = at >= until[site]
            begins = {site: at for site, at in begins.items() if at < until[site]}
            if not begins:
                break
            start = max(end, min(begins.values()))
            end = min(start + self.rules.search_span, max(until[site] for site in begins))
            offering = [site for site in sites if begins.get(site.id, end) < end]
            before = {site.id: first(site) for site in offering}
            found = await self.within(Interval(start, end), offering, before, in_passing=True)
            for site, told in found.items():
                far[site].told += told
        return far

    async def _bookable_until(self, window: Interval, sites: Iterable[Site]) -> dict[UUID, datetime]:
        """The end of the part of a window in which the kind may be given already, by site."""
        versions = await _versions(self.db, self.kind, window, sites, self.rules, self.actor)
        return {
            site: max((part.end for kind, each in parts if (part := kind.lead(self.now, each))), default=window.start)
            for site, parts in versions.items()
        }


async def _versions(
    db: ScopedReader, code: str, window: Interval, sites: Iterable[Site], rules: Rules, actor: Actor
) -> dict[UUID, list[Part]]:
    """Of each site, the versions of the kind that the actor may search: one, unless it changes within the window."""
    of: dict[tuple[str, str], list[Part]] = {}
    found = {}
    for site in sites:
        calendar = site.territory, site.zone.key
        if calendar not in of:
            of[calendar] = searchable(actor, await kinds_in(db, code, window, site, rules))
        found[site.id] = of[calendar]
    return found


def _sharing(pages: Iterable[Page], versions: Sequence[Part]) -> Iterator[Session]:
    """The sessions that have shares, those of interns included."""
    for page in pages:
        for kind, _ in versions:
            yield from (line.session for line in page.offering(kind)[1])
        yield from (line.session for line in page.interns if line.session.shares)


async def _answer(site: UUID, near: Sequence["_Told"], far: "_Far") -> NextFree:
    told = [*near, *far.told]
    first = _first(told)
    return NextFree(
        site,
        first[0] if first else None,
        first[THIRD - 1] if len(first) >= THIRD else None,
        _sums([each.places for each in near]),
        None if first else of_parts([*[await each.part.reason(each.places) for each in told], *far.reasons]),
    )


def _first(told: Iterable["_Told"]) -> list[Slot]:
    return [slot for each in told for slot in each.first]


def _sums(parts: Sequence[Iterable[Places]]) -> tuple[Places, ...]:
    """Class by class; of a kind that does not change, which is asked of a thousand sites at once, nothing is summed."""
    if len(parts) == 1:
        return tuple(parts[0])
    found: dict[str, Places] = {}
    for each in chain.from_iterable(parts):
        other = found.get(each.capacity_class, Places(each.capacity_class, (), 0))
        channels = tuple(channel for channel in CHANNELS if channel in {*other.channels, *each.channels})
        found[each.capacity_class] = Places(each.capacity_class, channels, other.count + each.count)
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class _Of:
    """One site, while one version of the kind counts, with all that was read for it."""

    db: ScopedReader
    site: Site
    kind: Kind
    window: Interval
    rules: Rules
    now: datetime
    pages: Sequence[Page]
    rooms: Mapping[UUID, Room]

    async def tell(self, given: Sequence[Slot]) -> "_Told":
        """The first places for a caller by telephone once those `given` are booked, three with them; and how many there
        are for whom."""
        interns = await self._interns()
        shared = [line for page in self.pages for line in page.offering(self.kind)[1]]
        plain = self._asked()
        common = self._common_places(plain)
        return _Told(
            self,
            self._first(shared, plain, interns, given),
            [
                Places(
                    each, channels, common + self._shared_places(shared, each) + self._places_of_interns(interns, each)
                )
                for each, channels in _classes(self.kind).items()
            ],
        )

    def _first(
        self, shared: Sequence[Line], plain: Question, interns: PlacesOfInterns | None, given: Sequence[Slot]
    ) -> list[Slot]:
        """Where sessions do not depend on each other nor on callers, they are told as weeks know them."""
        if not (shared or interns or given or plain.policy.partners):
            known = first_of_pages(self.pages, plain, THIRD)
            if known is not None:
                return known
            return agenda.first_places((), plain, THIRD, (page.offering(self.kind)[0] for page in self.pages))
        found: list[Slot] = []
        while len(given) + len(found) < THIRD and (slot := self._next(shared, interns, [*given, *found])):
            found.append(slot)
        return found

    def _next(self, shared: Sequence[Line], interns: PlacesOfInterns | None, given: Sequence[Slot]) -> Slot | None:
        """The first place once those `given` are booked; partners may be in sessions of another page."""
        counted = Counter(slot.session for slot in given)
        sessions = {line.session.id: line.session for line in shared}
        of_interns = frozenset(line.session.id for page in self.pages for line in page.interns)
        asked = self._asked(self._kept(shared, self._usual_class) | of_interns)
        own = (
            slot
            for slot in agenda.one_by_one(agenda.with_booked(self._lines(), given, self.kind), asked)
            if slot.session not in sessions or self._admits_usual(sessions[slot.session], counted[slot.session] + 1)
        )
        theirs = interns.next(given, self._admits_usual) if interns else None
        return min((slot for slot in (next(own, None), theirs) if slot), key=chronological, default=None)

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
        if not shared:
            return 0
        asked = self._asked(self._kept(shared, capacity_class))
        free = ((line.session, agenda.count_places(shared, asked, among=[line])) for line in shared)
        return sum(self._given(session, count, capacity_class) for session, count in free)

    def _places_of_interns(self, interns: PlacesOfInterns | None, capacity_class: str) -> int:
        return interns.count(partial(self._admits, capacity_class)) if interns else 0

    def _given(self, session: Session, free: int, capacity_class: str) -> int:
        """How many of the free places of a session the class may have."""
        if not session.shares:
            return free
        return min(free, self.rooms[session.id].places(capacity_class) // slots_of(self.kind.length, session.grid))

    def _admits(self, capacity_class: str, session: Session, count: int = 1) -> bool:
        """Whether the class may have that many places of a session, as far as its shares go."""
        if not session.shares:
            return True
        return self.rooms[session.id].admits(capacity_class, count * slots_of(self.kind.length, session.grid))

    def _admits_usual(self, session: Session, count: int) -> bool:
        return self._admits(self._usual_class, session, count)

    @property
    def _usual_class(self) -> str:
        """That of a caller by telephone."""
        return class_of(self.kind.capacity_class, CHANNELS[0])

    def _kept(self, shared: Iterable[Line], capacity_class: str) -> frozenset[UUID]:
        """The sessions that are kept for other callers."""
        return frozenset(line.session.id for line in shared if not self._admits(capacity_class, line.session))

    def _asked(self, withheld: frozenset[UUID] = frozenset()) -> Question:
        policy = Policy(self.kind, partners=partners_of(self.kind, None), withheld=withheld)
        return agenda.question(policy, self.window, self.now)

    async def _interns(self) -> PlacesOfInterns | None:
        """What interns have, whoever it is kept for; a session that was opened after its agenda was read is told the
        next time."""
        interns = {line.session.id: line.session for page in self.pages for line in page.interns}
        if not any(each.offers(self.kind) and each.period.overlaps(self.window) for each in interns.values()):
            return None
        slots = await free_slots(
            self.db, self.site.id, self.kind, self.window, self.now,
            rules=self.rules, partners=partners_of(self.kind, None), interns_only=True,
        )  # fmt: skip
        known = [slot for slot in slots if slot.session in interns]
        days = await InternDays.around(self.db, known, self.site.territory, self.rules, self.now)
        return PlacesOfInterns(known, interns, days, self.kind) if days else None

    async def reason(self, counts: Iterable[Places]) -> Reason:
        """Why a caller by telephone finds nothing."""
        sessions = [line.session for page in self.pages for line in page.lines]
        policy = Policy(self.kind, partners=partners_of(self.kind, None))
        return why_empty(
            sessions,
            await answered_for(self.db, sessions, policy, self.window),
            self.now,
            self.window,
            materialised_until=self.now + self.rules.horizon,
            is_withheld=any(each.count for each in counts),
        )


@dataclass(frozen=True, slots=True)
class _Told:
    """The first places of a part, and how many it has for whom."""

    part: _Of
    first: Sequence[Slot]
    places: Sequence[Places]


@dataclass(slots=True)
class _Far:
    """What follows the longest window of a search, and whether there are sessions later than the longest lead."""

    told: list[_Told] = field(default_factory=list)
    has_later: bool = False

    @property
    def reasons(self) -> list[Reason]:
        return [Reason.TOO_EARLY] if self.has_later else []


def _classes(kind: Kind) -> dict[str, tuple[str, ...]]:
    """The classes that requests for the kind are of, with the channels of each."""
    classes: dict[str, tuple[str, ...]] = {}
    for channel in CHANNELS:
        of = class_of(kind.capacity_class, channel)
        classes[of] = (*classes.get(of, ()), channel)
    return classes


def _is_closed(site: Site, now: datetime) -> bool:
    return site.is_closed_for_good(local_day(now, site.zone))
