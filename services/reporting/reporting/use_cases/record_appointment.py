"""What each event of an appointment's life says, put into the appointment's fact."""

from reporting.store import facts
from reporting.store.facts import Group, Row
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


def held(event: Event[SlotHeld]) -> Row:
    data = event.data
    return facts.of_appointment(
        event, site=data.site, patient=data.patient, held=(event.time,), placement=_placement(data)
    )


def expired(event: Event[HoldExpired]) -> Row:
    data = event.data
    return facts.of_appointment(event, site=data.site, expiry=(data.expired_at,))


def booked(event: Event[SlotBooked]) -> Row:
    data = event.data
    return facts.of_appointment(
        event,
        site=data.site,
        patient=data.patient,
        request=(data.channel, data.capacity_class, data.requested_at, data.booked_at),
        placement=_placement(data),
    )


def moved(event: Event[SlotMoved]) -> Row:
    data = event.data
    return facts.of_appointment(
        event, site=data.site, patient=data.patient, move=(data.moved_at,), placement=_placement(data)
    )


def cancelled(event: Event[SlotCancelled]) -> Row:
    data = event.data
    cancellation = (data.cancelled_at, data.cancelled_by, data.reason, data.late, data.start)
    excuse = {"excuse": (data.cancelled_at,)} if data.excused else {}
    return facts.of_appointment(event, site=data.site, patient=data.patient, cancellation=cancellation, **excuse)


def arrived(event: Event[PatientArrived]) -> Row:
    data = event.data
    return facts.of_appointment(event, site=data.site, patient=data.patient, arrival=(data.arrived_at,))


def prepared(event: Event[ConsultationPrepared]) -> Row:
    data = event.data
    return facts.of_appointment(event, site=data.site, patient=data.patient, preparation=(data.prepared_at,))


def noted(event: Event[AppointmentEvent]) -> Row:
    """What changes no figure is heard all the same, so that it leaves no hole in the sequence."""
    mention = (event.time, getattr(event.data, "start", None))
    return facts.of_appointment(event, site=event.data.site, mention=mention)


def started(event: Event[ConsultationStarted]) -> Row:
    data = event.data
    return facts.of_appointment(event, site=data.site, patient=data.patient, start=(data.started_at,))


def done(event: Event[ConsultationDone]) -> Row:
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
    return facts.of_appointment(event, site=data.site, patient=data.patient, consultation=consultation)


def missed(event: Event[PatientNoShow]) -> Row:
    data = event.data
    return facts.of_appointment(event, site=data.site, patient=data.patient, absence=(data.noted_at, data.start))


def left_unseen(event: Event[PatientLeftUnseen]) -> Row:
    data = event.data
    departure = (data.left_at, data.start)
    return facts.of_appointment(event, site=data.site, patient=data.patient, departure=departure)


def corrected(event: Event[StatusCorrected]) -> Row:
    """The state is again what it was before the step undone; what that step had said is kept, and counts no more."""
    data = event.data
    return facts.of_appointment(
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
