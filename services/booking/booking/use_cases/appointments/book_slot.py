"""Give a patient an appointment.

Round trips of a booking: BEGIN with its scope; one read, which also keeps the session from being cancelled
meanwhile (FOR KEY SHARE, against FOR UPDATE in `cancel_session`); one write of appointment and occupancies, in which
the exclusion constraint decides; events with the answer; COMMIT. The presence that covers an intern comes with
the same read. Bookings that come at the same time share these round trips: see `book_together`.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking.domain.appointments import Appointment, State
from booking.domain.intervals import Interval
from booking.domain.rules import Rules
from booking.use_cases.appointments import announcing, placing
from booking.use_cases.appointments.caps import require_under_cap
from booking.use_cases.appointments.company import in_company, resources_of
from booking.use_cases.appointments.floating import occupy
from smp.auth import Actor
from smp.ids import new_id
from smp.postgres import Transaction


@dataclass(frozen=True, slots=True)
class BookRequest(placing.SlotRequest):
    """Which slot, for whom, how it was asked."""

    patient: UUID
    notify: bool = True
    together_with: str | None = None  # the role of somebody who sits in
    named: bool = True  # false: any practitioner would do, and may be changed for another one


@dataclass(frozen=True, slots=True)
class Booked:
    """An appointment, and what the secretary should know about it."""

    appointment: Appointment
    warnings: tuple[str, ...] = ()


async def book_slot(tx: Transaction, request: BookRequest, rules: Rules, *, actor: Actor, now: datetime) -> Booked:
    """Book a slot that was not held.

    Raises Refusal, with three alternatives where another slot would do: SESSION_UNKNOWN, PATIENT_UNKNOWN,
    PATIENT_ERASED, KIND_UNKNOWN, NOT_ELIGIBLE, SESSION_CANCELLED, SESSION_UNSUPPORTED, KIND_NOT_OFFERED, ROOM_WANTED,
    EQUIPMENT_WANTED, MODE_NOT_OFFERED, OUTSIDE_SESSION, OFF_GRID, SLOT_PAST, LEAD_TOO_SHORT, LEAD_TOO_LONG,
    NEVER_SEEN, NO_SUPERVISOR, TOO_MANY_INTERNS, TOO_MANY_ACTS, ON_THE_WAY, CLASS_NOT_RELEASED, COMPANY_MISSING,
    SLOT_TAKEN, SLOT_RESTING, PATIENT_BUSY, TOO_MANY_RUNNING, NOBODY_TO_PREPARE, FORBIDDEN.
    """
    place = await placing.find_place(tx, request.session, request.patient, rules)
    wish, warnings = await placing.permitted(tx, request, place, rules, actor, now, together_with=request.together_with)
    period = await placing.period_of(tx, place, wish)
    await require_under_cap(tx, wish.kind, request.patient, now)
    alone = appointment_of(request, wish, period, actor)
    booked = await in_company(tx, alone, wish)
    await occupy(tx, booked, resources_of(booked, place.session), wish)
    announcing.booked(tx, booked, now)
    return Booked(booked, warnings)


def appointment_of(request: BookRequest, wish: placing.Wish, period: Interval, actor: Actor) -> Appointment:
    """The appointment that a request asks for, once its period is known."""
    return Appointment.placed(
        new_id(), State.BOOKED, wish.session, wish.kind, period, wish.now, actor.subject,
        patient=request.patient,
        mode=wish.its_mode,
        channel=request.channel,
        notify=request.notify,
        named=request.named,
        requested_at=min(request.requested_at or wish.now, wish.now),
        booked_at=wish.now,
    )  # fmt: skip
