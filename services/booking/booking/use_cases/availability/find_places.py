"""Where there is room: from agendas in memory, and live for interns, whose places depend on what other interns do."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from booking.domain import agenda, resources
from booking.domain.agenda import Line
from booking.domain.availability import Partner, Policy, Slot
from booking.domain.capacity import class_of
from booking.domain.eligibility import Verdict, judge
from booking.domain.intervals import Interval
from booking.domain.kinds import Kind
from booking.domain.local_time import local_day, whole_day
from booking.domain.people import Site
from booking.domain.ranking import Order, ordered
from booking.domain.reasons import Reason, why_empty
from booking.domain.rules import Rules
from booking.domain.sessions import LONGEST_SESSION, Session
from booking.problems import SITE_UNKNOWN, WINDOW_TOO_LONG
from booking.store import appointments, projections, sessions
from booking.use_cases.availability.agendas import Agendas
from booking.use_cases.availability.search_availability import answered_for, free_slots
from booking.use_cases.capacity.sharing import with_room
from booking.use_cases.kinds.kind_book import book_of, kind_on
from smp.postgres import ScopedReader
from smp.problems import Refusal

_NEAREST = 5  # sites looked at when one is full


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


async def find_places(db: ScopedReader, agendas: Agendas, search: Search, rules: Rules, now: datetime) -> Found:
    """The free places of a site, in the order asked for.

    Raises Refusal: WINDOW_TOO_LONG, SITE_UNKNOWN, KIND_UNKNOWN.
    """
    found = await _at(db, agendas, search, rules, now)
    if found.reason in (Reason.NO_SESSION, Reason.FULL, Reason.NOT_RELEASED):
        return replace(found, nearest=await _nearest(db, agendas, search, rules, now))
    return found


async def _at(db: ScopedReader, agendas: Agendas, search: Search, rules: Rules, now: datetime) -> Found:
    if not search.start < search.end <= search.start + rules.search_span:
        raise Refusal(WINDOW_TOO_LONG, days=rules.search_span.days)
    site = await projections.site(db, search.site)
    if site is None:
        raise Refusal(SITE_UNKNOWN)
    window = Interval(search.start, search.end)
    parts = await kinds_in(db, search.kind, window, site, rules)
    if search.patient is not None and await _is_refused(db, parts[0][0], search.patient, site, window):
        return Found([], Reason.NOT_ELIGIBLE)
    found: list[Slot] = []
    reasons: list[Reason] = []
    for kind, part in parts:
        looked = await _Look.at(db, agendas, search, kind, part, rules, now)
        slots = await looked.slots(search.limit - len(found))
        found += slots
        if len(found) == search.limit:
            return Found(found)
        if not found:
            reasons.append(await looked.reason())
    return Found(found) if found else Found([], max(reasons, key=list(Reason).index))


async def _nearest(db: ScopedReader, agendas: Agendas, search: Search, rules: Rules, now: datetime) -> Nearest | None:
    """The nearest site with a declared way that has room; nobody is asked to follow a practitioner there."""
    for way, site in (await agendas.distances(db)).nearest(search.site)[:_NEAREST]:
        if await projections.site(db, site) is None:
            continue
        there = replace(search, site=site, professional=None, limit=1)
        if slots := (await _at(db, agendas, there, rules, now)).slots:
            return Nearest(site, way, slots[0])
    return None


async def kinds_in(
    db: ScopedReader, code: str, window: Interval, site: Site, rules: Rules
) -> list[tuple[Kind, Interval]]:
    """The versions of a kind that are in force in a window, each with its part of it. Raises Refusal: KIND_UNKNOWN."""
    last = local_day(window.end, site.zone)
    await kind_on(db, rules, code, site.territory, last)  # looks again for one that is not known here
    book, parts, start = await book_of(db, rules, site.territory), [], window.start
    while start < window.end:
        day = local_day(start, site.zone)
        change = book.next_change(code, day)
        end = window.end if change is None or change > last else min(window.end, whole_day(change, site.zone).start)
        if kind := book.on(code, day):
            parts.append((kind, Interval(start, end)))
        start = end
    return parts


async def _is_refused(db: ScopedReader, kind: Kind, patient: UUID, site: Site, window: Interval) -> bool:
    status = await projections.eligibility_on(db, patient, local_day(window.start, site.zone))
    return status is not None and judge(kind, status) is Verdict.REFUSED


@dataclass(frozen=True, slots=True)
class _Look:
    """One kind at one site in one window, with all that was read for it."""

    db: ScopedReader
    search: Search
    kind: Kind
    window: Interval
    rules: Rules
    now: datetime
    lines: Sequence[Line]
    interns: Sequence[Line]
    asked: agenda.Question

    @classmethod
    async def at(
        cls,
        db: ScopedReader,
        agendas: Agendas,
        search: Search,
        kind: Kind,
        window: Interval,
        rules: Rules,
        now: datetime,
    ) -> "_Look":
        pages = (await agendas.of(db, [search.site], window))[search.site]
        lines = [line for page in pages for line in page.lines]
        wanted = Policy(
            kind=kind,
            also_free=frozenset() if search.patient is None else frozenset({resources.patient(search.patient).number}),
            partners=partners_of(kind, search.together_with),
            professionals=await _whom(db, search, kind),
        )
        sharing = (line.session for page in pages for line in page.shared)
        shared = [each for each in sharing if wanted.wants(each) and each.period.overlaps(window)]
        left = await with_room(db, shared, class_of(kind.capacity_class, search.channel), kind.length, now)
        policy = replace(wanted, withheld=frozenset(s.id for s in shared) - {s.id for s in left})
        busy: dict[int, list[Interval]] = {}
        if policy.also_free:
            around = Interval(window.start, window.end + LONGEST_SESSION)
            for each in await sessions.busy(db, policy.also_free, around):
                busy.setdefault(each.resource, []).append(each.period)
        interns = [line for page in pages for line in page.interns]
        return cls(db, search, kind, window, rules, now, lines, interns, agenda.question(policy, window, now, busy))

    async def slots(self, limit: int) -> list[Slot]:
        if self.search.mode is not None and self.search.mode not in self.kind.modes:
            return []
        found = agenda.search(self._own(), self.asked, self.search.order, limit)
        if not self._interns():
            return found
        wanted = class_of(self.kind.capacity_class, self.search.channel)
        return ordered([*found, *await self._of_interns(wanted)], self.search.order)[:limit]

    async def reason(self) -> Reason:
        """Why there is nothing."""
        if self.search.mode is not None and self.search.mode not in self.kind.modes:
            return Reason.NO_SESSION
        return why_empty(
            [line.session for line in self.lines],
            await answered_for(self.db, self._interns(), self.asked.policy, self.window),
            self.now,
            self.window,
            materialised_until=self.now + self.rules.horizon,
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
        slots = await free_slots(
            self.db, self.search.site, self.kind, self.window, self.now, self.search.patient, capacity_class,
            rules=self.rules, partners=self.asked.policy.partners, interns_only=True,
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


async def _whom(db: ScopedReader, search: Search, kind: Kind) -> frozenset[UUID] | None:
    """Who may be asked; nothing when anybody. A follow-up is with somebody who has seen the patient."""
    named = None if search.professional is None else frozenset({search.professional})
    if not kind.follow_up_only or search.patient is None:
        return named
    followed_by = await appointments.practitioners_who_saw(db, search.patient)
    return followed_by if named is None else followed_by & named


def partners_of(kind: Kind, together_with: str | None) -> tuple[Partner, ...]:
    """Who must be free besides the practitioner: whoever prepares, and whoever sits in."""
    wanted = []
    if prepares := kind.preparation:
        wanted.append(Partner(prepares.roles, -prepares.length, prepares.length, prepares.same_room))
    if together_with is not None:
        wanted.append(Partner(frozenset({together_with}), timedelta(), kind.duration))
    return tuple(wanted)
