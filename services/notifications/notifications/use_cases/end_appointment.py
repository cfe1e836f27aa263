"""The patient has come, was seen, or did not come: nothing is left to tell."""

from collections.abc import Sequence

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


_WHY: dict[type[Ending], str] = {
    PatientArrived: "arrived",
    ConsultationPrepared: "arrived",
    ConsultationDone: "seen",
    PatientNoShow: "no_show",
    PatientLeftUnseen: "left_unseen",
    StatusCorrected: "corrected",
}


async def end_appointments(tx: Transaction, deliveries: Sequence[Delivery[Ending]]) -> None:
    """Close different appointments here and drop the texts and calls that still wait for them."""
    events = [delivery.event for delivery in deliveries]
    await tx.execute(
        SQL.end_appointments,
        AppointmentState.OVER,
        [event.data.appointment for event in events],
        [event.territory for event in events],
        [event.sequence for event in events],
        [event.data.patient for event in events],
        [event.data.site for event in events],
    )
    outdated = [(event.data.appointment, event.sequence, _WHY[type(event.data)]) for event in events]
    await drop_outdated(tx, outdated, deliveries[0].now)
