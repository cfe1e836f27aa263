"""The contracts between services: what each event says, and how it travels.
`from smp.contracts import Event, SlotBooked`
"""

from smp.contracts.appointments import (
    APPOINTMENTS,
    ConsultationDone,
    ConsultationStarted,
    HoldExpired,
    PatientArrived,
    PatientNoShow,
    SlotBooked,
    SlotCancelled,
    SlotHeld,
    SlotMoved,
)
from smp.contracts.base import EventData, Topic
from smp.contracts.catalogue import BY_TYPE, CATALOGUE, TOPICS
from smp.contracts.envelope import Envelope, Event, MalformedEvent
from smp.contracts.messages import (
    MESSAGES,
    CallTaskDone,
    CallTaskRaised,
    MessageAccepted,
    MessageCancelled,
    MessageDelivered,
    MessageExpired,
    MessageFailed,
    MessagePlanned,
)
from smp.contracts.patients import (
    PATIENTS,
    EligibilityChanged,
    PatientContactChanged,
    PatientErased,
    PatientRegistered,
    SealedContact,
    SealedPatient,
)
from smp.contracts.professionals import (
    PROFESSIONALS,
    ProfessionalJoined,
    ProfessionalLeft,
    ProfessionalRoleChanged,
    SupervisionAssigned,
    SupervisionEnded,
)
from smp.contracts.sessions import SESSIONS, SessionCancelled, SessionChanged, SessionOpened
from smp.contracts.sites import (
    SITES,
    Address,
    OpeningHours,
    OpeningHoursChanged,
    SiteClosed,
    SiteOpened,
    SiteRelocated,
)
from smp.contracts.vocabulary import Practitioner

__all__ = [
    "APPOINTMENTS",
    "BY_TYPE",
    "CATALOGUE",
    "MESSAGES",
    "PATIENTS",
    "PROFESSIONALS",
    "SESSIONS",
    "SITES",
    "TOPICS",
    "Address",
    "CallTaskDone",
    "CallTaskRaised",
    "ConsultationDone",
    "ConsultationStarted",
    "EligibilityChanged",
    "Envelope",
    "Event",
    "EventData",
    "HoldExpired",
    "MalformedEvent",
    "MessageAccepted",
    "MessageCancelled",
    "MessageDelivered",
    "MessageExpired",
    "MessageFailed",
    "MessagePlanned",
    "OpeningHours",
    "OpeningHoursChanged",
    "PatientArrived",
    "PatientContactChanged",
    "PatientErased",
    "PatientNoShow",
    "PatientRegistered",
    "Practitioner",
    "ProfessionalJoined",
    "ProfessionalLeft",
    "ProfessionalRoleChanged",
    "SealedContact",
    "SealedPatient",
    "SessionCancelled",
    "SessionChanged",
    "SessionOpened",
    "SiteClosed",
    "SiteOpened",
    "SiteRelocated",
    "SlotBooked",
    "SlotCancelled",
    "SlotHeld",
    "SlotMoved",
    "SupervisionAssigned",
    "SupervisionEnded",
    "Topic",
]
