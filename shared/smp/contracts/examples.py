"""One invented event of each type: shown in the AsyncAPI document, and what consumers' tests may rely on.

Telephone numbers come from the range that ARCEP keeps for fiction (02 61 91).
"""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from smp.contracts import (
    appointments,
    calendar,
    demand,
    kinds,
    messages,
    minor_emergencies,
    patients,
    professionals,
    sessions,
    sites,
    supervision,
    waiting_list,
)
from smp.contracts.base import EventData
from smp.contracts.envelope import Event
from smp.contracts.vocabulary import Practitioner, ShareOfSession


def _id(number: int) -> UUID:
    return UUID(f"019a0000-0000-7000-8000-{number:012d}")


def _at(hour: int, minute: int = 0) -> datetime:
    """A time of Monday 23 November 2026, UTC (one hour less than in Laval)."""
    return datetime(2026, 11, 23, hour, minute, tzinfo=UTC)


LAVAL, LE_MANS = _id(53), _id(72)
DOCTOR, INTERN = _id(101), _id(102)
PATIENT, SESSION, APPOINTMENT, MESSAGE, TASK = _id(201), _id(301), _id(401), _id(501), _id(601)
ENTRY, OFFER = _id(701), _id(702)
SEALED = "djEu8kq0Wm7n2pYcXn1lTQ=="
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

_WEEK = tuple(sites.OpeningHours(weekday=day, opens="08:00", closes="20:00") for day in range(1, 6))
_PRACTITIONERS = (Practitioner(professional=DOCTOR, role="retired_gp"),)
_OF_BOOKING: dict[str, Any] = {"appointment": APPOINTMENT, "site": LAVAL}
_OF_PATIENT: dict[str, Any] = {**_OF_BOOKING, "patient": PATIENT}
_OF_SLOT: dict[str, Any] = {"session": SESSION, "start": _at(8, 20), "end": _at(8, 40)}
_OF_ACT: dict[str, Any] = {"practitioners": _PRACTITIONERS, "kind": "consultation", "mode": "AMB"}
_OF_MESSAGE: dict[str, Any] = {**_OF_BOOKING, "message": MESSAGE, "purpose": "reminder"}
_OF_SESSION: dict[str, Any] = {
    "session": SESSION,
    "site": LAVAL,
    "professional": DOCTOR,
    "role": "retired_gp",
    "kinds": ("consultation", "minor_emergency"),
    "start": _at(7),
    "end": _at(11),
    "slot_minutes": 20,
}

_SITES: tuple[sites.SiteEvent, ...] = (
    sites.SiteOpened(
        site=LAVAL,
        name="Service médical de proximité de Laval",
        address=sites.Address(line="12 rue de l'Exemple", postal_code="53000", city="Laval", commune_code="53130"),
        phone="+33261910053",
        zone="Europe/Paris",
        opening_hours=_WEEK,
        opened_on=date(2017, 6, 1),
    ),
    sites.SiteRelocated(
        site=LE_MANS,
        address=sites.Address(line="3 avenue de l'Exemple", postal_code="72000", city="Le Mans", commune_code="72181"),
        phone="+33261910072",
        from_date=date(2026, 12, 1),
    ),
    sites.OpeningHoursChanged(site=LAVAL, opening_hours=_WEEK[:4], from_date=date(2027, 1, 4)),
    sites.SiteClosed(site=LE_MANS, from_date=date(2030, 1, 1)),
)

_PROFESSIONALS: tuple[professionals.ProfessionalEvent, ...] = (
    professionals.ProfessionalJoined(
        professional=INTERN,
        role="intern",
        sites=(LAVAL,),
        contract_start=date(2026, 11, 2),
        contract_end=date(2027, 4, 30),
    ),
    professionals.ProfessionalRoleChanged(professional=DOCTOR, role="retired_gp", from_date=date(2026, 7, 1)),
    professionals.SupervisionAssigned(professional=INTERN, supervisor=DOCTOR, from_date=date(2026, 11, 2)),
    professionals.SupervisionEnded(professional=INTERN, supervisor=DOCTOR, until_date=date(2027, 4, 30)),
    professionals.ProfessionalLeft(professional=INTERN, from_date=date(2027, 5, 1)),
)

