"""Next free and third next free place, and how many there are for whom, per site."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking.domain import agenda
from booking.domain.agenda import Line, Question
from booking.domain.availability import Policy, Slot
from booking.domain.capacity import Room, class_of, room, slots_of
from booking.domain.intervals import Interval
from booking.domain.kinds import Kind
from booking.domain.local_time import local_day
from booking.domain.people import Site
from booking.domain.ranking import places
from booking.domain.reasons import Reason, why_empty
from booking.domain.rules import Rules
from booking.problems import SITE_UNKNOWN
from booking.store import capacity, projections
from booking.use_cases.agendas import Agendas
from booking.use_cases.find_places import partners_of, without_interns
from booking.use_cases.kind_book import kind_on
from booking.use_cases.search_availability import free_slots
from smp.auth import Actor
from smp.postgres import Transaction
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
    tx: Transaction, agendas: Agendas, sites: Collection[UUID], kind: str, rules: Rules, *, actor: Actor, now: datetime
) -> list[NextFree]:
    """Of these sites, or of all that the actor covers when none is named; by site.

    Raises Refusal: SITE_UNKNOWN, KIND_UNKNOWN.
    """
    known = await projections.sites(tx, sites)
    if len(known) < len(set(sites)):
        raise Refusal(SITE_UNKNOWN)
    covered = [site for site in known if actor.covers_site(site.id) and not _is_closed(site, now)]
    window = Interval(now, now + rules.search_span)
    lines = await agendas.of(tx, [site.id for site in covered], window)
    shared = [line.session.id for each in lines.values() for line in each if line.session.shares]
    taken = await capacity.taken(tx, shared, now) if shared else {}
    told = []
    for site in covered:
        its_kind = await kind_on(tx, rules, kind, site.territory, local_day(now, site.zone))
        sharing = (line.session for line in lines[site.id] if line.session.shares)
        rooms = {each.id: room(each.period, each.grid, each.shares, taken[each.id], now) for each in sharing}
        told.append(await _Of(tx, site, its_kind, window, rules, now, lines[site.id], rooms).tell())
    return told


@dataclass(frozen=True, slots=True)
class _Of:
    """One site, with all that was read for it."""

    tx: Transaction
    site: Site
    kind: Kind
    window: Interval
    rules: Rules
    now: datetime
    lines: Sequence[Line]
    rooms: Mapping[UUID, Room]

    async def tell(self) -> NextFree:
        interns = await self._interns()
        own = without_interns(self.lines)
        asked = self._asked(class_of(self.kind.capacity_class, CHANNELS[0]))
        first = places([*agenda.first_places(own, asked, THIRD), *interns], self.kind.length)
        counts = tuple(self._count(own, each, channels, interns) for each, channels in _classes(self.kind).items())
        return NextFree(
            self.site.id,
            first[0] if first else None,
            first[THIRD - 1] if len(first) >= THIRD else None,
            counts,
            None if first else await self._reason(any(each.count for each in counts)),
        )

    def _count(
        self, own: Sequence[Line], capacity_class: str, channels: tuple[str, ...], interns: Sequence[Slot]
    ) -> Places:
        """Sessions without shares at once; those with shares one by one: what is free and what the class may have."""
        asked = self._asked(capacity_class)
        common = [line for line in own if not line.session.shares]
        count = agenda.count_places(own, asked, among=common) + len(places(interns, self.kind.length))
        for line in own:
            if line.session.shares:
                free = agenda.count_places(own, asked, among=[line])
                allowed = self.rooms[line.session.id].places(capacity_class)
                count += min(free, allowed // slots_of(self.kind.length, line.session.grid))
        return Places(capacity_class, channels, count)

    def _asked(self, capacity_class: str) -> Question:
        withheld = {
            line.session.id
            for line in self.lines
            if line.session.shares
            and not self.rooms[line.session.id].admits(capacity_class, slots_of(self.kind.length, line.session.grid))
        }
        policy = Policy(self.kind, partners=partners_of(self.kind, None), withheld=frozenset(withheld))
        return agenda.question(policy, self.window, self.now)

    async def _interns(self) -> list[Slot]:
        sessions = (line.session for line in self.lines if line.session.needs_supervision)
        if not any(each.offers(self.kind) and each.period.overlaps(self.window) for each in sessions):
            return []
        return await free_slots(
            self.tx, self.site.id, self.kind, self.window, self.now,
            capacity_class=class_of(self.kind.capacity_class, CHANNELS[0]),
            rules=self.rules, partners=partners_of(self.kind, None), interns_only=True,
        )  # fmt: skip

    async def _reason(self, is_withheld: bool) -> Reason:
        sessions = [line.session for line in self.lines]
        interns = {each.professional for each in sessions if each.needs_supervision}
        ties = await projections.supervisions(self.tx, self.site.id, interns) if interns else ()
        return why_empty(
            sessions,
            Policy(self.kind, ties),
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
