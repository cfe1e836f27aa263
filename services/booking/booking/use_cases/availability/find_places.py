"""Where there is room: from agendas in memory, and live for interns, whose places depend on what other interns do."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from booking.domain import agenda, resources
from booking.domain.agenda import Line
from booking.domain.availability import Partner, Policy, Slot
from booking.domain.capacity import class_of
from booking.domain.eligibility import Declaration, sorted_out
from booking.domain.intervals import Interval
from booking.domain.kinds import Kind
from booking.domain.pages import Page
from booking.domain.people import Site
from booking.domain.ranking import Order, ordered
from booking.domain.reasons import Reason, of_parts, why_empty
from booking.domain.rules import Rules
from booking.domain.sessions import LONGEST_SESSION, Session
from booking.problems import NOBODY_TO_PREPARE, SITE_UNKNOWN, WINDOW_TOO_LONG
from booking.store import projections, sessions
from booking.use_cases.access import searchable
from booking.use_cases.availability.agendas import Agendas
from booking.use_cases.availability.search_availability import answered_for, free_slots, who_is_asked
from booking.use_cases.capacity.sharing import with_room
from booking.use_cases.kinds.kind_book import Part, kinds_in
from smp.auth import Actor
from smp.postgres import ScopedReader
from smp.problems import FORBIDDEN, Refusal

_TOGETHER = 10  # sites whose agendas are read at once when one is full


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: starts from `start` to `end`, of one practitioner or of any, free for the patient when one is
    named, for a request of that channel; `together_with`: somebody of that role takes part all along."""

    site: UUID
    kind: str
    start: datetime
    end: datetime
    professional: UUID | None = None
    patient: UUID | None = None
    channel: str = "phone"
    mode: str | None = None
    together_with: str | None = None
    order: Order = Order.RANKED
    limit: int = 200

    @property
    def window(self) -> Interval:
        return Interval(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest other site that has room, and its first place in the order asked for."""

    site: UUID
    way: timedelta
    slot: Slot


@dataclass(frozen=True, slots=True)
class Found:
    """The first places; when there is none, why, and where else."""

    slots: list[Slot]
    reason: Reason | None = None
    nearest: Nearest | None = None


async def find_places(
    db: ScopedReader, agendas: Agendas, search: Search, rules: Rules, *, actor: Actor, now: datetime
) -> Found:
    """The free places of a site, in the order asked for.

    Raises Refusal: WINDOW_TOO_LONG, SITE_UNKNOWN, KIND_UNKNOWN, NOBODY_TO_PREPARE, FORBIDDEN.
    """
    if not search.start < search.end <= search.start + rules.search_span:
        raise Refusal(WINDOW_TOO_LONG, days=rules.search_span.days)
    site = await projections.site(db, search.site)
    if site is None:
        raise Refusal(SITE_UNKNOWN)
    pages = await agendas.of(db, [site.id], search.window)
    there = _There(db, search, site, pages[site.id], await _Patient.of(db, search, now), rules, actor, now)
    slots, reason = await there.found()
    if reason in (Reason.NO_SESSION, Reason.FULL, Reason.NOT_RELEASED):
        return Found(slots, reason, await _nearest(agendas, there))
    return Found(slots, reason)


async def _nearest(agendas: Agendas, full: "_There") -> Nearest | None:
    """The nearest site of the territory that has room; nobody is asked to follow a practitioner there."""
    db, search, site = full.db, full.search, full.site
    others = {each.id: each for each in await projections.sites(db, []) if each.territory == site.territory}
    ways = (await agendas.distances(db)).nearest(site.id, others.keys() - {site.id})
    for at in range(0, len(ways), _TOGETHER):
        some = ways[at : at + _TOGETHER]
        pages = await agendas.of(db, [other for _, other in some], search.window, in_passing=True)
        for way, other in some:
            wanted = replace(search, site=other, professional=None, limit=1)
            there = replace(full, search=wanted, site=others[other], pages=pages[other])
            if slots := await there.slots():
                return Nearest(other, way, slots[0])
    return None


@dataclass(frozen=True, slots=True)
class _Patient:
    """Whom a search is for, read once however many sites it looks at. `declared`: of their eligibility. `busy`: when
    they are expected somewhere, by the number of their resource. Of nobody nothing is known."""

    declared: tuple[Declaration, ...] | None = None
    busy: Mapping[int, Sequence[Interval]] = field(default_factory=dict)

    @classmethod
    async def of(cls, db: ScopedReader, search: Search, now: datetime) -> "_Patient":
        if search.patient is None:
            return cls()
        number = resources.patient(search.patient).number
        around = Interval(search.start, search.end + LONGEST_SESSION)
        busy = [each.period for each in await sessions.busy(db, {number}, around, now)]
        return cls(await projections.eligibility_of(db, search.patient), {number: busy})


@dataclass(frozen=True, slots=True)
class _There:
    """A search at one site, with the weeks of its agenda that matter."""

    db: ScopedReader
    search: Search
    site: Site
    pages: Sequence[Page]
    patient: "_Patient"
    rules: Rules
    actor: Actor
    now: datetime

    async def found(self) -> tuple[list[Slot], Reason | None]:
        """The first places, or why there is none."""
        may, may_not = await self._parts()
        if not may and not may_not:
            raise Refusal(FORBIDDEN)
        require_a_role_to_prepare([kind for kind, _ in (*may, *may_not)], self.search.together_with)
        looks = await self._looks(may)
        if slots := await self._first(looks):
            return slots, None
        return [], await self._reason(looks, may_not)

    async def slots(self) -> list[Slot]:
        """The first places."""
        may, _ = await self._parts()
        return await self._first(await self._looks(may))

    async def _parts(self) -> tuple[list[Part], list[Part]]:
        """Where the patient may have the kind, and where not, judged on each day."""
        versions = await kinds_in(self.db, self.search.kind, self.search.window, self.site, self.rules)
        parts = searchable(self.actor, versions)
        declared = self.patient.declared
        return (parts, []) if declared is None else sorted_out(parts, declared, self.site.zone)

    async def _looks(self, parts: Iterable[Part]) -> list["_Look"]:
        return [await _Look.at(self, kind, part) for kind, part in parts]

    async def _first(self, looks: Iterable["_Look"]) -> list[Slot]:
        found: list[Slot] = []
        for look in looks:
            if len(found) < self.search.limit:
                found += await look.slots(self.search.limit - len(found))
        return found

    async def _reason(self, looks: Sequence["_Look"], may_not: Iterable[Part]) -> Reason:
        """Room on days that are refused is why, unless what is full or kept on the others may be waited for."""
        if not looks:
            return Reason.NOT_ELIGIBLE
        reason = of_parts([await look.reason() for look in looks])
        if reason in (Reason.FULL, Reason.NOT_RELEASED):
            return reason
        return Reason.NOT_ELIGIBLE if await self._first(await self._looks(may_not)) else reason


@dataclass(frozen=True, slots=True)
class _Look:
    """One kind at one site in one window, with all that was read for it."""

    there: _There
    kind: Kind
    window: Interval
    lines: Sequence[Line]
    interns: Sequence[Line]
    asked: agenda.Question

    @classmethod
    async def at(cls, there: _There, kind: Kind, window: Interval) -> "_Look":
        db, search, pages, now = there.db, there.search, there.pages, there.now
        lines = [line for page in pages for line in page.lines]
        wanted = Policy(
            kind=kind,
            also_free=frozenset(there.patient.busy),
            partners=partners_of(kind, search.together_with),
            professionals=await who_is_asked(
                db, kind, () if search.patient is None else (search.patient,), search.professional
            ),
        )
        sharing = (line.session for page in pages for line in page.shared)
        shared = [each for each in sharing if wanted.wants(each) and each.period.overlaps(window)]
        left = await with_room(db, shared, class_of(kind.capacity_class, search.channel), kind.length, now)
        policy = replace(wanted, withheld=frozenset(s.id for s in shared) - {s.id for s in left})
        interns = [line for page in pages for line in page.interns]
        return cls(there, kind, window, lines, interns, agenda.question(policy, window, now, there.patient.busy))

    async def slots(self, limit: int) -> list[Slot]:
        search = self.there.search
        if search.mode is not None and search.mode not in self.kind.modes:
            return []
        found = agenda.search(self._own(), self.asked, search.order, limit)
        if not self._interns():
            return found
        wanted = class_of(self.kind.capacity_class, search.channel)
        return ordered([*found, *await self._of_interns(wanted)], search.order)[:limit]

    async def reason(self) -> Reason:
        """Why there is nothing."""
        there = self.there
        if there.search.mode is not None and there.search.mode not in self.kind.modes:
            return Reason.NO_SESSION
        return why_empty(
            [line.session for line in self.lines],
            await answered_for(there.db, self._interns(), self.asked.policy, self.window),
            there.now,
            self.window,
            materialised_until=there.now + there.rules.horizon,
            is_withheld=await self._is_withheld(),
        )

    def _interns(self) -> list[Session]:
        """Sessions of interns that could be asked if nothing were kept for other callers."""
        wants, window = _released(self.asked.policy).wants, self.window
        sessions_there = (line.session for line in self.interns)
        return [each for each in sessions_there if wants(each) and each.period.overlaps(window)]

    def _own(self) -> Sequence[Line]:
        """The lines whose places depend on nothing but themselves."""
        if not self.interns:
            return self.lines
        return [line for line in self.lines if not line.session.needs_supervision]

    async def _of_interns(self, capacity_class: str | None) -> list[Slot]:
        """Their places for a class of callers, or for whoever would have them if nothing were kept."""
        there = self.there
        slots = await free_slots(
            there.db, there.site.id, self.kind, self.window, there.now, there.search.patient, capacity_class,
            rules=there.rules, partners=self.asked.policy.partners, interns_only=True,
        )  # fmt: skip
        whom = self.asked.policy.professionals
        return [slot for slot in slots if whom is None or slot.professional in whom]

    async def _is_withheld(self) -> bool:
        if not self.asked.policy.withheld:
            return False
        released = replace(self.asked, policy=_released(self.asked.policy))
        if agenda.search(self._own(), released, limit=1):
            return True
        return bool(self._interns() and await self._of_interns(None))


def _released(policy: Policy) -> Policy:
    """As if nothing were kept for other callers."""
    return replace(policy, withheld=frozenset())


def partners_of(kind: Kind, together_with: str | None, *, leaves_the_preparation: bool = True) -> tuple[Partner, ...]:
    """Who must be free besides the practitioner: whoever prepares, of another role than whoever sits in, who leaves it
    to them. No place has them when no role is left (`require_a_role_to_prepare`)."""
    wanted = []
    if prepares := kind.preparation:
        others = prepares.roles - {together_with} if leaves_the_preparation else prepares.roles
        wanted.append(Partner(others, -prepares.length, prepares.length, prepares.same_room))
    if together_with is not None:
        wanted.append(Partner(frozenset({together_with}), timedelta(), kind.duration))
    return tuple(wanted)


def require_a_role_to_prepare(versions: Iterable[Kind], together_with: str | None) -> None:
    """In one version of a kind at least, somebody else than whoever sits in may prepare. Raises Refusal:
    NOBODY_TO_PREPARE."""
    if all(kind.preparation and kind.preparation.roles == {together_with} for kind in versions):
        raise Refusal(NOBODY_TO_PREPARE)
