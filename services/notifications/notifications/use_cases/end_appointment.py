"""The patient has come, was seen, or did not come: nothing is left to tell."""

from notifications.domain.appointments import AppointmentState
from notifications.use_cases.drop_outdated import drop_outdated
from smp.consumer import Delivery
from smp.contracts import (
    ConsultationDone,
    ConsultationPrepared,
    PatientArrived,
    PatientLeftUnseen,
    PatientNoShow,
    StatusCorrected,
)
from smp.postgres import Statements, Transaction

SQL = Statements.load("notifications.store", "projections.sql")


Ending = PatientArrived | ConsultationPrepared | ConsultationDone | PatientNoShow | PatientLeftUnseen | StatusCorrected


async def end_appointment(tx: Transaction, delivery: Delivery[Ending], reason: str) -> None:
    """Close the appointment here and drop the texts and calls that still wait for it."""
    event, data = delivery.event, delivery.data
    await tx.execute(
        SQL.end_appointment,
        data.appointment,
        event.territory,
        event.sequence,
        AppointmentState.OVER,
        data.patient,
        data.site,
    )
    await drop_outdated(tx, data.appointment, event.sequence, reason, delivery.now)
