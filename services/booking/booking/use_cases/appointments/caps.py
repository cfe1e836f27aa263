"""How many appointments of a kind a patient may have ahead.

Counted in the transaction that books, one booking of a patient and kind at a time: of two that want the last one
allowed, exactly one has it. To be asked after the session has been shared and before anything is occupied.
"""

from datetime import datetime
from uuid import UUID

from booking import problems
from booking.domain.kinds import Kind
from booking.store import appointments
from smp.postgres import Transaction
from smp.problems import Refusal


async def require_under_cap(
    tx: Transaction, kind: Kind, patient: UUID, now: datetime, besides: UUID | None = None
) -> None:
    """Refuse (TOO_MANY_RUNNING) one appointment more than the kind allows. `besides`: a hold that is being confirmed
    and counts for itself. Kinds without a cap cost nothing."""
    if kind.running_cap is None:
        return
    await appointments.one_at_a_time(tx, patient, kind.code)
    running = [id for id in await appointments.running(tx, patient, kind.code, now) if id != besides]
    if len(running) >= kind.running_cap:
        raise Refusal(problems.TOO_MANY_RUNNING, cap=kind.running_cap, appointments=[str(id) for id in running])
