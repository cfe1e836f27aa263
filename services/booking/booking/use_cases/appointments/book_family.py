"""Several patients in one command: consecutive places, the fewest practitioners, all or nothing, one text."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking import problems
from booking.domain.appointments import Appointment, State
from booking.domain.availability import Slot
from booking.domain.intervals import Interval
from booking.domain.local_time import local_day, whole_day
from booking.domain.people import Site
from booking.domain.reasons import of_parts
from booking.domain.resources import Resource
from booking.domain.rules import Rules
from booking.domain.supervision import Act
from booking.store import appointments, projections
from booking.store.appointments import Place
from booking.use_cases.access import require_channel, require_compartment, require_site
from booking.use_cases.appointments import announcing, placing
from booking.use_cases.appointments.caps import require_under_cap, under_caps
from booking.use_cases.appointments.company import CompanyMissing, resources_of, with_company
from booking.use_cases.appointments.family_room import FamilyRequest, FamilySearch
from booking.use_cases.appointments.floating import given_way
from booking.use_cases.availability.no_place import NoPlace, unmet_need, why_none
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
    searches = [FamilySearch(request, site, kind, part, rules, now) for kind, part in given]
    for others_float in (False, True):  # nobody is moved as long as there is room without
        for search in searches:
            if booked := await _seated(tx, search, actor, others_float=others_float):
                return booked
    raise NoPlace(
        problems.FAMILY_DOES_NOT_FIT,
        await _unmet(tx, searches),
        site.territory,
        wanted=len(request.patients),
        alternatives=await _other_days(tx, request, site, rules, now),
    )


def _in_that_mode(parts: Iterable[Part], request: FamilyRequest) -> list[Part]:
    return [(kind, part) for kind, part in parts if request.mode is None or request.mode in kind.modes]


async def _seated(tx: Transaction, search: FamilySearch, actor: Actor, *, others_float: bool) -> FamilyBooked | None:
    """All of them booked in a window in which one version of the kind counts, or nothing when they do not fit."""
    for _ in range(_TRIES):
        room = await (search.room_if_others_float(tx) if others_float else search.room(tx))
        for _ in range(_STARTS):
            seats = room.seats()
            if seats is None:
                return None
            try:
                async with tx.savepoint():  # of a try in vain nothing is kept, and nobody waits for it
                    return await _take(tx, search, seats, actor, others_float=others_float)
            except placing.Gone:
                break
            except _TooFewPrepare:
                room = room.later_than(min(slot.period.start for slot in seats.values()))
    return None


async def _unmet(tx: Transaction, searches: Iterable[FamilySearch]) -> DemandUnmet:
    reasons = []
    for it in searches:
        request, site, now = it.request, it.site, it.now
        reasons += [
            await why_none(
                tx, site, it.kind, it.window, it.rules, now,
                is_withheld=bool((await it.room(tx, of_any_class=True)).seats()),
                patients=request.patients,
                professional=request.professional,
            )
        ]  # fmt: skip
    wished = Interval(request.start, request.end)
    return unmet_need(
        site, request.kind, request.channel, of_parts(reasons), wished, request.patients, now,
        professional=request.professional,
    )  # fmt: skip


async def _take(
    tx: Transaction, search: FamilySearch, seats: Mapping[UUID, Slot], actor: Actor, *, others_float: bool
) -> FamilyBooked:
    """All of these places. Raises placing.Gone, _TooFewPrepare."""
    request, kind, now = search.request, search.kind, search.now
    places = await _places(tx, seats, search.rules)
    wishes = _wishes(search, seats, places)
    if not await _all_fit(tx, wishes, places):
        raise placing.Gone
    warnings = {warning for place in places.values() for warning in placing.require_eligible(kind, place)}
    for patient in sorted(seats):
        await require_under_cap(tx, kind, patient, now)
    booked = await _members(tx, search, seats, wishes, actor)
    wanted = [
        (new, resources_of(new, wishes[patient].session)) for patient, new in zip(request.patients, booked, strict=True)
    ]

    async def write() -> frozenset[int]:
        return await _insert_or_take_over(tx, wanted, search)

    if await (given_way(tx, list(wishes.values()), write) if others_float else write()):
        raise placing.Gone
    for new in booked:
        announcing.booked(tx, new, now)
    return FamilyBooked(booked[0].id, tuple(booked), tuple(sorted(warnings)))


async def _members(
    tx: Transaction,
    search: FamilySearch,
    seats: Mapping[UUID, Slot],
    wishes: Mapping[UUID, placing.Wish],
    actor: Actor,
) -> list[Appointment]:
    """Their appointments, in the order of the patients, each with whoever prepares them. Raises _TooFewPrepare."""
    request, now, party = search.request, search.now, new_id()
    members: list[Appointment] = []
    for at, patient in enumerate(request.patients):
        wish = wishes[patient]
        alone = Appointment.placed(
            new_id() if at else party, State.BOOKED, wish.session, search.kind, seats[patient].period, now,
            actor.subject,
            patient=patient,
            mode=wish.its_mode,
            channel=request.channel,
            notify=request.notify,
            requested_at=min(request.requested_at or now, now),
            booked_at=now,
            party=party,
        )  # fmt: skip
        with_others = await with_company(tx, alone, wish, besides=members)
        if isinstance(with_others, CompanyMissing):
            raise _TooFewPrepare
        members.append(with_others)
    return members


async def _insert_or_take_over(
    tx: Transaction, wanted: Sequence[tuple[Appointment, Sequence[Resource]]], search: FamilySearch
) -> frozenset[int]:
    """All of them, or nothing when some of what they take is taken: that is returned. Expired holds and places that
    have rested give way."""
    taken = await _insert(tx, wanted)
    if not taken:
        return taken
    whole = Interval(min(new.whole.start for new, _ in wanted), max(new.whole.end for new, _ in wanted))
    # All at once: families that meet the same holds lock them in one order.
    await placing.expire_in_the_way(tx, taken, whole, search.now, search.rules.cool_down)
    return await _insert(tx, wanted)


async def _insert(tx: Transaction, wanted: Sequence[tuple[Appointment, Sequence[Resource]]]) -> frozenset[int]:
    taken = frozenset[int]().union(*(await appointments.insert(tx, wanted)).values())
    if taken:
        await appointments.discard(tx, [new.id for new, _ in wanted])
    return taken


def _wishes(search: FamilySearch, seats: Mapping[UUID, Slot], places: Mapping[UUID, Place]) -> dict[UUID, placing.Wish]:
    """What each member wants, in the order of `places`."""
    return {
        patient: placing.Wish(
            place.session, search.kind, seats[patient].period.start, patient, search.rules, search.now,
            channel=search.request.channel,
            mode=search.request.mode,
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
            search = FamilySearch(request, site, kind, Interval(start, day.end), rules, now)
            if seats := (await search.room(tx)).seats():
                found.append({**_document(seats.values())[0], "places": _document(seats.values())})
            start = day.end
    return found


def _document(slots: Iterable[Slot]) -> list[dict[str, str]]:
    ordered = sorted(slots, key=lambda slot: (slot.period.start, slot.session.int))
    return [placing.slot_document(slot) for slot in ordered]
