"""What is counted rather than free or taken: whether the promises of a plan can all be kept, whatever becomes of whom.

The lines of a plan are settled in order of claim. When the turn of one comes, those before it have left or lost their
places, and those after it still stand in theirs. Whoever has no other place is taken to stand: the figures are the same
whether the others are moved, cancelled or called.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from booking.domain.appointments import Appointment
from booking.domain.availability import Slot
from booking.domain.capacity import Taken, has_room
from booking.domain.impact import Company, Hit, Place, Promise
from booking.domain.intervals import Interval
from booking.domain.kinds import INTERN
from booking.domain.local_time import local_day
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.domain.supervision import Act
from booking.store import capacity, sessions
from booking.use_cases.impact.scene import Scene, reaches_after, sessions_after
from booking.use_cases.supervision.supervising import InternDays
from smp.postgres import Transaction


async def counts_of(tx: Transaction, scene: Scene, places: Collection[Place], rules: Rules, now: datetime) -> "Counts":
    """What counts for these places of the agenda as it would be."""
    hit = {each.id: each for each in sorted(scene.hit, key=_claim)}
    shared = await _shared(tx, scene, places)
    taken = await capacity.taken(tx, list(shared), now, hit.keys()) if shared else {}
    return Counts(hit, shared, taken, await _interns(tx, scene, places, hit.keys(), rules, now), now)


async def _shared(tx: Transaction, scene: Scene, places: Collection[Place]) -> dict[UUID, list[Session]]:
    """The sessions of these places that have shares, in parts where they are cut."""
    if not places:
        return {}
    whole = Interval(min(each.period.start for each in places), max(each.period.end for each in places))
    wanted = {each.session for each in places}
    found: dict[UUID, list[Session]] = {}
    for site in sorted({each.site for each in places}):
        for each in sessions_after(await sessions.open_at(tx, site, whole), scene.cuts):
            if each.shares and each.id in wanted:
                found.setdefault(each.id, []).append(each)
    return found


async def _interns(
    tx: Transaction, scene: Scene, places: Iterable[Place], hit: Collection[UUID], rules: Rules, now: datetime
) -> InternDays | None:
    slots = [
        Slot(
            each.period, each.session, each.site, each.professional, each.role, local_day(each.period.start, scene.zone)
        )
        for each in places
    ]
    days = await InternDays.around(tx, slots, scene.territory, rules, now, hit)
    if days is None:
        return None
    then = replace(
        days.coverage,
        sessions=sessions_after(days.coverage.sessions, scene.cuts),
        reaches=reaches_after(days.coverage.reaches, scene.change),
    )
    return replace(days, coverage=then)


@dataclass(frozen=True, slots=True)
class Counts:
    """What the hit appointments (`hit`, in order of claim) and all others take of sessions with shares (`shared`, in
    parts where they are cut), of interns, and of whoever takes part besides. `taken`: by those that are not hit."""

    hit: Mapping[UUID, Appointment]
    shared: Mapping[UUID, Sequence[Session]]
    taken: Mapping[UUID, Sequence[Taken]]
    interns: InternDays | None
    now: datetime
    _rank: dict[UUID, int] = field(init=False, default_factory=dict)
    _standing: dict[UUID, list[tuple[UUID, Interval]]] = field(init=False, default_factory=dict)
    """By session, which hit appointment takes it when: its own, or that of somebody who takes part."""
    _answered: dict[tuple[Act, frozenset[Act]], bool] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for rank, it in enumerate(self.hit.values()):
            self._rank[it.id] = rank
            for session, period in _sessions_taken(it):
                self._standing.setdefault(session, []).append((it.id, period))

    def alone(self, it: Hit) -> list[Place]:
        """Those of its options that an appointment could have if nobody were promised anything."""
        return [
            place
            for place in it.options
            if not self._is_counted(place) or self.holds(Promise(it.appointment, it.patient, place), ())
        ]

    def holds(self, promise: Promise, others: Sequence[Promise]) -> bool:
        """Whether the promise can be kept besides the others, and these besides it."""
        others = [each for each in others if each.appointment != promise.appointment]
        near = [each for each in others if self._is_counted(each.place) and each.is_near(promise)]
        asked = [promise, *near] if self._is_counted(promise.place) or near else []
        together = [*others, promise]
        return all(self._fits(each, [it for it in together if it.appointment != each.appointment]) for each in asked)

    def _is_counted(self, place: Place) -> bool:
        """Whether more than its hour counts."""
        has_company = place.needs is not None and bool(place.needs.company)
        return has_company or place.role == INTERN or place.session in self.shared or place.session in self._standing

    def _fits(self, promise: Promise, others: Sequence[Promise]) -> bool:
        turn = _Turn.of(promise, others, self._rank)
        return (
            self._is_left(promise, turn)
            and self._has_share(promise, turn)
            and self._is_answered_for(promise, turn)
            and self._has_company(promise, others)
        )

    def _is_left(self, promise: Promise, turn: "_Turn") -> bool:
        """Whether nobody who still stands is in the way."""
        there = self._standing.get(promise.place.session, ())
        return not any(period.overlaps(promise.place.taken) and turn.stands(id) for id, period in there)

    def _has_share(self, promise: Promise, turn: "_Turn") -> bool:
        place = promise.place
        parts = self.shared.get(place.session, ())
        session = next((part for part in parts if part.period.contains(place.period)), None)
        if session is None:
            return True
        stand = [self.hit[id] for id, _ in self._standing.get(session.id, ()) if turn.stands(id)]
        taken = [each for each in self.taken[session.id] if len(parts) == 1 or each.period.overlaps(session.period)]
        taken += [Taken(it.capacity_class, it.occupied) for it in stand if it.session == session.id]
        there = (each for each in turn.moved if each.place.session == session.id)
        for id, other in _one_each(each for each in there if session.period.contains(each.place.period)):
            taken.append(Taken(self.hit[id].capacity_class, _occupied(other)))
        return has_room(
            session.period, session.grid, session.shares, taken,
            self.hit[promise.appointment].capacity_class, _occupied(place).length, self.now,
        )  # fmt: skip

    def _is_answered_for(self, promise: Promise, turn: "_Turn") -> bool:
        if promise.place.role != INTERN or self.interns is None:
            return True
        act, zone = _act(promise.place), self.interns.zone
        day = local_day(act.period.start, zone)
        besides = [
            Act(it.professional, it.site, it.period)
            for it in self.hit.values()
            if it.role == INTERN and it.day == day and turn.stands(it.id)
        ]
        same_day = (each for each in turn.moved if local_day(each.place.period.start, zone) == day)
        besides += [_act(place) for _, place in _one_each(each for each in same_day if _counts_with(act, each.place))]
        key = act, frozenset(besides)
        if key not in self._answered:
            self._answered[key] = self.interns.admits_act(act, day, besides)
        return self._answered[key]

    def _has_company(self, promise: Promise, others: Sequence[Promise]) -> bool:
        """Whether somebody is left for each part, whomever the others get: who stands keeps theirs, whatever was
        promised, and gives them to nobody else."""
        needs = promise.place.needs
        return needs is None or all(self._is_left_somebody(promise, each, others) for each in needs.company)

    def _is_left_somebody(self, promise: Promise, wanted: Company, others: Sequence[Promise]) -> bool:
        own = self.hit[promise.appointment].others
        if any(each.session in wanted.able and each.period.contains(wanted.period) for each in own):
            return True
        free = {
            session
            for session in wanted.able
            if not any(
                id != promise.appointment and period.overlaps(wanted.period)
                for id, period in self._standing.get(session, ())
            )
        }
        most: dict[UUID, int] = {}  # of its places an appointment gets one
        for each in others:
            most[each.appointment] = max(most.get(each.appointment, 0), _may_take(each.place, free, wanted.period))
        return sum(most.values()) < len(free)


@dataclass(frozen=True, slots=True)
class _Turn:
    """When a promise is to be kept: those `moved` have left their places, all other hit appointments stand."""

    own: UUID
    moved: Sequence[Promise]
    gone: frozenset[UUID]

    @classmethod
    def of(cls, promise: Promise, others: Iterable[Promise], rank: Mapping[UUID, int]) -> "_Turn":
        turn = rank[promise.appointment]
        moved = [each for each in others if rank[each.appointment] < turn]
        return cls(promise.appointment, moved, frozenset(each.appointment for each in moved))

    def stands(self, id: UUID) -> bool:
        return id != self.own and id not in self.gone


def _counts_with(act: Act, other: Place) -> bool:
    """Whether an act of that day counts for this one: of the same intern, or meanwhile."""
    return other.role == INTERN and (other.professional == act.intern or other.period.overlaps(act.period))


def _claim(it: Appointment) -> tuple[datetime, int]:
    return it.booked_at or it.requested_at, it.id.int


def _sessions_taken(it: Appointment) -> Iterator[tuple[UUID, Interval]]:
    prepared_elsewhere = any(other.room for other in it.others)
    yield it.session, it.occupied if prepared_elsewhere else it.whole
    for other in it.others:
        yield other.session, other.period


def _one_each(promises: Iterable[Promise]) -> Iterable[tuple[UUID, Place]]:
    """One place of each appointment: it gets no more than that."""
    return {each.appointment: each.place for each in promises}.items()


def _may_take(place: Place, sessions: Collection[UUID], period: Interval) -> int:
    """How many of these sessions a place may take at that time."""
    company = place.needs.company if place.needs else ()
    besides = sum(each.period.overlaps(period) and not each.able.isdisjoint(sessions) for each in company)
    return besides + (place.session in sessions and place.taken.overlaps(period))


def _occupied(place: Place) -> Interval:
    return place.needs.occupied if place.needs else place.period


def _act(place: Place) -> Act:
    return Act(place.professional, place.site, place.period)
