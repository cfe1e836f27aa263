"""Putting an appointment somewhere: what hold, book, move and walk-in have in common."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn
from uuid import UUID

from booking import problems
from booking.domain import resources
from booking.domain.alternatives import nearest
from booking.domain.appointments import Appointment
from booking.domain.availability import Slot
from booking.domain.capacity import class_of
from booking.domain.eligibility import Eligibility, Verdict, judge
from booking.domain.intervals import Interval
from booking.domain.kinds import Kind
from booking.domain.local_time import local_day, whole_day
from booking.domain.people import Site
from booking.domain.resources import Resource
from booking.domain.rules import Rules
from booking.domain.sessions import LONGEST_SESSION, Misfit, Session, fit
from booking.domain.travel import LONGEST_WAY, NOWHERE_ELSE, Travel
from booking.store import agendas, appointments, projections, sessions
from booking.store.appointments import Place
from booking.use_cases.access import require_channel, require_compartment, require_site
from booking.use_cases.appointments import announcing
from booking.use_cases.appointments.caps import under_caps
from booking.use_cases.availability.find_places import partners_of
from booking.use_cases.availability.search_availability import free_slots
from booking.use_cases.capacity import sharing
from booking.use_cases.kinds.kind_book import Part, kind_on, kinds_in, where_all_may
from booking.use_cases.patience import heard
from booking.use_cases.supervision import supervising
from smp.auth import Actor
from smp.postgres import Reader, Transaction
from smp.problems import ProblemType, Refusal

UNVERIFIED = "eligibility-unverified"

_MISFITS = {
    Misfit.KIND_NOT_OFFERED: problems.KIND_NOT_OFFERED,
    Misfit.OUTSIDE_SESSION: problems.OUTSIDE_SESSION,
    Misfit.OFF_GRID: problems.OFF_GRID,
    Misfit.PAST: problems.SLOT_PAST,
    Misfit.NO_ROOM: problems.ROOM_WANTED,
    Misfit.NO_EQUIPMENT: problems.EQUIPMENT_WANTED,
    Misfit.MODE_NOT_OFFERED: problems.MODE_NOT_OFFERED,
    Misfit.TOO_SOON: problems.LEAD_TOO_SHORT,
    Misfit.TOO_FAR: problems.LEAD_TOO_LONG,
}


class Gone(Exception):
    """A place that was free a moment ago is not to be had any more."""


@dataclass(frozen=True, slots=True)
class SlotRequest:
    """What a hold and a booking ask for alike; `mode`: the usual one of the kind when none is named."""

    session: UUID
    start: datetime
    kind: str
    patient: UUID | None = None
    mode: str | None = None
    channel: str = "phone"
    requested_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants, and all that a refusal needs to propose something else."""

    session: Session
    kind: Kind
    start: datetime
    patient: UUID | None
    rules: Rules
    now: datetime
    leaving: Appointment | None = None  # whose own place is not an alternative
    channel: str = "phone"
    mode: str | None = None  # the one that was asked for; the usual one of the kind when none was
    together_with: str | None = None  # the role of whoever sits in
    first_call: bool = False  # for the waiting list: what rests is free

    @property
    def capacity_class(self) -> str:
        """The share of a session that the appointment is taken from."""
        return class_of(self.kind.capacity_class, self.channel)

    @property
    def its_mode(self) -> str:
        """How the appointment takes place."""
        return self.mode or self.kind.usual_mode

    @property
    def period(self) -> Interval:
        """The hour of the appointment."""
        return Interval(self.start, self.start + self.kind.duration)

    @property
    def around(self) -> Interval:
        """The hour with the buffers."""
        return self.kind.around(self.period)

    def may_be(self, kind: Kind) -> bool:
        """Whether another version of the kind gives what is wished for, to whoever wishes for it."""
        return self.mode in (None, *kind.modes) and kind.compartment == self.kind.compartment


