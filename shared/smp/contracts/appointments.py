"""The life of an appointment. Published by booking; the key is the appointment.

held → booked → arrived → in consultation → done; booked or arrived → no-show; held or booked → cancelled;
held → expired. Periods are half-open [start, end). No event says why the patient comes.
"""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from smp.contracts.base import Code, EventData, Topic
from smp.contracts.vocabulary import (
    BookingChannel,
    CancelledBy,
    CapacityClass,
    Kind,
    Mode,
    Outcome,
    People,
    Severity,
    SupportLost,
)

APPOINTMENTS = Topic(
    "smp.booking.appointments",
    "booking",
    "appointment",
    "Each appointment from hold to outcome, without the reason of care.",
)


class AppointmentEvent(EventData):
    topic: ClassVar[Topic] = APPOINTMENTS

    appointment: UUID
    site: UUID


class SlotHeld(AppointmentEvent):
    """The slot is kept for nobody else until `expires_at`; `patient` is null while the caller is unknown."""

    session: UUID
    patient: UUID | None = None
    practitioners: People
    kind: Kind
    mode: Mode
    start: AwareDatetime
    end: AwareDatetime
    expires_at: AwareDatetime


class HoldExpired(AppointmentEvent):
    """Nobody confirmed the hold: the slot is free again."""

    session: UUID
    expired_at: AwareDatetime


class SlotBooked(AppointmentEvent):
    """The patient has an appointment.

    `requested_at` is when the patient first asked (the waiting-time indicator starts there), `booked_at` when
    the slot was given. `notify` = the centre wants the patient told by text.
    """

    patient: UUID
    session: UUID
    practitioners: People
    kind: Kind
    mode: Mode
    start: AwareDatetime
    end: AwareDatetime
    capacity_class: CapacityClass
    channel: BookingChannel
    requested_at: AwareDatetime
    booked_at: AwareDatetime
    notify: bool


class SlotMoved(AppointmentEvent):
    """Same appointment, other time, session or practitioners; the previous slot is free again."""

    patient: UUID
    session: UUID
    practitioners: People
    kind: Kind
    mode: Mode
    start: AwareDatetime
    end: AwareDatetime
    previous_session: UUID
    previous_start: AwareDatetime
    previous_end: AwareDatetime
    moved_at: AwareDatetime
    notify: bool


class SlotCancelled(AppointmentEvent):
    """The appointment, or the hold, is given up. `late` = by the patient, within the site's late delay."""

    patient: UUID | None = None
    session: UUID
    start: AwareDatetime
    end: AwareDatetime
    cancelled_by: CancelledBy
    reason: Code | None = None
    late: bool
    cancelled_at: AwareDatetime
    notify: bool


class PatientArrived(AppointmentEvent):
    """The patient is in the waiting room: the wait on the spot starts at `arrived_at`."""

    patient: UUID
    arrived_at: AwareDatetime


class ConsultationStarted(AppointmentEvent):
    """The patient is with the practitioners: the wait on the spot ends at `started_at`."""

    patient: UUID
    practitioners: People
    started_at: AwareDatetime


class ConsultationDone(AppointmentEvent):
    """The act took place in [started_at, ended_at).

    `supervisor` is set when an intern received the patient. `severity` and `otherwise_emergency` (would the
    patient have gone to the emergency department?) are asked for unscheduled care only, else null.
    """

    patient: UUID
    practitioners: People
    supervisor: UUID | None = None
    started_at: AwareDatetime
    ended_at: AwareDatetime
    outcome: Outcome
    unscheduled: bool
    severity: Severity | None = None
    otherwise_emergency: bool | None = None


class PatientNoShow(AppointmentEvent):
    """The patient did not come to the appointment of `start`; written down at `noted_at`."""

    patient: UUID
    start: AwareDatetime
    noted_at: AwareDatetime


class AppointmentUnsupported(AppointmentEvent):
    """No supervisor covers this appointment of an intern any more. It stands until it is moved, given to somebody
    else or cancelled; a later `SlotMoved` or `AppointmentSupported` ends this."""

    patient: UUID | None = None
    session: UUID
    practitioners: People
    start: AwareDatetime
    end: AwareDatetime
    reason: SupportLost
    since: AwareDatetime


class AppointmentSupported(AppointmentEvent):
    """A supervisor covers the appointment again, where it stands."""

    patient: UUID | None = None
    session: UUID
    start: AwareDatetime
    end: AwareDatetime
    supported_at: AwareDatetime
