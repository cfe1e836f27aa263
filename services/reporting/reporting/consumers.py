"""Which events reporting listens to, and what each one does to the facts.

Every handler merges (see the migration), so a late, repeated or out-of-order event needs no care of its own.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from reporting.store import facts
from reporting.store.facts import Row
from reporting.use_cases import forget_patient, record_appointment, record_message, record_session, record_site
from smp.consumer import Bulk, Delivery, Handlers
from smp.contracts import (
    AppointmentSupported,
    AppointmentUnsupported,
    CallOrderChanged,
    CallRequested,
    CallTaskDone,
    CallTaskRaised,
    CapacityReleased,
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
    SessionSupported,
    SessionUnsupported,
    SiteOpened,
    SlotBooked,
    SlotCancelled,
    SlotHeld,
    SlotMoved,
    StatusCorrected,
)
from smp.contracts.base import EventData
from smp.postgres import Transaction

_OF_APPOINTMENT: Mapping[type[EventData], Callable[[Event[Any]], Row]] = {
    SlotHeld: record_appointment.held,
    HoldExpired: record_appointment.expired,
    SlotBooked: record_appointment.booked,
    SlotMoved: record_appointment.moved,
    SlotCancelled: record_appointment.cancelled,
    PatientArrived: record_appointment.arrived,
    ConsultationPrepared: record_appointment.prepared,
    ConsultationStarted: record_appointment.started,
    ConsultationDone: record_appointment.done,
    PatientNoShow: record_appointment.missed,
    PatientLeftUnseen: record_appointment.left_unseen,
    StatusCorrected: record_appointment.corrected,
    AppointmentUnsupported: record_appointment.noted,
    AppointmentSupported: record_appointment.noted,
    CallRequested: record_appointment.noted,
    CallOrderChanged: record_appointment.noted,
}
_OF_SESSION: Mapping[type[EventData], Callable[[Event[Any]], Row]] = {
    SessionOpened: record_session.planned,
    SessionChanged: record_session.planned,
    SessionCancelled: record_session.cancelled,
    SessionUnsupported: record_session.noted,
    SessionSupported: record_session.noted,
    CapacityReleased: record_session.noted,
}
_OF_MESSAGE: Mapping[type[EventData], Callable[[Event[Any]], Row]] = {
    MessagePlanned: record_message.planned,
    MessageAccepted: record_message.accepted,
    MessageDelivered: record_message.delivered,
    MessageFailed: record_message.failed,
    MessageExpired: record_message.expired,
    MessageCancelled: record_message.dropped,
}
_OF_CALL_TASK: Mapping[type[EventData], Callable[[Event[Any]], Row]] = {
    CallTaskRaised: record_message.call_raised,
    CallTaskDone: record_message.call_done,
}
FACTS = frozenset({*_OF_APPOINTMENT, *_OF_SESSION, *_OF_MESSAGE, *_OF_CALL_TASK})
"""Whose sequences are counted: of their topics every event must be heard, or it would seem to be missing."""


def _merged(
    rows: Mapping[type[EventData], Callable[[Event[Any]], Row]],
    record: Callable[[Transaction, Sequence[Row]], Awaitable[None]],
) -> Handlers:
    """What neighbouring events say of facts of one table is merged in one go."""

    async def merge(tx: Transaction, deliveries: Sequence[Delivery[Any]]) -> None:
        await record(tx, [rows[type(each.data)](each.event) for each in deliveries])

    return dict.fromkeys(rows, Bulk(merge))


async def _opened(tx: Transaction, delivery: Delivery[SiteOpened]) -> None:
    await record_site.opened(tx, delivery.event)


async def _erased(tx: Transaction, delivery: Delivery[PatientErased]) -> None:
    await forget_patient.erased(tx, delivery.event)


HANDLERS: Handlers = {
    **_merged(_OF_APPOINTMENT, facts.record_appointments),
    **_merged(_OF_SESSION, facts.record_sessions),
    **_merged(_OF_MESSAGE, facts.record_messages),
    **_merged(_OF_CALL_TASK, facts.record_call_tasks),
    SiteOpened: _opened,
    PatientErased: _erased,
}
