"""A patient asked to be forgotten: the acts still count, nothing links them any more."""

from reporting.store import facts
from smp.contracts import Event, PatientErased
from smp.postgres import Scope, Transaction
from smp.service import Runtime


async def erased(tx: Transaction, event: Event[PatientErased]) -> None:
    await facts.forget_patient(tx, event.data.patient, event.territory)


async def sweep(runtime: Runtime) -> None:
    """Finish erasures: two processes may have recorded an act and its patient's erasure at the same moment."""
    async with runtime.database.transaction(Scope.everywhere()) as tx:
        await facts.forget_again(tx)
