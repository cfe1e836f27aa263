"""A step of an appointment that is at hand: lock it, check who and where, refuse what its state does not allow."""

from uuid import UUID

import asyncpg

from booking import problems
from booking.domain.appointments import Action, Appointment, after
from booking.store import appointments
from booking.use_cases.access import require_site
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal


async def appointment_for(tx: Transaction, id: UUID, action: Action, actor: Actor) -> Appointment:
    """The appointment, locked, ready for `action`.

    Raises Refusal: APPOINTMENT_UNKNOWN, FORBIDDEN, WRONG_TRANSITION.
    """
    found = await appointments.lock(tx, id)
    if found is None:
        raise Refusal(problems.APPOINTMENT_UNKNOWN)
    require_site(actor, found.site)
    if after(found.state, action) is None:
        raise Refusal(problems.WRONG_TRANSITION, state=found.state)
    return found


async def save_once_in_queue(tx: Transaction, changed: Appointment) -> None:
    """Write an appointment whose patient waits from now on; the database refuses the same patient twice in a queue.

    Raises Refusal: ALREADY_WAITING.
    """
    try:
        await appointments.save(tx, [changed])
    except asyncpg.UniqueViolationError as violation:
        if violation.constraint_name != "appointment_once_in_queue":
            raise
        raise Refusal(problems.ALREADY_WAITING) from None
