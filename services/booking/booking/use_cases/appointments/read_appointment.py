"""One appointment as it stands, with its trail."""

from uuid import UUID

from booking import problems
from booking.domain.appointments import Appointment
from booking.store import appointments
from booking.use_cases.access import require_site
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal


async def read_appointment(tx: Transaction, id: UUID, actor: Actor) -> Appointment:
    """Raises Refusal: APPOINTMENT_UNKNOWN, FORBIDDEN."""
    found = await appointments.get(tx, id)
    if found is None:
        raise Refusal(problems.APPOINTMENT_UNKNOWN)
    require_site(actor, found.site)
    return found
