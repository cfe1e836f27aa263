"""The patient is with the practitioner."""

from datetime import datetime
from uuid import UUID

from booking.domain.appointments import Action, Appointment
from booking.use_cases.appointments import announcing
from booking.use_cases.appointments.steps import RoomStep, Stepped, take_step
from smp.auth import Actor
from smp.postgres import Transaction


async def start_consultation(tx: Transaction, id: UUID, *, actor: Actor, now: datetime) -> Appointment:
    """The wait ends.

    Raises Refusal: APPOINTMENT_UNKNOWN, FORBIDDEN, WRONG_TRANSITION.
    """
    return await take_step(tx, id, START, actor, now)


async def _make(_tx: Transaction, arrived: Appointment, actor: Actor, now: datetime) -> Stepped:
    started = arrived.step(Action.START, now, actor.subject, started_at=now)
    return Stepped(started, lambda tx: announcing.started(tx, started, now))


START = RoomStep(Action.START, _make)
