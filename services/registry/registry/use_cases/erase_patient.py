"""A patient is forgotten: the data key and every trait are deleted, sealed copies become unreadable everywhere."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from registry.problems import refusing
from registry.store import patients
from registry.use_cases.lock_patient import lock_patient
from registry.use_cases.register_patient import Saved
from smp.auth import Actor
from smp.contracts import Event, PatientErased
from smp.postgres import Transaction

ErasureReason = Literal["patient_request", "retention_ended", "registered_by_mistake"]


@refusing
async def erase_patient(
    tx: Transaction, patient_id: UUID, reason: ErasureReason, *, actor: Actor, now: datetime
) -> Saved:
    """Leave a tombstone that says when, by whom and why; publish PatientErased."""
    patient = await lock_patient(tx, patient_id)
    await patients.erase(tx, patient_id, reason, actor.subject, now)
    version = patient.version + 1
    tx.publish(
        Event.of(
            PatientErased(patient=patient_id, erased_at=now),
            subject=patient_id,
            territory=patient.territory,
            site=patient.home_site,
            sequence=version,
            time=now,
        )
    )
    return Saved(patient_id, version)
