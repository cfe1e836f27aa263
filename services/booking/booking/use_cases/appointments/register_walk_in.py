"""Somebody comes without appointment: the next free slot of today is booked and the arrival noted, in one command."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking import problems
from booking.domain.appointments import Appointment, State
from booking.domain.availability import Slot
from booking.domain.capacity import class_of
from booking.domain.intervals import Interval
from booking.domain.kinds import ON_SITE, Kind
from booking.domain.local_time import local_day, whole_day
from booking.domain.people import Site
from booking.domain.rules import Rules
from booking.store import projections
from booking.use_cases.access import require_compartment, require_site
from booking.use_cases.appointments import announcing, placing
from booking.use_cases.appointments.book_slot import Booked
from booking.use_cases.appointments.caps import require_under_cap, under_caps
from booking.use_cases.appointments.company import in_company, resources_of
from booking.use_cases.appointments.finish_consultation import WALK_IN
from booking.use_cases.appointments.mark_arrived import arrive
from booking.use_cases.availability.find_places import partners_of
from booking.use_cases.availability.no_place import NoPlace, unmet_need, why_none
from booking.use_cases.availability.search_availability import free_slots
from booking.use_cases.kinds.kind_book import kind_on, kinds_in, where_all_may
from smp.auth import Actor
from smp.contracts import DemandUnmet
from smp.ids import new_id
from smp.postgres import Transaction
from smp.problems import ProblemType, Refusal

_TRIES = 5  # others may take the slots that were free a moment ago


@dataclass(frozen=True, slots=True)
class WalkInRequest:
    """Who has come, where, for which kind; a practitioner when one is asked for."""

    site: UUID
    patient: UUID
    kind: str
    professional: UUID | None = None


async def register_walk_in(
    tx: Transaction, request: WalkInRequest, rules: Rules, *, actor: Actor, now: datetime
) -> Booked:
    """An appointment of today, with channel `walk_in`, whose patient has arrived.

    Raises Refusal: SITE_UNKNOWN, PATIENT_UNKNOWN, PATIENT_ERASED, KIND_UNKNOWN, MODE_NOT_OFFERED, NOT_ELIGIBLE,
    TOO_MANY_RUNNING, ALREADY_IN_QUEUE, FORBIDDEN; COMPANY_MISSING, SLOT_RESTING with alternatives; NO_PLACE_TODAY
    with the reason and the next slots.
    """
    require_site(actor, request.site)
    site = await projections.site(tx, request.site)
    if site is None:
        raise Refusal(problems.SITE_UNKNOWN)
    day = local_day(now, site.zone)
    kind = await kind_on(tx, rules, request.kind, site.territory, day)
    require_compartment(actor, kind)
    if ON_SITE not in kind.modes:
        raise Refusal(problems.MODE_NOT_OFFERED, modes=", ".join(sorted(kind.modes)))
    today = Interval(now, whole_day(day, site.zone).end)
    for slot in (await _candidates(tx, request, kind, today, rules, now))[:_TRIES]:
        with suppress(placing.Gone):
            async with tx.savepoint():  # of a try in vain nothing is kept, and nobody waits for it
                return await _take(tx, request, slot, kind, rules, actor, now)
    raise NoPlace(
        problems.NO_PLACE_TODAY,
        await _unmet(tx, request, kind, today, site, rules, now),
        site.territory,
        alternatives=await _other_days(tx, request, site, today.end, rules, now),
    )


async def _unmet(
    tx: Transaction, request: WalkInRequest, kind: Kind, today: Interval, site: Site, rules: Rules, now: datetime
) -> DemandUnmet:
    whole = whole_day(local_day(now, site.zone), site.zone)
    reason = await why_none(
        tx, site, kind, whole, rules, now,
        is_withheld=bool(await _candidates(tx, request, kind, today, rules, now, of_any_class=True)),
        patients=[request.patient],
        professional=request.professional,
    )  # fmt: skip
    return unmet_need(
        site, kind.code, WALK_IN, reason, today, [request.patient], now, professional=request.professional
    )


async def _other_days(
    tx: Transaction, request: WalkInRequest, site: Site, start: datetime, rules: Rules, now: datetime
) -> list[dict[str, str]]:
    """The first three places after today, each of the kind as it is given on its day."""
    later = Interval(start, start + rules.alternatives_span)
    parts = await where_all_may(tx, await kinds_in(tx, request.kind, later, site, rules), [request.patient], site)
    allowed = await under_caps(tx, parts, [request.patient], now)
    slots = [slot for kind, part in allowed for slot in await _candidates(tx, request, kind, part, rules, now)]
    return [placing.slot_document(slot) for slot in slots[:3]]


async def _candidates(
    tx: Transaction,
    request: WalkInRequest,
    kind: Kind,
    window: Interval,
    rules: Rules,
    now: datetime,
    *,
    of_any_class: bool = False,
) -> list[Slot]:
    wanted = None if of_any_class else class_of(kind.capacity_class, WALK_IN)
    slots = await free_slots(
        tx, request.site, kind, window, now, request.patient, wanted, rules=rules, partners=partners_of(kind, None)
    )
    return [slot for slot in slots if request.professional in (None, slot.professional)]


async def _take(
    tx: Transaction, request: WalkInRequest, slot: Slot, kind: Kind, rules: Rules, actor: Actor, now: datetime
) -> Booked:
    """The slot booked and the patient arrived. Raises placing.Gone when things have changed since the search."""
    place = await placing.find_place(tx, slot.session, request.patient, rules)
    warnings = placing.require_eligible(kind, place)
    wish = placing.Wish(
        place.session, kind, slot.period.start, request.patient, rules, now, channel=WALK_IN, mode=ON_SITE
    )
    period = await placing.period_or_problem(tx, place, wish)
    if isinstance(period, ProblemType):
        raise placing.Gone
    await require_under_cap(tx, kind, request.patient, now)
    alone = Appointment.placed(
        new_id(), State.BOOKED, place.session, kind, period, now, actor.subject,
        patient=request.patient, mode=ON_SITE, channel=WALK_IN, notify=False, requested_at=now, booked_at=now,
    )  # fmt: skip
    booked = await in_company(tx, alone, wish)
    if await placing.insert_or_take_over(tx, booked, resources_of(booked, place.session), now, rules.cool_down):
        raise placing.Gone
    announcing.booked(tx, booked, now)
    return Booked(await arrive(tx, booked, actor, now), warnings)
