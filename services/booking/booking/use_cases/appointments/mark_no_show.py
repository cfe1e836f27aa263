"""The patient did not come."""

from datetime import datetime
from uuid import UUID

from booking import problems
from booking.domain.appointments import Action, Appointment
from booking.store import appointments
from booking.use_cases.appointments import announcing
from booking.use_cases.appointments.steps import appointment_for
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal


async def mark_no_show(tx: Transaction, id: UUID, *, actor: Actor, now: datetime) -> Appointment:
    """Noted after the hour of the appointment; its time stays taken, for it was lost.

    Raises Refusal: APPOINTMENT_UNKNOWN, FORBIDDEN, WRONG_TRANSITION, TOO_EARLY.
    """
    expected = await appointment_for(tx, id, Action.NOTE_NO_SHOW, actor)
    if now < expected.period.start:
        raise Refusal(problems.TOO_EARLY)
    missed = expected.step(Action.NOTE_NO_SHOW, now, actor.subject)
    await appointments.save(tx, [missed])
    announcing.no_show(tx, missed, now)
    return missed