async def permitted(
    db: Reader,
    request: SlotRequest,
    place: Place,
    rules: Rules,
    actor: Actor,
    now: datetime,
    *,
    together_with: str | None = None,
    first_call: bool = False,
) -> tuple[Wish, tuple[str, ...]]:
    """What a request wants of that place, once actor and patient may have it, and what the secretary should know.

    Raises Refusal: FORBIDDEN, KIND_UNKNOWN, PATIENT_UNKNOWN, PATIENT_ERASED, NOT_ELIGIBLE.
    """
    require_site(actor, place.session.site)
    require_channel(actor, request.channel)
    kind = await kind_on(db, rules, request.kind, place.session.territory, place.session.day)
    require_compartment(actor, kind)
    warnings = () if request.patient is None else require_eligible(kind, place)
    wish = Wish(
        place.session, kind, request.start, request.patient, rules, now,
        channel=request.channel,
        mode=request.mode,
        together_with=together_with,
        first_call=first_call,
    )  # fmt: skip
    return wish, warnings


async def find_place(tx: Transaction, session: UUID, patient: UUID | None, rules: Rules) -> Place:
    """The session, shared until the commit, and the patient's standing when one is named.

    Raises Refusal: SESSION_UNKNOWN, PATIENT_UNKNOWN.
    """
    if patient is None:
        place = await appointments.place(tx, session)
    else:
        place = await wait_for_patient(tx, lambda: appointments.place_for_patient(tx, session, patient), patient, rules)
    if place is not None:
        return place
    unknown = problems.PATIENT_UNKNOWN if await sessions.get(tx, session) else problems.SESSION_UNKNOWN
    raise Refusal(unknown)


async def wait_for_patient(
    tx: Transaction, read: Callable[[], Awaitable[Place | None]], patient: UUID, rules: Rules
) -> Place | None:
    """What `read` finds, once the patient's registration has been heard or patience ends.

    While it waits nothing is locked: `read` finds no row, hence locks none, until the patient is there.
    """
    place = await read()
    if place is None and await heard(lambda: projections.is_registered(tx, patient), patient, rules.patience):
        return await read()
    return place


async def period_of(tx: Transaction, place: Place, wish: Wish) -> Interval:
    """The period of the appointment that is wished for.

    Raises Refusal with alternatives: SESSION_CANCELLED, SESSION_UNSUPPORTED, KIND_NOT_OFFERED, ROOM_WANTED,
    EQUIPMENT_WANTED, MODE_NOT_OFFERED, OUTSIDE_SESSION, OFF_GRID, SLOT_PAST, LEAD_TOO_SHORT, LEAD_TOO_LONG,
    NEVER_SEEN, NO_SUPERVISOR, TOO_MANY_INTERNS, TOO_MANY_ACTS, CLASS_NOT_RELEASED, ON_THE_WAY.
    """
    found = await period_or_problem(tx, place, wish)
    if isinstance(found, ProblemType):
        await refuse(tx, found, wish)
    if place.works_elsewhere and await on_the_way(tx, [place.session], wish.kind.around(found), wish.rules):
        await refuse(tx, problems.ON_THE_WAY, wish)
    return found


async def on_the_way(tx: Transaction, wanted: Sequence[Session], period: Interval, rules: Rules) -> frozenset[UUID]:
    """Those of these sessions of a site whose professionals are at another site then, or on the way from or to it."""
    travel = await travel_of(tx, wanted, period, rules)
    return frozenset(each.id for each in wanted if travel.has(each, period))


async def travel_of(tx: Transaction, wanted: Sequence[Session], period: Interval, rules: Rules) -> Travel:
    """Where the professionals of these sessions of a site are besides, as far as it matters in a period."""
    if not wanted:
        return NOWHERE_ELSE
    people = {each.professional for each in wanted}
    start, end = period.start - LONGEST_SESSION - LONGEST_WAY, period.end + LONGEST_WAY
    return await agendas.travel(tx, wanted[0].site, people, start, end, rules.way)


async def period_or_problem(tx: Transaction, place: Place, wish: Wish) -> Interval | ProblemType:
    """The period, or why there is none; looks at no occupancy. Whoever supervises stays until the commit."""
    period = period_at_sight(place, wish)
    if isinstance(period, ProblemType):
        return period
    if wish.kind.follow_up_only and not await is_followed_up(tx, wish.patient, place.session.professional):
        return problems.NEVER_SEEN
    leaving = wish.leaving.id if wish.leaving else None
    if uncovered := await supervising.why_not(tx, place, period, wish.rules, wish.now, leaving):
        return uncovered
    if not await sharing.admits(
        tx, place.session, wish.capacity_class, wish.kind.length, wish.now, leaving, first_call=wish.first_call
    ):
        return problems.CLASS_NOT_RELEASED
    return period


