"""The patient is with the practitioner."""

from datetime import datetime
from uuid import UUID

from booking.domain.appointments import Action, Appointment
from booking.store import appointments
from booking.use_cases.appointments import announcing
from booking.use_cases.appointments.steps import appointment_for
from smp.auth import Actor
from smp.postgres import Transaction


async def start_consultation(tx: Transaction, id: UUID, *, actor: Actor, now: datetime) -> Appointment:
    """The wait ends.

    Raises Refusal: APPOINTMENT_UNKNOWN, FORBIDDEN, WRONG_TRANSITION.
    """
    arrived = await appointment_for(tx, id, Action.START, actor)
    started = arrived.step(Action.START, now, actor.subject, started_at=now)
    await appointments.save(tx, [started])
    announcing.started(tx, started, now)
    return started
