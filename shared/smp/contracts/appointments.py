"""The life of an appointment. Published by booking; the key is the appointment.

held → booked → arrived → (in preparation →) in consultation → done; booked → no-show; arrived or in preparation →
left unseen; held, booked or arrived → cancelled; held → expired. A correction goes one step back. Periods are
half-open [start, end). No event says why the patient comes.

`neutral_wording`: texts name neither the place nor the service. `compartment` "silent": nobody is told anything.
"""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from smp.contracts.base import Code, EventData, Topic
from smp.contracts.vocabulary import (
    AppointmentState,
    BookingChannel,
    CancelledBy,
    CapacityClass,
    Compartment,
    Kind,
    Mode,
    Outcome,
    People,
    QueuePlace,
    RemoteBy,
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
    remote_by: RemoteBy | None = None
    start: AwareDatetime
    end: AwareDatetime
    expires_at: AwareDatetime
    compartment: Compartment | None = None


class HoldExpired(AppointmentEvent):
    """Nobody confirmed the hold: the slot is free again; when it was an offer of the waiting list, for whoever waits
    until `released_at` at the latest, then for all."""

    session: UUID
    expired_at: AwareDatetime
    released_at: AwareDatetime | None = None


class SlotBooked(AppointmentEvent):
    """The patient has an appointment.

    `requested_at` is when the patient first asked (the waiting-time indicator starts there), `booked_at` when
    the slot was given. `notify` = the centre wants the patient told by text. The first of `practitioners` receives the
    patient. `preparation_start`: the patient is expected then, earlier than `start`, by whoever prepares the
    consultation. `party`: appointments asked for together, told by one text. `named` false: the patient asked for
    nobody in particular, and the practitioner may still change.
    """

    patient: UUID
    session: UUID
    practitioners: People
    kind: Kind
    mode: Mode
    remote_by: RemoteBy | None = None
    start: AwareDatetime
    end: AwareDatetime
    capacity_class: CapacityClass
    channel: BookingChannel
    requested_at: AwareDatetime
    booked_at: AwareDatetime
    notify: bool
    preparation_start: AwareDatetime | None = None
    party: UUID | None = None
    named: bool | None = None
    compartment: Compartment | None = None
    neutral_wording: bool | None = None


class SlotMoved(AppointmentEvent):
    """Same appointment, other time, session or practitioners; the previous slot is free again.

    `floated`: same hour, another practitioner, for a patient who had named none. The rest as in `SlotBooked`.
    """

    patient: UUID
    session: UUID
    practitioners: People
    kind: Kind
    mode: Mode
    remote_by: RemoteBy | None = None
    start: AwareDatetime
    end: AwareDatetime
    previous_session: UUID
    previous_start: AwareDatetime
    previous_end: AwareDatetime
    moved_at: AwareDatetime
    notify: bool
    reason: Code | None = None
    floated: bool | None = None
    preparation_start: AwareDatetime | None = None
    party: UUID | None = None
    compartment: Compartment | None = None
    neutral_wording: bool | None = None


class SlotCancelled(AppointmentEvent):
    """The appointment, or the hold, is given up. `late` = by the patient, within the site's late delay.

    `excused`: the patient could not come and said why; distinct from a no-show, and possibly said after one.
    `released_at`: until then at the latest the place is kept for the waiting list, then it is offered to all; sooner,
    which no event says, when nobody waits for it. Null = at once.
    """

    patient: UUID | None = None
    session: UUID
    start: AwareDatetime
    end: AwareDatetime
    cancelled_by: CancelledBy
    reason: Code | None = None
    late: bool
    cancelled_at: AwareDatetime
    notify: bool
    excused: bool | None = None
    released_at: AwareDatetime | None = None
    preparation_start: AwareDatetime | None = None
    party: UUID | None = None
    compartment: Compartment | None = None
    neutral_wording: bool | None = None


class CallRequested(AppointmentEvent):
    """Somebody must speak with the patient about this appointment, for no text can say what becomes of it: its session
    is gone, or the patient does not know that the site moves. It stands until it is moved or cancelled; `reason` is the
    code of the change, never a health fact. Of those who were asked for together, the `party`, one is called for all;
    what becomes of each is then told apart. Of a silent `compartment` it says only that the place is gone: on no list
    of calls, for somebody involved speaks with the patient."""

    patient: UUID
    session: UUID
    start: AwareDatetime
    end: AwareDatetime
    mode: Mode
    reason: Code
    requested_at: AwareDatetime
    party: UUID | None = None
    compartment: Compartment | None = None


class PatientArrived(AppointmentEvent):
    """The patient is in the waiting room: the wait on the spot starts at `arrived_at`."""

    patient: UUID
    arrived_at: AwareDatetime


class ConsultationPrepared(AppointmentEvent):
    """A medical assistant or a nurse has begun to prepare the consultation, at `prepared_at`. The wait goes on."""

    patient: UUID
    practitioners: People
    prepared_at: AwareDatetime


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


class PatientLeftUnseen(AppointmentEvent):
    """The patient had come, and left at `left_at` without having been seen; `start` is the hour agreed."""

    patient: UUID
    start: AwareDatetime
    left_at: AwareDatetime


class CallOrderChanged(AppointmentEvent):
    """Somebody who waits is called earlier or later than the rule says: right `before` somebody, `last`, or `by_rule`
    again. `reason` is a code of the desk, never a reason of care."""

    patient: UUID
    place: QueuePlace
    before: UUID | None = None
    reason: Code | None = None
    decided_at: AwareDatetime


class StatusCorrected(AppointmentEvent):
    """A step noted by mistake is undone: what the event of sequence `corrects` said no longer holds.

    `state` is the state from now on, `previous_state` the one that is undone; everything else is the appointment as it
    now stands, so that a consumer needs no other event. Back from cancelled to booked, the place has been had again; of
    two equal states, whoever is in the waiting room has the place again that they were to be spoken with about
    (`corrects` is that of the CallRequested, `reason` `place_back`).
    """

    patient: UUID
    session: UUID
    practitioners: People
    kind: Kind
    mode: Mode
    remote_by: RemoteBy | None = None
    start: AwareDatetime
    end: AwareDatetime
    previous_state: AppointmentState
    state: AppointmentState
    corrects: Annotated[int, Field(ge=1)]
    reason: Code | None = None
    corrected_at: AwareDatetime
    notify: bool
    preparation_start: AwareDatetime | None = None
    party: UUID | None = None
    compartment: Compartment | None = None
    neutral_wording: bool | None = None
