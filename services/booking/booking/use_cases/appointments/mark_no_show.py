"""The patient did not come."""

from datetime import datetime
from uuid import UUID

from booking import problems
from booking.domain.appointments import Action, Appointment
from booking.use_cases.appointments import announcing
from booking.use_cases.appointments.steps import RoomStep, Stepped, require_place, take_step
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal


async def mark_no_show(tx: Transaction, id: UUID, *, actor: Actor, now: datetime) -> Appointment:
    """Noted after the hour of the appointment; the practitioner's time stays taken, for it was lost; the patient may be
    expected elsewhere.

    Raises Refusal: APPOINTMENT_UNKNOWN, FORBIDDEN, WRONG_TRANSITION, TOO_EARLY, PLACE_LOST.
    """
    return await take_step(tx, id, ABSENCE, actor, now)


async def _make(tx: Transaction, expected: Appointment, actor: Actor, now: datetime) -> Stepped:
    if now < expected.period.start:
        raise Refusal(problems.TOO_EARLY)
    await require_place(tx, expected)
    missed = expected.step(Action.NOTE_NO_SHOW, now, actor.subject)
    return Stepped(missed, lambda tx: announcing.no_show(tx, missed, now))


ABSENCE = RoomStep(Action.NOTE_NO_SHOW, _make)
