"""A step of an appointment that is at hand: lock it, check who and where, refuse what its state does not allow."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from booking import problems
from booking.domain.appointments import WAITING, Action, Appointment, after
from booking.domain.compartments import sees
from booking.store import appointments, impacts
from booking.use_cases.access import require_site, require_step
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class Stepped:
    """An appointment one step further, and what says so once it is written."""

    appointment: Appointment
    say: Callable[[Transaction], None]


@dataclass(frozen=True, slots=True)
class RoomStep:
    """A step of the waiting room. `make` gets the appointment locked and fit for `action`; it may still refuse, and
    writes nothing: those who come at the same time are written together (`step_together`)."""

    action: Action
    make: Callable[[Transaction, Appointment, Actor, datetime], Awaitable[Stepped]]


async def take_step(tx: Transaction, id: UUID, step: RoomStep, actor: Actor, now: datetime) -> Appointment:
    """Take the step, alone.

    Raises Refusal: APPOINTMENT_UNKNOWN, FORBIDDEN, WRONG_TRANSITION, and those of the step itself.
    """
    found = await appointment_for(tx, id, step.action, actor)
    stepped = await step.make(tx, found, actor, now)
    await save_once_in_queue(tx, stepped.appointment, actor)
    stepped.say(tx)
    return stepped.appointment


async def appointment_for(tx: Transaction, id: UUID, action: Action, actor: Actor) -> Appointment:
    """The appointment, locked, ready for `action`.

    Raises Refusal: APPOINTMENT_UNKNOWN, FORBIDDEN, WRONG_TRANSITION.
    """
    found = await appointments.lock(tx, id)
    if found is None:
        raise Refusal(problems.APPOINTMENT_UNKNOWN)
    require_fit(found, action, actor)
    return found


def require_fit(found: Appointment, action: Action, actor: Actor) -> None:
    """Raises Refusal: FORBIDDEN, WRONG_TRANSITION."""
    require_site(actor, found.site)
    require_step(actor, found, action)
    if after(found.state, action) is None:
        raise Refusal(problems.WRONG_TRANSITION, state=found.state)


async def require_place(tx: Transaction, found: Appointment) -> None:
    """Whoever lost their place through the centre has neither come to it, nor left, nor stayed away: they are called,
    then moved or cancelled. Whoever waited already may still be received by a practitioner who stays.

    Raises Refusal: PLACE_LOST.
    """
    if await impacts.lost_or_losing_place(tx, [found.id]):
        raise Refusal(problems.PLACE_LOST)


async def save_once_in_queue(tx: Transaction, changed: Appointment, reader: Actor) -> None:
    """Write an appointment whose patient may wait from now on; the database refuses the same patient twice in the queue
    of a site's day.

    Raises Refusal: ALREADY_IN_QUEUE, with what the patient waits for, if this reader may know.
    """
    if changed.state not in WAITING:
        return await appointments.save(tx, [changed])
    try:
        async with tx.savepoint():
            await appointments.save(tx, [changed])
    except asyncpg.UniqueViolationError as violation:
        if violation.constraint_name != "appointment_once_in_queue":
            raise
        other = await appointments.waits_already(tx, changed)
        raise Refusal(problems.ALREADY_IN_QUEUE, **_told_of(other, reader)) from None


def _told_of(other: Appointment | None, reader: Actor) -> dict[str, object]:
    if other is None or not sees(other, reader.roles, reader.subject):
        return {}
    return {"waiting": {"appointment": str(other.id), "start": other.period.start.isoformat()}}
