"""A medical assistant or a nurse prepares the consultation."""

from datetime import datetime
from uuid import UUID

from booking.domain.appointments import Action, Appointment
from booking.store import appointments
from booking.use_cases.appointments import announcing
from booking.use_cases.appointments.steps import appointment_for
from smp.auth import Actor
from smp.postgres import Transaction


async def prepare_consultation(tx: Transaction, id: UUID, *, actor: Actor, now: datetime) -> Appointment:
    """The preparation begins; it is never wanted, and the wait goes on.

    Raises Refusal: APPOINTMENT_UNKNOWN, FORBIDDEN, WRONG_TRANSITION.
    """
    arrived = await appointment_for(tx, id, Action.PREPARE, actor)
    prepared = arrived.step(Action.PREPARE, now, actor.subject, prepared_at=now)
    await appointments.save(tx, [prepared])
    announcing.prepared(tx, prepared, now)
    return prepared
