"""What each event of an appointment's life says, put into the appointment's fact."""

from reporting.store import facts
from reporting.store.facts import Group
from smp.contracts import (
    ConsultationDone,
    ConsultationPrepared,
    ConsultationStarted,
    Event,
    HoldExpired,
    PatientArrived,
    PatientLeftUnseen,
    PatientNoShow,
    Practitioner,
    SlotBooked,
    SlotCancelled,
    SlotHeld,
    SlotMoved,
    StatusCorrected,
)
from smp.contracts.appointments import AppointmentEvent
from smp.postgres import Transaction


async def held(tx: Transaction, event: Event[SlotHeld]) -> None:
    data = event.data
    await facts.record_appointment(
        tx, event, site=data.site, patient=data.patient, held=(event.time,), placement=_placement(data)
    )


async def expired(tx: Transaction, event: Event[HoldExpired]) -> None:
    data = event.data
    await facts.record_appointment(tx, event, site=data.site, expiry=(data.expired_at,))


async def booked(tx: Transaction, event: Event[SlotBooked]) -> None:
    data = event.data
    await facts.record_appointment(
        tx,
        event,
        site=data.site,
        patient=data.patient,
        request=(data.channel, data.capacity_class, data.requested_at, data.booked_at),
        placement=_placement(data),
    )


async def moved(tx: Transaction, event: Event[SlotMoved]) -> None:
    data = event.data
    await facts.record_appointment(
        tx, event, site=data.site, patient=data.patient, move=(data.moved_at,), placement=_placement(data)
    )


async def cancelled(tx: Transaction, event: Event[SlotCancelled]) -> None:
    data = event.data
    cancellation = (data.cancelled_at, data.cancelled_by, data.reason, data.late, data.start)
    excuse = {"excuse": (data.cancelled_at,)} if data.excused else {}
    await facts.record_appointment(tx, event, site=data.site, patient=data.patient, cancellation=cancellation, **excuse)


async def arrived(tx: Transaction, event: Event[PatientArrived]) -> None:
    data = event.data
    await facts.record_appointment(tx, event, site=data.site, patient=data.patient, arrival=(data.arrived_at,))


async def prepared(tx: Transaction, event: Event[ConsultationPrepared]) -> None:
    data = event.data
    await facts.record_appointment(tx, event, site=data.site, patient=data.patient, preparation=(data.prepared_at,))


async def noted(tx: Transaction, event: Event[AppointmentEvent]) -> None:
    """What changes no figure is heard all the same, so that it leaves no hole in the sequence."""
    mention = (event.time, getattr(event.data, "start", None))
    await facts.record_appointment(tx, event, site=event.data.site, mention=mention)


async def started(tx: Transaction, event: Event[ConsultationStarted]) -> None:
    data = event.data
    await facts.record_appointment(tx, event, site=data.site, patient=data.patient, start=(data.started_at,))


async def done(tx: Transaction, event: Event[ConsultationDone]) -> None:
    data = event.data
    consultation = (
        data.started_at,
        data.ended_at,
        _leading_role(data.practitioners),
        data.outcome,
        data.unscheduled,
        data.severity,
        data.otherwise_emergency,
    )
    await facts.record_appointment(tx, event, site=data.site, patient=data.patient, consultation=consultation)


async def missed(tx: Transaction, event: Event[PatientNoShow]) -> None:
    data = event.data
    await facts.record_appointment(tx, event, site=data.site, patient=data.patient, absence=(data.noted_at, data.start))


async def left_unseen(tx: Transaction, event: Event[PatientLeftUnseen]) -> None:
    data = event.data
    departure = (data.left_at, data.start)
    await facts.record_appointment(tx, event, site=data.site, patient=data.patient, departure=departure)


async def corrected(tx: Transaction, event: Event[StatusCorrected]) -> None:
    """The state is again what it was before the step undone; what that step had said is kept, and counts no more."""
    data = event.data
    await facts.record_appointment(
        tx,
        event,
        site=data.site,
        patient=data.patient,
        correction=(data.corrected_at, data.state),
        placement=_placement(data),
    )


def _placement(data: SlotHeld | SlotBooked | SlotMoved | StatusCorrected) -> Group:
    return data.session, data.kind, data.mode, _leading_role(data.practitioners), data.start, data.end


def _leading_role(practitioners: tuple[Practitioner, ...]) -> str | None:
    """The role of whoever receives the patient: events name that person first."""
    return practitioners[0].role if practitioners else None
