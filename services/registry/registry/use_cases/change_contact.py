"""The numbers of a patient change, or the consent to texts on one of them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from registry.domain.contact import contact
from registry.phones import TypedPhone, read_phones
from registry.problems import refusing
from registry.sealed import sealed_contact
from registry.store import keys as wrapped_keys
from registry.store import patients
from registry.use_cases.lock_patient import lock_patient
from registry.use_cases.register_patient import Saved, contact_warnings
from smp.auth import Actor
from smp.contracts import Event, PatientContactChanged
from smp.ids import new_id
from smp.postgres import Transaction
from smp.sealing import KeyEncryptionKeys


@refusing
async def change_contact(
    tx: Transaction,
    patient_id: UUID,
    phones: Sequence[TypedPhone],
    *,
    actor: Actor,
    now: datetime,
    keys: KeyEncryptionKeys,
) -> Saved:
    """Replace all numbers by these; numbers and consents of before stay on record with their dates."""
    reach = contact(read_phones(phones))
    patient = await lock_patient(tx, patient_id)
    (key,) = await wrapped_keys.read(tx, [patient_id])
    await patients.replace_contact(tx, patient_id, reach, actor.subject, now)
    event_id, version = new_id(), patient.version + 1
    data = PatientContactChanged(
        patient=patient_id,
        reachable_by_text=reach.reachable_by_text,
        text_consent=not reach.refuses_texts,
        sealed=sealed_contact(keys.unwrap(patient_id, key.kek_id, key.wrapped), patient_id, event_id, reach),
    )
    tx.publish(
        Event.of(
            data,
            subject=patient_id,
            territory=patient.territory,
            site=patient.home_site,
            sequence=version,
            time=now,
            id=event_id,
        )
    )
    return Saved(patient_id, version, contact_warnings(reach))
