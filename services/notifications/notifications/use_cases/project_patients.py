"""How patients can be reached, from registry's events; the contact stays sealed."""

from notifications.use_cases.drop_outdated import drop_of_patient
from smp.consumer import Delivery
from smp.contracts import PatientContactChanged, PatientErased, PatientRegistered
from smp.postgres import Statements, Transaction

SQL = Statements.load("notifications.store", "projections.sql")


async def register_patient(tx: Transaction, delivery: Delivery[PatientRegistered]) -> None:
    """Keep the first contact."""
    await _record(tx, delivery)


async def change_contact(tx: Transaction, delivery: Delivery[PatientContactChanged]) -> None:
    """Keep the new contact; texts not yet sent will use it."""
    await _record(tx, delivery)


async def erase_patient(tx: Transaction, delivery: Delivery[PatientErased]) -> None:
    """Delete the sealed contact and drop what was still to be said."""
    erased, event = delivery.data, delivery.event
    await tx.execute(SQL.erase_patient, erased.patient, event.territory, event.sequence, erased.erased_at)
    await drop_of_patient(tx, erased.patient, delivery.now)


async def _record(tx: Transaction, delivery: Delivery[PatientRegistered | PatientContactChanged]) -> None:
    data, event = delivery.data, delivery.event
    await tx.execute(
        SQL.record_contact,
        data.patient,
        event.territory,
        event.sequence,
        data.reachable_by_text,
        data.text_consent,
        data.sealed.contact,
        event.id,
    )
