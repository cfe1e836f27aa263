"""Where a family could sit: what is free for each of them, what may be given together, and who could give way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from booking.domain import resources
from booking.domain.availability import Slot
from booking.domain.capacity import class_of
from booking.domain.family import Admits, Alike, interns_apart, together
from booking.domain.floating import Hours
from booking.domain.intervals import Interval
from booking.domain.kinds import Kind
from booking.domain.local_time import local_day
from booking.domain.people import Site
from booking.domain.rules import Rules
from booking.store import appointments, sessions
from booking.use_cases.appointments.standing import Standing
from booking.use_cases.availability.find_places import partners_of
from booking.use_cases.availability.search_availability import AsIf, free_slots
from booking.use_cases.capacity import sharing
from booking.use_cases.supervision import supervising
from smp.postgres import Transaction

_NOBODY = Hours({})


@dataclass(frozen=True, slots=True)
class FamilyRequest:
    """Who comes together, where, between which instants; the first patient is the one whom texts go to."""

    site: UUID
    kind: str
    patients: tuple[UUID, ...]
    start: datetime
    end: datetime
    professional: UUID | None = None
    mode: str | None = None  # the usual one of the kind
    channel: str = "phone"
    requested_at: datetime | None = None
    notify: bool = True


@dataclass(frozen=True, slots=True)
class FamilyRoom:
    """What was free a moment ago, or could be: where each of them could sit, and what may be given together."""

    wishes: Mapping[UUID, frozenset[Slot]]
    step: timedelta
    admits: Admits
    alike: Alike = interns_apart

    @classmethod
    def none(cls) -> "FamilyRoom":
        return cls({}, timedelta(), lambda _slot, _besides: False)

    def seats(self) -> dict[UUID, Slot] | None:
        """A place for each, or nothing when they do not fit."""
        return together(self.wishes, self.step, self.admits, self.alike) if self.wishes else None

    def later_than(self, start: datetime) -> "FamilyRoom":
        later = {who: frozenset(it for it in mine if it.period.start > start) for who, mine in self.wishes.items()}
        return replace(self, wishes=later)


@dataclass(frozen=True, slots=True)
class FamilySearch:
    """What a family asks for in a part of its window in which one version of the kind counts."""

    request: FamilyRequest
    site: Site
    kind: Kind
    window: Interval
    rules: Rules
    now: datetime

    async def room(self, tx: Transaction, *, of_any_class: bool = False) -> FamilyRoom:
        """What is free; `of_any_class`: what is kept for others too."""
        wanted = None if of_any_class else self._class
        return await self._room_in(tx, await self._slots(tx, wanted), wanted, _NOBODY)

    async def room_if_others_float(self, tx: Transaction) -> FamilyRoom:
        """What is free, and what would be if somebody who named nobody went elsewhere (`domain/floating.py`); no room
        at all when there is nobody to do so."""
        away, hours = await self._who_may_float(tx)
        if not hours:
            return FamilyRoom.none()
        free = set(await self._slots(tx, self._class))
        slots = [
            slot
            for slot in await self._slots(tx, self._class, AsIf(leaving=away))
            if slot in free or hours.frees(slot.session, self.kind.around(slot.period))
        ]
        return await self._room_in(tx, slots, self._class, hours)

    @property
    def _class(self) -> str:
        return class_of(self.kind.capacity_class, self.request.channel)

    async def _slots(self, tx: Transaction, wanted: str | None, as_if: AsIf = AsIf()) -> list[Slot]:
        slots = await free_slots(
            tx, self.site.id, self.kind, self.window, self.now, capacity_class=wanted, rules=self.rules,
            partners=partners_of(self.kind, None), as_if=as_if,
        )  # fmt: skip
        return [slot for slot in slots if self.request.professional in (None, slot.professional)]

    async def _who_may_float(self, tx: Transaction) -> tuple[list[UUID], Hours]:
        """Appointments, and the hours they stand at."""
        first = max(self.window.start, self.now + self.rules.float_notice)
        if first >= self.window.end:
            return [], _NOBODY
        window = Interval(first, self.window.end)
        days = local_day(window.start, self.site.zone), local_day(window.end, self.site.zone)
        there = await appointments.may_float(tx, self.site.id, days, window)
        periods = sorted({each.period for each in there if each.period.length == self.kind.duration})
        if not periods:
            return [], _NOBODY
        around = Interval(self.kind.around(periods[0]).start, self.kind.around(periods[-1]).end)
        standing = await Standing.at(tx, self.site.id, around, there, self.rules, self.now)
        hours = Hours({self.kind.around(period): standing.hour(self.kind, period) for period in periods})
        return [each.id for each in there], hours

    async def _room_in(self, tx: Transaction, slots: Sequence[Slot], wanted: str | None, hours: Hours) -> FamilyRoom:
        if not slots:
            return FamilyRoom.none()
        wishes = await _suiting(tx, self.request, self.kind, self.window, self.now, slots)
        limits = await _limits(tx, self.site, self.kind, slots, wanted, self.rules, self.now)
        return FamilyRoom(wishes, _step(self.kind), *_besides_floating(limits, self.kind, slots, hours))


def _besides_floating(limits: Admits, kind: Kind, slots: Sequence[Slot], hours: Hours) -> tuple[Admits, Alike]:
    """The limits, and that those who give way all have a place."""
    if not hours:
        return limits, interns_apart
    places = {slot: (slot.session, kind.around(slot.period)) for slot in slots}
    sorts = {slot: interns_apart(slot) or hours.sort(*place) for slot, place in places.items()}

    def admits(slot: Slot, besides: Sequence[Slot]) -> bool:
        return limits(slot, besides) and hours.admit([places[each] for each in (*besides, slot)])

    return admits, sorts.get


async def _suiting(
    tx: Transaction, request: FamilyRequest, kind: Kind, window: Interval, now: datetime, slots: Sequence[Slot]
) -> dict[UUID, frozenset[Slot]]:
    """Where each of them could sit: expected nowhere else meanwhile, with somebody who may be asked."""
    numbers = {resources.patient(patient).number: patient for patient in request.patients}
    busy: dict[UUID, list[Interval]] = {patient: [] for patient in request.patients}
    before = kind.preparation.length if kind.preparation else timedelta()
    around = Interval(window.start - before, window.end + kind.duration)
    for each in await sessions.busy(tx, numbers, around, now):
        # Whoever is expected for a preparation first has to be free for it too.
        busy[numbers[each.resource]].append(Interval(each.period.start, each.period.end + before))
    seen_by = await appointments.practitioners_who_saw(tx, request.patients if kind.follow_up_only else ())
    return {
        patient: frozenset(
            slot
            for slot in slots
            if (not kind.follow_up_only or slot.professional in seen_by[patient])
            and not any(slot.period.overlaps(hours) for hours in busy[patient])
        )
        for patient in request.patients
    }


async def _limits(
    tx: Transaction,
    site: Site,
    kind: Kind,
    slots: Sequence[Slot],
    wanted: str | None,
    rules: Rules,
    now: datetime,
) -> Admits:
    """What is left of shares for a class, if one is wanted, and how far interns may be booked together."""
    whole = Interval(min(slot.period.start for slot in slots), max(slot.period.end for slot in slots))
    there = await sessions.open_at(tx, site.id, whole)
    left = {} if wanted is None else await sharing.places_left(tx, there, wanted, kind.length, now)
    interns = await supervising.InternDays.around(tx, slots, site.territory, rules, now)

    def admits(slot: Slot, besides: Sequence[Slot]) -> bool:
        taken = sum(each.session == slot.session for each in besides)
        if slot.session in left and taken >= left[slot.session]:
            return False
        return interns is None or interns.admits(slot, besides)

    return admits


def _step(kind: Kind) -> timedelta:
    """From one member to the next: a preparation in the practitioner's own room comes between them."""
    prepares = kind.preparation
    return kind.length + prepares.length if prepares and prepares.same_room else kind.length
