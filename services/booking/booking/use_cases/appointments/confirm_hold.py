"""Turn a hold into an appointment."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking import problems
from booking.domain import resources
from booking.domain.appointments import Action, Appointment, State, after
from booking.domain.rules import Rules
from booking.store import appointments
from booking.store.appointments import Place
from booking.use_cases.access import require_channel, require_compartment, require_site
from booking.use_cases.appointments import announcing, placing
from booking.use_cases.appointments.book_slot import Booked
from booking.use_cases.appointments.caps import require_under_cap
from booking.use_cases.appointments.company import joined_by
from booking.use_cases.kinds.kind_book import kind_of
from booking.use_cases.supervision import supervising
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class ConfirmRequest:
    """Which hold, for whom."""

    hold: UUID
    patient: UUID
    requested_at: datetime | None = None
    notify: bool = True
    named: bool = True


async def confirm_hold(
    tx: Transaction, request: ConfirmRequest, rules: Rules, *, actor: Actor, now: datetime
) -> Booked:
    """Book the slot that a hold keeps.

    Raises Refusal: APPOINTMENT_UNKNOWN, PATIENT_UNKNOWN, PATIENT_ERASED, NOT_ELIGIBLE, HOLD_FOR_ANOTHER,
    WRONG_TRANSITION, FORBIDDEN, TOO_MANY_RUNNING; with alternatives HOLD_EXPIRED, SESSION_CANCELLED,
    SESSION_UNSUPPORTED, OUTSIDE_SESSION, NEVER_SEEN, NO_SUPERVISOR, TOO_MANY_INTERNS, TOO_MANY_ACTS, PATIENT_BUSY.
    """
    place = await placing.wait_for_patient(
        tx, lambda: keep_place(tx, request.hold, request.patient), request.patient, rules
    )
    hold = await appointments.lock(tx, request.hold)
    if hold is None:
        raise Refusal(problems.APPOINTMENT_UNKNOWN)
    require_site(actor, hold.site)
    require_channel(actor, hold.channel)
    if place is None:
        raise Refusal(problems.PATIENT_UNKNOWN)
    if hold.patient not in (None, request.patient):
        raise Refusal(problems.HOLD_FOR_ANOTHER)
    kind = await kind_of(tx, rules, hold)
    require_compartment(actor, kind)
    wish = placing.Wish(
        place.session, kind, hold.period.start, request.patient, rules, now,
        channel=hold.channel,
        mode=hold.mode,
        together_with=joined_by(hold),
    )  # fmt: skip
    await _require_running(tx, hold, place, wish)
    warnings = placing.require_eligible(kind, place)
    # A hold has promised nothing yet, an appointment would: it could only be taken back.
    if shut := placing.why_shut(place):
        await placing.refuse(tx, shut, wish)
    if uncovered := await supervising.why_not(tx, place, hold.period, rules, now, leaving=hold.id):
        await placing.refuse(tx, uncovered, wish)
    if kind.follow_up_only and not await placing.is_followed_up(tx, request.patient, hold.professional):
        await placing.refuse(tx, problems.NEVER_SEEN, wish)
    await require_under_cap(tx, kind, request.patient, now, besides=hold.id)
    if hold.patient is None:
        await _join(tx, hold, request.patient, wish)
    booked = hold.step(
        Action.BOOK, now, actor.subject,
        patient=request.patient,
        notify=request.notify,
        named=request.named,
        requested_at=min(request.requested_at or hold.requested_at, now),
        booked_at=now,
    )  # fmt: skip
    await appointments.save(tx, [booked])
    announcing.booked(tx, booked, now)
    return Booked(booked, warnings)


async def keep_place(tx: Transaction, hold: UUID, patient: UUID) -> Place | None:
    """The place of a hold and the patient's standing; session and patient stay until the commit, and so does whoever
    supervises there. To be asked before any appointment is locked, as everywhere."""
    place = await appointments.place_of_hold(tx, hold, patient)
    if place is not None:
        await supervising.keep_days(tx, [place.session])
    return place


async def _require_running(tx: Transaction, hold: Appointment, place: Place, wish: placing.Wish) -> None:
    """Refuse a hold that is not one any more; the place of an expired one may be among the alternatives. One that was
    given up with its session, or with these hours of it, is told so: somebody waits on the telephone."""
    if hold.state is State.EXPIRED:
        await placing.refuse(tx, problems.HOLD_EXPIRED, wish)
    if hold.state is State.CANCELLED and not place.is_open:
        await placing.refuse(tx, problems.SESSION_CANCELLED, wish)
    if hold.state is State.CANCELLED and not place.session.period.contains(hold.occupied):
        await placing.refuse(tx, problems.OUTSIDE_SESSION, wish)
    if after(hold.state, Action.BOOK) is None:
        raise Refusal(problems.WRONG_TRANSITION, state=hold.state)
    if hold.has_expired(wish.now):
        await placing.expire(tx, [hold], wish.now, "booking", wish.rules.cool_down)
        await placing.refuse(tx, problems.HOLD_EXPIRED, wish)


async def _join(tx: Transaction, hold: Appointment, patient: UUID, wish: placing.Wish) -> None:
    """The patient takes part in the hold, unless expected elsewhere at that hour."""
    resource = resources.patient(patient)
    had = await appointments.add_occupancy(tx, hold, resource)
    if not had and await placing.expire_in_the_way(tx, [resource.number], hold.whole, wish.now, wish.rules.cool_down):
        had = await appointments.add_occupancy(tx, hold, resource)
    if not had:
        await placing.refuse(tx, problems.PATIENT_BUSY, wish)
