"""The patient had come, and left before being seen."""

from datetime import datetime
from uuid import UUID

from booking.domain.appointments import Action, Appointment
from booking.store import appointments
from booking.use_cases.appointments import announcing
from booking.use_cases.appointments.steps import appointment_for, require_place
from smp.auth import Actor
from smp.postgres import Transaction


async def leave_unseen(
    tx: Transaction, id: UUID, *, actor: Actor, now: datetime, reason: str | None = None
) -> Appointment:
    """The wait ends without a consultation; whoever leaves before the hour agreed gives the place back.

    Raises Refusal: APPOINTMENT_UNKNOWN, FORBIDDEN, WRONG_TRANSITION, PLACE_LOST.
    """
    waiting = await appointment_for(tx, id, Action.LEAVE, actor)
    await require_place(tx, waiting)
    left = waiting.step(Action.LEAVE, now, actor.subject, why=reason, left_at=now)
    await appointments.save(tx, [left])
    announcing.left_unseen(tx, left, now)
    return left
