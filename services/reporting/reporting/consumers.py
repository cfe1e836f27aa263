"""Which events reporting listens to, and what each one does to the facts.

Every handler merges (see the migration), so a late, repeated or out-of-order event needs no care of its own.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from reporting.use_cases import forget_patient, record_appointment, record_message, record_session, record_site
from smp.consumer import Delivery, Handler, Handlers
from smp.contracts import (
    AppointmentSupported,
    AppointmentUnsupported,
    CallOrderChanged,
    CallRequested,
    CallTaskDone,
    CallTaskRaised,
    ConsultationDone,
    ConsultationPrepared,
    ConsultationStarted,
    Event,
    HoldExpired,
    MessageAccepted,
    MessageCancelled,
    MessageDelivered,
    MessageExpired,
    MessageFailed,
    MessagePlanned,
    PatientArrived,
    PatientErased,
    PatientLeftUnseen,
    PatientNoShow,
    SessionCancelled,
    SessionChanged,
    SessionOpened,
    SiteOpened,
    SlotBooked,
    SlotCancelled,
    SlotHeld,
    SlotMoved,
    StatusCorrected,
)
from smp.postgres import Transaction


def _merge(record: Callable[[Transaction, Event[Any]], Awaitable[None]]) -> Handler:
    async def handle(tx: Transaction, delivery: Delivery[Any]) -> None:
        await record(tx, delivery.event)

    return handle


HANDLERS: Handlers = {
    SlotHeld: _merge(record_appointment.held),
    HoldExpired: _merge(record_appointment.expired),
    SlotBooked: _merge(record_appointment.booked),
    SlotMoved: _merge(record_appointment.moved),
    SlotCancelled: _merge(record_appointment.cancelled),
    PatientArrived: _merge(record_appointment.arrived),
    ConsultationPrepared: _merge(record_appointment.prepared),
    ConsultationStarted: _merge(record_appointment.started),
    ConsultationDone: _merge(record_appointment.done),
    PatientNoShow: _merge(record_appointment.missed),
    PatientLeftUnseen: _merge(record_appointment.left_unseen),
    StatusCorrected: _merge(record_appointment.corrected),
    AppointmentUnsupported: _merge(record_appointment.noted),
    AppointmentSupported: _merge(record_appointment.noted),
    CallRequested: _merge(record_appointment.noted),
    CallOrderChanged: _merge(record_appointment.noted),
    SessionOpened: _merge(record_session.planned),
    SessionChanged: _merge(record_session.planned),
    SessionCancelled: _merge(record_session.cancelled),
    MessagePlanned: _merge(record_message.planned),
    MessageAccepted: _merge(record_message.accepted),
    MessageDelivered: _merge(record_message.delivered),
    MessageFailed: _merge(record_message.failed),
    MessageExpired: _merge(record_message.expired),
    MessageCancelled: _merge(record_message.dropped),
    CallTaskRaised: _merge(record_message.call_raised),
    CallTaskDone: _merge(record_message.call_done),
    SiteOpened: _merge(record_site.opened),
    PatientErased: _merge(forget_patient.erased),
}
