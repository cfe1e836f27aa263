"""Several patients in one command: consecutive places, the fewest practitioners, all or nothing, one text."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from booking import problems
from booking.domain import resources
from booking.domain.appointments import Appointment, State
from booking.domain.availability import Slot
from booking.domain.capacity import class_of
from booking.domain.family import Admits, together
from booking.domain.intervals import Interval
from booking.domain.kinds import Kind
from booking.domain.local_time import local_day, whole_day
from booking.domain.people import Site
from booking.domain.reasons import of_parts
from booking.domain.rules import Rules
from booking.domain.supervision import Act
from booking.store import appointments, projections, sessions
from booking.store.appointments import Place
from booking.use_cases.access import require_channel, require_compartment, require_site
from booking.use_cases.appointments import announcing, placing
from booking.use_cases.appointments.caps import require_under_cap, under_caps
from booking.use_cases.appointments.company import CompanyMissing, resources_of, with_company
from booking.use_cases.availability.find_places import partners_of
from booking.use_cases.availability.no_place import NoPlace, unmet_need, why_none
from booking.use_cases.availability.search_availability import free_slots
from booking.use_cases.capacity import sharing
from booking.use_cases.kinds.kind_book import Part, kinds_in, where_all_may
from booking.use_cases.patience import heard
from booking.use_cases.supervision import supervising
from smp.auth import Actor
from smp.contracts import DemandUnmet
from smp.ids import new_id
from smp.postgres import Transaction
from smp.problems import Refusal

_TRIES = 5  # others may take the places that were free a moment ago
_PROPOSED = 3  # other days
_STARTS = 24  # hours at which a family is tried to begin, while too few prepare


class _TooFewPrepare(Exception):
    """Fewer people prepare than are to be prepared at once."""


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
class FamilyBooked:
    """The appointments, in the order of the patients; `party` is the id of the first one."""

    party: UUID
    appointments: tuple[Appointment, ...]
    warnings: tuple[str, ...] = ()


async def book_family(
    tx: Transaction, request: FamilyRequest, rules: Rules, *, actor: Actor, now: datetime
) -> FamilyBooked:
    """Places that follow each other, for all or for nobody.

    Raises Refusal: SITE_UNKNOWN, FORBIDDEN, KIND_UNKNOWN, WINDOW_TOO_LONG, PATIENT_UNKNOWN, PATIENT_ERASED,
    NOT_ELIGIBLE, MODE_NOT_OFFERED, TOO_MANY_RUNNING; FAMILY_DOES_NOT_FIT with the reason and the next days
    on which it would.
    """
    require_site(actor, request.site)
    require_channel(actor, request.channel)
    site = await projections.site(tx, request.site)
    if site is None:
        raise Refusal(problems.SITE_UNKNOWN)
    if not request.start < request.end <= request.start + rules.search_span:
        raise Refusal(problems.WINDOW_TOO_LONG, days=rules.search_span.days)
    for patient in request.patients:  # before anything is locked
        if not await heard(lambda who=patient: projections.is_registered(tx, who), patient, rules.patience):  # type: ignore[misc]
            raise Refusal(problems.PATIENT_UNKNOWN)
    parts = await kinds_in(tx, request.kind, Interval(request.start, request.end), site, rules)
    if not parts:  # it begins on the very day on which the window ends, at midnight
        raise Refusal(problems.KIND_UNKNOWN)
    for kind, _ in parts:
        require_compartment(actor, kind)
    given = _in_that_mode(parts, request)
    if not given:
        raise Refusal(problems.MODE_NOT_OFFERED, modes=", ".join(sorted(parts[0][0].modes)))
    for kind, part in given:
        if booked := await _seated(tx, request, site, kind, part, rules, actor, now):
            return booked
    raise NoPlace(
        problems.FAMILY_DOES_NOT_FIT,
        await _unmet(tx, request, given, site, rules, now),
        site.territory,
        wanted=len(request.patients),
        alternatives=await _other_days(tx, request, site, rules, now),
    )


def _in_that_mode(parts: Iterable[Part], request: FamilyRequest) -> list[Part]:
    return [(kind, part) for kind, part in parts if request.mode is None or request.mode in kind.modes]


async def _seated(
    tx: Transaction,
    request: FamilyRequest,
    site: Site,
    kind: Kind,
    window: Interval,
    rules: Rules,
    actor: Actor,
    now: datetime,
) -> FamilyBooked | None:
    """All of them booked in a window in which one version of the kind counts, or nothing when they do not fit."""
    for _ in range(_TRIES):
        room = await _room(tx, request, site, kind, window, rules, now)
        for _ in range(_STARTS):
            seats = room.seats()
            if seats is None:
                return None
            places = await _places(tx, seats, rules)
            wishes = _wishes(request, kind, seats, places, rules, now)
            if not await _all_fit(tx, wishes, places):
                break
            try:
                if booked := await _take(tx, request, seats, wishes, places, actor):
                    return booked
                break
            except _TooFewPrepare:
                room = room.later_than(min(slot.period.start for slot in seats.values()))
    return None


async def _unmet(
    tx: Transaction,
    request: FamilyRequest,
    parts: Iterable[Part],
    site: Site,
    rules: Rules,
    now: datetime,
) -> DemandUnmet:
    reasons = [
        await why_none(
            tx, site, kind, part, rules, now,
            is_withheld=bool((await _room(tx, request, site, kind, part, rules, now, of_any_class=True)).seats()),
            patients=request.patients,
            professional=request.professional,
        )
        for kind, part in parts
    ]  # fmt: skip
    wished = Interval(request.start, request.end)
    return unmet_need(
        site, request.kind, request.channel, of_parts(reasons), wished, request.patients, now,
        professional=request.professional,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Room:
    """What was free a moment ago: where each of them could sit, and what may be given together."""

    wishes: Mapping[UUID, frozenset[Slot]]
    step: timedelta
    admits: Admits

    def seats(self) -> dict[UUID, Slot] | None:
        return together(self.wishes, self.step, self.admits) if self.wishes else None

    def later_than(self, start: datetime) -> "_Room":
        later = {who: frozenset(it for it in mine if it.period.start > start) for who, mine in self.wishes.items()}
        return replace(self, wishes=later)


async def _room(
    tx: Transaction,
    request: FamilyRequest,
    site: Site,
    kind: Kind,
    window: Interval,
    rules: Rules,
    now: datetime,
    *,
    of_any_class: bool = False,
) -> _Room:
    wanted = None if of_any_class else class_of(kind.capacity_class, request.channel)
    slots = [
        slot
        for slot in await free_slots(
            tx, site.id, kind, window, now, capacity_class=wanted, rules=rules, partners=partners_of(kind, None)
        )
        if request.professional in (None, slot.professional)
    ]
    if not slots:
        return _Room({}, _step(kind), lambda _slot, _besides: False)
    wishes = await _suiting(tx, request, kind, window, now, slots)
    return _Room(wishes, _step(kind), await _limits(tx, site, kind, slots, wanted, rules, now))


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


async def _take(
    tx: Transaction,
    request: FamilyRequest,
    seats: Mapping[UUID, Slot],
    wishes: Mapping[UUID, placing.Wish],
    places: Mapping[UUID, Place],
    actor: Actor,
) -> FamilyBooked | None:
    """All of these places, or nothing when one of them is gone. Raises _TooFewPrepare."""
    one = wishes[request.patients[0]]
    kind, now = one.kind, one.now
    warnings = {warning for place in places.values() for warning in placing.require_eligible(kind, place)}
    for patient in sorted(seats):
        await require_under_cap(tx, kind, patient, now)
    party = new_id()
    booked: list[Appointment] = []
    for at, patient in enumerate(request.patients):
        wish = wishes[patient]
        alone = Appointment.placed(
            new_id() if at else party, State.BOOKED, wish.session, kind, seats[patient].period, now, actor.subject,
            patient=patient,
            mode=wish.its_mode,
            channel=request.channel,
            notify=request.notify,
            requested_at=min(request.requested_at or now, now),
            booked_at=now,
            party=party,
        )  # fmt: skip
        with_others = await with_company(tx, alone, wish, besides=booked)
        if isinstance(with_others, CompanyMissing):
            raise _TooFewPrepare
        booked.append(with_others)
    wanted = [
        (new, resources_of(new, wishes[patient].session)) for patient, new in zip(request.patients, booked, strict=True)
    ]
    if in_the_way := frozenset[int]().union(*(await appointments.insert(tx, wanted)).values()):
        await appointments.discard(tx, [new.id for new in booked])
        whole = Interval(min(new.whole.start for new in booked), max(new.whole.end for new in booked))
        # All at once: families that meet the same holds lock them in one order.
        await placing.expire_in_the_way(tx, in_the_way, whole, now, one.rules.cool_down)
        return None
    for new in booked:
        announcing.booked(tx, new, now)
    return FamilyBooked(party, tuple(booked), tuple(sorted(warnings)))


def _wishes(
    request: FamilyRequest,
    kind: Kind,
    seats: Mapping[UUID, Slot],
    places: Mapping[UUID, Place],
    rules: Rules,
    now: datetime,
) -> dict[UUID, placing.Wish]:
    """What each member wants, in the order of `places`."""
    return {
        patient: placing.Wish(
            place.session, kind, seats[patient].period.start, patient, rules, now,
            channel=request.channel,
            mode=request.mode,
        )
        for patient, place in places.items()
    }  # fmt: skip


async def _places(tx: Transaction, seats: Mapping[UUID, Slot], rules: Rules) -> dict[UUID, Place]:
    """The sessions, shared until the commit, in the order in which shares of them are waited for."""
    await appointments.share_places(tx, {slot.session for slot in seats.values()})
    in_order = sorted(seats.items(), key=lambda seat: (seat[1].session, seat[0]))
    places = {patient: await placing.find_place(tx, slot.session, patient, rules) for patient, slot in in_order}
    await supervising.keep_days(tx, [place.session for place in places.values()])
    return places


async def _all_fit(tx: Transaction, wishes: Mapping[UUID, placing.Wish], places: Mapping[UUID, Place]) -> bool:
    """Whether nothing they were seated by has changed since. It stays so until the commit."""
    acts: list[Act] = []
    for patient, wish in wishes.items():
        session, kind = wish.session, wish.kind
        period = placing.period_at_sight(places[patient], wish)
        if not isinstance(period, Interval):
            return False
        if kind.follow_up_only and not await placing.is_followed_up(tx, patient, session.professional):
            return False
        if await supervising.why_not(tx, places[patient], period, wish.rules, wish.now, besides=acts):
            return False
        if session.needs_supervision:
            acts.append(Act(session.professional, session.site, period))
        members = sum(other.session.id == session.id for other in wishes.values())
        if not await sharing.admits(tx, session, wish.capacity_class, kind.length, wish.now, appointments=members):
            return False
    return True


async def _other_days(
    tx: Transaction, request: FamilyRequest, site: Site, rules: Rules, now: datetime
) -> list[dict[str, object]]:
    """Up to three other days on which all could come, each by its first place and all of them."""
    found: list[dict[str, object]] = []
    start = max(request.end, now)
    later = Interval(start, start + rules.alternatives_span)
    parts = _in_that_mode(await kinds_in(tx, request.kind, later, site, rules), request)
    may = await where_all_may(tx, parts, request.patients, site)
    for kind, part in await under_caps(tx, may, request.patients, now):
        start = part.start
        while start < part.end and len(found) < _PROPOSED:
            day = whole_day(local_day(start, site.zone), site.zone)
            if seats := (await _room(tx, request, site, kind, Interval(start, day.end), rules, now)).seats():
                found.append({**_document(seats.values())[0], "places": _document(seats.values())})
            start = day.end
    return found


def _document(slots: Iterable[Slot]) -> list[dict[str, str]]:
    ordered = sorted(slots, key=lambda slot: (slot.period.start, slot.session.int))
    return [placing.slot_document(slot) for slot in ordered]
