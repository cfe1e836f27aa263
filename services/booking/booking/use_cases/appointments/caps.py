"""How many appointments of a kind a patient may have ahead.

Counted in the transaction that books, one booking of a patient and kind at a time: of two that want the last one
allowed, exactly one has it. To be asked after the session has been shared and before anything is occupied.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from booking import problems
from booking.domain.kinds import Kind
from booking.store import appointments
from booking.use_cases.kinds.kind_book import Part
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


async def under_caps(tx: Transaction, parts: Iterable[Part], patients: Collection[UUID], now: datetime) -> list[Part]:
    """Without the versions of a kind of which one of the patients has as many ahead as they allow: none of their days
    is proposed."""
    return [(kind, part) for kind, part in parts if not await _is_at_cap(tx, kind, patients, now)]


async def _is_at_cap(tx: Transaction, kind: Kind, patients: Collection[UUID], now: datetime) -> bool:
    if kind.running_cap is None:
        return False
    counts = [len(await appointments.running(tx, patient, kind.code, now)) for patient in patients]
    return any(count >= kind.running_cap for count in counts)