_PATIENTS: tuple[patients.PatientEvent, ...] = (
    patients.PatientRegistered(
        patient=PATIENT,
        registered_at=_at(7, 2),
        home_site=LAVAL,
        eligibility="eligible",
        eligibility_from=date(2026, 11, 23),
        reachable_by_text=True,
        text_consent=True,
        sealed=patients.SealedPatient(identity=SEALED, contact=SEALED, statistics=SEALED),
    ),
    patients.PatientContactChanged(
        patient=PATIENT,
        reachable_by_text=False,
        text_consent=False,
        sealed=patients.SealedContact(contact=SEALED),
    ),
    patients.EligibilityChanged(
        patient=PATIENT, status="eligible", reason="DEPART_RETRAITE", from_date=date(2026, 11, 23)
    ),
    patients.PatientErased(patient=PATIENT, erased_at=_at(16)),
)

_SESSIONS: tuple[sessions.SessionEvent, ...] = (
    sessions.SessionOpened(
        **_OF_SESSION,
        room="2",
        rule=_id(302),
        shares=(ShareOfSession(capacity_class="same_day", slots=2, release_at=_at(10)),),
        equipment=("ecg",),
    ),
    sessions.SessionChanged(**_OF_SESSION, room="3", rule=_id(302)),
    sessions.SessionCancelled(
        session=SESSION, site=LAVAL, professional=DOCTOR, start=_at(7), end=_at(11), reason="practitioner_absent"
    ),
    sessions.CapacityReleased(
        session=SESSION,
        site=LAVAL,
        professional=DOCTOR,
        capacity_class="same_day",
        slots=2,
        slot_minutes=20,
        start=_at(13),
        end=_at(17),
        released_at=_at(10),
    ),
    sessions.SessionUnsupported(
        session=SESSION,
        site=LAVAL,
        professional=DOCTOR,
        start=_at(7),
        end=_at(11),
        reason="out_of_contract",
        since=_at(6),
    ),
    sessions.SessionSupported(
        session=SESSION, site=LAVAL, professional=DOCTOR, start=_at(7), end=_at(11), supported_at=_at(6, 30)
    ),
)

_OF_CLOSURE: dict[str, Any] = {"closure": _id(303), "site": LAVAL, "room": "2", "start": _at(7)}
_OF_ABSENCE: dict[str, Any] = {"absence": _id(304), "professional": DOCTOR, "start": _at(7)}
_OF_REACH: dict[str, Any] = {"reachability": _id(305), "supervisor": DOCTOR, "start": _at(7), "end": _at(11)}

_CALENDAR: tuple[EventData, ...] = (
    calendar.SessionRuleDecided(
        rule=_id(302),
        site=LAVAL,
        professional=DOCTOR,
        from_day=date(2027, 1, 4),
        ended=False,
        weekdays=(1, 3),
        every_weeks=2,
        anchor=date(2027, 1, 4),
        start="08:00",
        end="12:00",
        room="2",
        kinds=("consultation", "minor_emergency"),
        slot_minutes=20,
        shares=(ShareOfSession(capacity_class="same_day", slots=2),),
        equipment=(),
        decided_at=_at(7),
    ),
    calendar.ClosureDeclared(**_OF_CLOSURE, end=_at(17), reason="works", declared_at=_at(6)),
    calendar.ClosureEnded(**_OF_CLOSURE, end=_at(12), withdrawn=False, decided_at=_at(11)),
    calendar.AbsenceNoted(**_OF_ABSENCE, end=_at(17), noted_at=_at(6)),
    calendar.AbsenceEnded(**_OF_ABSENCE, end=_at(12), withdrawn=False, decided_at=_at(11)),
    calendar.PresenceAgreed(
        professional=DOCTOR,
        site=LAVAL,
        contract_start=date(2027, 1, 1),
        contract_end=date(2027, 12, 31),
        wished_weekdays=(1, 2),
        weekly_cap=4,
        yearly_cap=180,
        agreed_at=_at(7),
    ),
    calendar.DistanceDeclared(distance=_id(306), one=LAVAL, other=LE_MANS, minutes=65, declared_at=_at(7)),
    supervision.SupervisorReachable(**_OF_REACH, declared_at=_at(6)),
    supervision.SupervisorReachWithdrawn(**_OF_REACH, withdrawn_at=_at(8)),
    minor_emergencies.MinorEmergencyAnswered(
        request=_id(307),
        site=LAVAL,
        form=date(2026, 1, 1),
        sent_to_15=True,
        channel="phone",
        answered_at=_at(7, 1),
    ),
)

