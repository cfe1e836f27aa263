"""Patients in the clear, for those who receive them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from registry.domain.eligibility import Status
from registry.domain.identity import latest_french_date
from registry.problems import PATIENT_UNKNOWN
from registry.store import patients
from smp.postgres import Transaction
from smp.problems import Refusal


async def get_patient(tx: Transaction, patient: UUID) -> patients.PatientRecord:
    """One patient. Refuses PATIENT_UNKNOWN when erased or outside the scope."""
    found = await patients.read(tx, patient)
    if found is None:
        raise Refusal(PATIENT_UNKNOWN)
    return found


async def look_up_patients(
    tx: Transaction, ids: Sequence[UUID], *, now: datetime
) -> list[tuple[patients.Person, Status]]:
    """Names and today's eligibility for a day list; unknown and erased patients are simply absent."""
    return await patients.look_up(tx, ids, latest_french_date(now))
