"""Registry erased a patient: nobody can be expected under that id any more."""

from datetime import datetime
from uuid import UUID

from booking.domain.appointments import Action
from booking.store import appointments
from booking.use_cases.appointments import announcing
from booking.use_cases.appointments.cancel_appointment import CENTRE
from booking.use_cases.waiting_list.leave_waiting_list import leave_of_patient
from smp.postgres import Transaction

BY = "booking.forget-patient"
REASON = "patient_erased"


async def forget_patient(tx: Transaction, patient: UUID, now: datetime) -> None:
    """What the patient still had ahead, or waited for, is cancelled without a text; done twice it changes nothing.
    Whoever has come is received, and what is over is concluded by the close of the day: nobody has cancelled either.
    The patient is locked before (`projections.patient_erased`), so that nothing can be booked for them meanwhile."""
    await leave_of_patient(tx, patient, BY, now)
    ahead = await appointments.lock_future_of_patient(tx, patient, now)
    cancelled = [
        each.step(
            Action.CANCEL, now, BY, why=REASON, cancelled_by=CENTRE, cancel_reason=REASON, late=False, notify=False
        )
        for each in ahead
    ]
    await appointments.save(tx, cancelled)
    for each in cancelled:
        announcing.released(tx, each, now)