def period_at_sight(place: Place, wish: Wish) -> Interval | ProblemType:
    """The period, or why there is none, as far as the place alone tells (`needs_a_look` says whether it does)."""
    if shut := why_shut(place):
        return shut
    period = fit(place.session, wish.kind, wish.start, wish.now, wish.mode)
    return _MISFITS[period] if isinstance(period, Misfit) else period


def why_shut(place: Place) -> ProblemType | None:
    """Why nobody is put into the session any more, if so."""
    if not place.is_open:
        return problems.SESSION_CANCELLED
    return None if place.is_supported else problems.SESSION_UNSUPPORTED


def needs_a_look(session: Session, kind: Kind) -> bool:
    """Whether more than the place must be read before a booking: who supervises, what a share still holds, what the
    patient already has or has had. Such bookings are not combined with others (`book_together`)."""
    conditions = kind.follow_up_only or kind.running_cap is not None or kind.preparation is not None
    return session.needs_supervision or bool(session.shares) or conditions


async def is_followed_up(tx: Transaction, patient: UUID | None, professional: UUID) -> bool:
    """Whether that professional has seen the patient before; True while nobody is named (see `confirm_hold`)."""
    return patient is None or await appointments.has_been_seen_by(tx, patient, professional)


def require_eligible(kind: Kind, place: Place) -> tuple[str, ...]:
    """Warnings to give with the answer. Raises Refusal: PATIENT_UNKNOWN, PATIENT_ERASED, NOT_ELIGIBLE."""
    if place.is_erased:
        raise Refusal(problems.PATIENT_ERASED)
    if place.eligibility is None:
        raise Refusal(problems.PATIENT_UNKNOWN)
    verdict = judge(kind, Eligibility(place.eligibility))
    if verdict is Verdict.REFUSED:
        raise Refusal(problems.NOT_ELIGIBLE)
    return (UNVERIFIED,) if verdict is Verdict.ACCEPTED_UNVERIFIED else ()


def resources_of(session: Session, patient: UUID | None) -> tuple[Resource, ...]:
    """All that an appointment takes."""
    return session.resources if patient is None else (*session.resources, resources.patient(patient))


async def insert_or_take_over(
    tx: Transaction,
    new: Appointment,
    wanted: Sequence[Resource],
    now: datetime,
    cool_down: timedelta,
    *,
    first_call: bool = False,
) -> frozenset[int]:
    """Write the appointment; an expired hold in the way is expired and its place taken, in this transaction, and so is
    a place that has rested, or that rests when the waiting list has `first_call`. Returns the resources that are taken;
    when there are some nothing was written."""
    taken = await _insert(tx, new, wanted)
    if not taken:
        return taken
    # Tried again whatever was found: somebody else, the job say, may have made room while this transaction waited.
    await expire_in_the_way(tx, taken, new.whole, now, cool_down, first_call=first_call)
    return await _insert(tx, new, wanted)


async def _insert(tx: Transaction, new: Appointment, wanted: Sequence[Resource]) -> frozenset[int]:
    return (await appointments.insert(tx, [(new, wanted)]))[new.id]


async def expire_in_the_way(
    tx: Transaction,
    numbers: Iterable[int],
    period: Interval,
    now: datetime,
    cool_down: timedelta,
    *,
    first_call: bool = False,
) -> bool:
    """Write down the expiry of holds that take these resources although their time is over, and end the rest of places
    that have rested (or rest, with `first_call`); True when there was one. The place of an offer that is over rests."""
    wanted = list(numbers)
    expired = await appointments.lock_expired_in_the_way(tx, wanted, period, now)
    await expire(tx, expired, now, "booking", cool_down)
    rested = await appointments.end_rests_in_the_way(tx, wanted, period, now, first_call=first_call)
    return rested or bool(expired)


