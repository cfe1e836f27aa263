"""Every event type that exists. A new event is a class plus a line here; nothing registers itself."""

from smp.contracts import appointments, demand, messages, patients, professionals, sessions, sites
from smp.contracts.base import EventData, Topic

CATALOGUE: tuple[type[EventData], ...] = (
    sites.SiteOpened,
    sites.SiteRelocated,
    sites.OpeningHoursChanged,
    sites.SiteClosed,
    professionals.ProfessionalJoined,
    professionals.ProfessionalRoleChanged,
    professionals.SupervisionAssigned,
    professionals.SupervisionEnded,
    professionals.ProfessionalLeft,
    patients.PatientRegistered,
    patients.PatientContactChanged,
    patients.EligibilityChanged,
    patients.PatientErased,
    sessions.SessionOpened,
    sessions.SessionChanged,
    sessions.SessionCancelled,
    sessions.CapacityReleased,
    appointments.SlotHeld,
    appointments.HoldExpired,
    appointments.SlotBooked,
    appointments.SlotMoved,
    appointments.SlotCancelled,
    appointments.AppointmentUnsupported,
    appointments.AppointmentSupported,
    appointments.CallRequested,
    appointments.PatientArrived,
    appointments.ConsultationPrepared,
    appointments.ConsultationStarted,
    appointments.ConsultationDone,
    appointments.PatientNoShow,
    appointments.PatientLeftUnseen,
    appointments.StatusCorrected,
    demand.DemandUnmet,
    appointments.CallOrderChanged,
    messages.MessagePlanned,
    messages.MessageAccepted,
    messages.MessageDelivered,
    messages.MessageFailed,
    messages.MessageExpired,
    messages.MessageCancelled,
    messages.CallTaskRaised,
    messages.CallTaskDone,
)

TOPICS: tuple[Topic, ...] = tuple(dict.fromkeys(event.topic for event in CATALOGUE))

BY_TYPE: dict[str, type[EventData]] = {event.ce_type(): event for event in CATALOGUE}