_KINDS: tuple[kinds.KindDecided, ...] = (
    kinds.KindDecided(
        kind=_id(401),
        code="long_consultation",
        valid_from=date(2027, 2, 1),
        duration_minutes=40,
        buffer_before_minutes=0,
        buffer_after_minutes=10,
        roles=("gp", "retired_gp"),
        modes=("AMB", "TEL"),
        capacity_class="desk",
        compartment="medical",
        unscheduled=False,
        neutral_wording=False,
        min_lead_minutes=120,
        max_lead_days=60,
        wants_eligibility=True,
        wants_room=False,
        equipment=(),
        preparation=kinds.PreparationOfKind(minutes=10, roles=("medical_assistant", "nurse"), same_room=False),
        follow_up_only=False,
    ),
)

_APPOINTMENTS: tuple[appointments.AppointmentEvent, ...] = (
    appointments.SlotHeld(**_OF_BOOKING, **_OF_SLOT, **_OF_ACT, expires_at=_at(7, 10)),
    appointments.HoldExpired(**_OF_BOOKING, session=SESSION, expired_at=_at(7, 10)),
    appointments.SlotBooked(
        **_OF_PATIENT,
        **_OF_SLOT,
        **_OF_ACT,
        capacity_class="desk",
        channel="phone",
        requested_at=_at(7, 1),
        booked_at=_at(7, 5),
        notify=True,
    ),
    appointments.SlotMoved(
        **_OF_PATIENT,
        **_OF_SLOT,
        **_OF_ACT,
        previous_session=SESSION,
        previous_start=_at(8),
        previous_end=_at(8, 20),
        moved_at=_at(7, 30),
        notify=True,
    ),
    appointments.SlotCancelled(
        **_OF_PATIENT,
        **_OF_SLOT,
        cancelled_by="patient",
        reason="found_treating_doctor",
        late=True,
        cancelled_at=_at(7, 40),
        notify=True,
    ),
    appointments.CallRequested(
        **_OF_PATIENT, **_OF_SLOT, mode="AMB", reason="practitioner_away", requested_at=_at(7, 46), party=APPOINTMENT
    ),
    appointments.PatientArrived(**_OF_PATIENT, arrived_at=_at(8, 11)),
    appointments.ConsultationPrepared(**_OF_PATIENT, practitioners=_PRACTITIONERS, prepared_at=_at(8, 14)),
    appointments.ConsultationStarted(**_OF_PATIENT, practitioners=_PRACTITIONERS, started_at=_at(8, 24)),
    appointments.ConsultationDone(
        **_OF_PATIENT,
        practitioners=(Practitioner(professional=INTERN, role="intern"),),
        supervisor=DOCTOR,
        started_at=_at(8, 24),
        ended_at=_at(8, 43),
        outcome="follow_up",
        unscheduled=True,
        severity=2,
        otherwise_emergency=True,
    ),
    appointments.PatientNoShow(**_OF_PATIENT, start=_at(8, 20), noted_at=_at(8, 45)),
    appointments.AppointmentUnsupported(
        **_OF_PATIENT,
        **_OF_SLOT,
        practitioners=(Practitioner(professional=INTERN, role="intern"),),
        reason="supervisor_absent",
        since=_at(7, 50),
    ),
    appointments.AppointmentSupported(**_OF_PATIENT, **_OF_SLOT, supported_at=_at(8, 2)),
    appointments.PatientLeftUnseen(**_OF_PATIENT, start=_at(8, 20), left_at=_at(9, 2)),
    appointments.CallOrderChanged(**_OF_PATIENT, place="last", reason="agreed_to_wait", decided_at=_at(8, 16)),
    appointments.StatusCorrected(
        **_OF_PATIENT,
        **_OF_SLOT,
        **_OF_ACT,
        previous_state="no_show",
        state="booked",
        corrects=2,
        reason="wrong_line",
        corrected_at=_at(8, 50),
        notify=False,
    ),
)

