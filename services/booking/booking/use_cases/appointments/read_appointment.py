"""One appointment as it stands, with its trail."""

from dataclasses import dataclass
from uuid import UUID

from booking import problems
from booking.domain.appointments import Appointment
from booking.store import appointments, supervision
from booking.use_cases.access import require_site
from booking.use_cases.supervision.recheck_supervision import STANDING
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class Read:
    """The appointment; `unsupported` says why nobody covers it, or that its session is gone."""

    appointment: Appointment
    unsupported: str | None


async def read_appointment(tx: Transaction, id: UUID, actor: Actor) -> Read:
    """Raises Refusal: APPOINTMENT_UNKNOWN, FORBIDDEN."""
    found = await appointments.get(tx, id)
    if found is None:
        raise Refusal(problems.APPOINTMENT_UNKNOWN)
    require_site(actor, found.site)
    return Read(found, (await supervision.reasons_of(tx, [id], STANDING)).get(id))
