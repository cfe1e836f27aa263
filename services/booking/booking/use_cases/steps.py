"""A step of an appointment that is at hand: lock it, check who and where, refuse what its state does not allow."""

from uuid import UUID

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