_OF_ENTRY: dict[str, Any] = {"entry": ENTRY, "patient": PATIENT}
_OF_WISHES: dict[str, Any] = {
    **_OF_ENTRY,
    "kinds": ("consultation",),
    "sites": (LAVAL,),
    "windows": (waiting_list.WishedWindow(weekdays=(1, 2), start="09:00", end="12:00"),),
    "mobility": "travels",
    "video_accepted": True,
    "waiting_since": date(2026, 11, 2),
    "replaces": _id(402),
}
_OF_OFFER: dict[str, Any] = {**_OF_ENTRY, "offer": OFFER, **_OF_BOOKING}

_WAITING_LIST: tuple[waiting_list.WaitingListEvent, ...] = (
    waiting_list.WaitingListJoined(**_OF_WISHES, priority="ordinary", joined_at=_at(7)),
    waiting_list.WaitingListChanged(**_OF_WISHES, priority="raised", changed_at=_at(7, 5)),
    waiting_list.SlotOffered(
        **_OF_OFFER, **_OF_SLOT, **_OF_ACT, answer_by=_at(7, 30), replaces=_id(402), offered_at=_at(7, 15), notify=True
    ),
    waiting_list.OfferAccepted(**_OF_OFFER, replaced=_id(402), accepted_at=_at(7, 20)),
    waiting_list.OfferDeclined(**_OF_OFFER, later=True, declined_at=_at(7, 20)),
    waiting_list.OfferExpired(**_OF_OFFER, reason="deadline", expired_at=_at(7, 30)),
    waiting_list.WaitingListLeft(**_OF_ENTRY, reason="found_treating_doctor", left_at=_at(8)),
)

_MESSAGES: tuple[messages.MessageEvent, ...] = (
    messages.MessagePlanned(**_OF_MESSAGE, patient=PATIENT, channel="sms", due_at=_at(9)),
    messages.MessageAccepted(
        **_OF_MESSAGE,
        provider="local_sink",
        provider_reference="26929925",
        accepted_at=_at(9, 1),
        segments=1,
        credits=1.0,
    ),
    messages.MessageDelivered(**_OF_MESSAGE, delivered_at=_at(9, 2)),
    messages.MessageFailed(**_OF_MESSAGE, reason="invalid_number", failed_at=_at(9, 2)),
    messages.MessageExpired(**_OF_MESSAGE, expired_at=_at(21)),
    messages.MessageCancelled(**_OF_MESSAGE, reason="appointment_cancelled", cancelled_at=_at(8)),
)

_DEMAND: tuple[EventData, ...] = (
    demand.DemandUnmet(
        need=_id(801),
        site=LAVAL,
        kind="consultation",
        channel="phone",
        reason="full",
        start=_at(7),
        end=_at(18),
        named_professional=False,
        nearest_site=LE_MANS,
        asked_at=_at(6),
    ),
)

_CALLS: tuple[messages.CallTaskEvent, ...] = (
    messages.CallTaskRaised(
        task=TASK,
        **_OF_PATIENT,
        message=MESSAGE,
        purpose="reminder",
        reason="invalid_number",
        raised_at=_at(9, 3),
    ),
    messages.CallTaskDone(task=TASK, **_OF_BOOKING, outcome="reached", done_at=_at(9, 30)),
)


def _event(data: EventData, number: int) -> Event[EventData]:
    """An envelope around a payload: the aggregate is the field that the topic's key names, or the call's task."""
    site = getattr(data, "site", None)
    subject: UUID = getattr(data, "task", None) or getattr(data, data.topic.key)
    return Event.of(
        data,
        id=_id(9000 + number),
        subject=subject,
        territory="72" if site == LE_MANS else "53",
        site=site,
        sequence=1 + number % 4,
        time=_at(7 + number % 12),
        traceparent=TRACEPARENT,
    )


_DATA: tuple[EventData, ...] = (
    *_SITES,
    *_PROFESSIONALS,
    *_PATIENTS,
    *_KINDS,
    *_SESSIONS,
    *_CALENDAR,
    *_APPOINTMENTS,
    *_DEMAND,
    *_WAITING_LIST,
    *_MESSAGES,
    *_CALLS,
)

EXAMPLES: dict[type[EventData], Event[EventData]] = {
    type(data): _event(data, number) for number, data in enumerate(_DATA, start=1)
}
