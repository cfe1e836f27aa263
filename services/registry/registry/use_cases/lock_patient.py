"""The patient that a command is about."""

from uuid import UUID

from registry.problems import PATIENT_UNKNOWN
from registry.store import patients
from smp.postgres import Transaction
from smp.problems import Refusal


async def lock_patient(tx: Transaction, patient: UUID) -> patients.LockedPatient:
    """The patient under a row lock. Refuses PATIENT_UNKNOWN when erased or outside the scope."""
    known = await patients.lock(tx, patient)
    if known is None:
        raise Refusal(PATIENT_UNKNOWN)
    return known