async def expire(tx: Transaction, holds: Sequence[Appointment], now: datetime, by: str, cool_down: timedelta) -> None:
    """Holds that are locked and over become expired, and say so."""
    changed = [hold.expired(now, by, cool_down) for hold in holds]
    if changed:
        await appointments.save(tx, changed)
    for each in changed:
        announcing.hold_expired(tx, each, now)


async def refuse_taken(tx: Transaction, taken: frozenset[int], wish: Wish) -> NoReturn:
    """Refuse with PATIENT_BUSY when only the patient is in the way, SLOT_RESTING when the place waits for the waiting
    list, else SLOT_TAKEN."""
    if wish.patient is not None and taken == {resources.patient(wish.patient).number}:
        await refuse(tx, problems.PATIENT_BUSY, wish)
    around = wish.around
    first = min([around.start, *(wish.start + each.offset for each in partners_of(wish.kind, wish.together_with))])
    if until := await appointments.rests_until(tx, taken, Interval(first, around.end)):
        await refuse(tx, problems.SLOT_RESTING, wish, released_at=until.isoformat())
    await refuse(tx, problems.SLOT_TAKEN, wish)


async def refuse(tx: Transaction, problem: ProblemType, wish: Wish, **more: str) -> NoReturn:
    """Refuse, with the three best other slots."""
    slots = await _alternatives(tx, wish)
    figures = _figures(problem, wish.kind)
    raise Refusal(problem, alternatives=[slot_document(slot) for slot in slots], **figures, **more)


def _figures(problem: ProblemType, kind: Kind) -> dict[str, object]:
    """What the words of a refusal name."""
    if problem is problems.MODE_NOT_OFFERED:
        return {"modes": ", ".join(sorted(kind.modes))}
    if problem is problems.LEAD_TOO_SHORT:
        return {"minutes": kind.min_lead // timedelta(minutes=1)}
    if problem is problems.LEAD_TOO_LONG and kind.max_lead is not None:
        return {"days": kind.max_lead.days}
    return {}


def slot_document(slot: Slot) -> dict[str, str]:
    """A slot as a problem document shows it: what a client needs to book it."""
    return {
        "session": str(slot.session),
        "site": str(slot.site),
        "professional": str(slot.professional),
        "role": slot.role,
        "start": slot.period.start.isoformat(),
        "end": slot.period.end.isoformat(),
    }


async def _alternatives(tx: Transaction, wish: Wish) -> list[Slot]:
    site = await projections.site(tx, wish.session.site)
    if site is None:
        return []
    # A typing error in the year must not read the agenda of another century.
    wanted = min(max(wish.start, wish.now), wish.now + wish.rules.horizon)
    day = whole_day(local_day(wanted, site.zone), site.zone)
    window = Interval(max(day.start, wish.now), day.end + wish.rules.alternatives_span)
    slots = [slot for part in await _versions(tx, wish, window, site) for slot in await _free(tx, wish, site, *part)]
    if left := wish.leaving:
        slots = [slot for slot in slots if (slot.session, slot.period) != (left.session, left.period)]
    return nearest(slots, wanted, wish.session.role, wish.session.professional, site.zone)


async def _versions(tx: Transaction, wish: Wish, window: Interval, site: Site) -> list[Part]:
    """What is booked anew is of the kind as it is given on its day, to that patient; what is moved keeps its
    version, and is not one more."""
    kind, left = wish.kind, wish.leaving
    if left is not None and (left.kind, left.kind_version) == (kind.code, kind.version):
        parts = [(kind, window)]
    else:
        parts = await kinds_in(tx, kind.code, window, site, wish.rules)
    patients = () if wish.patient is None else (wish.patient,)
    may = [part for part in await where_all_may(tx, parts, patients, site) if wish.may_be(part[0])]
    return may if left is not None else await under_caps(tx, may, patients, wish.now)


async def _free(tx: Transaction, wish: Wish, site: Site, kind: Kind, window: Interval) -> list[Slot]:
    return await free_slots(
        tx, site.id, kind, window, wish.now, wish.patient, class_of(kind.capacity_class, wish.channel),
        rules=wish.rules, partners=partners_of(kind, wish.together_with),
    )  # fmt: skip
