"""What booking says: each step of a session or an appointment is one event, its version the sequence."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from booking.domain.appointments import Appointment, State
from booking.domain.capacity import Share
from booking.domain.kinds import TELEPHONE, VIDEO
from booking.domain.sessions import Session
from smp.contracts import (
    CallOrderChanged,
    CallRequested,
    CapacityReleased,
    ConsultationDone,
    ConsultationPrepared,
    ConsultationStarted,
    HoldExpired,
    PatientArrived,
    PatientLeftUnseen,
    PatientNoShow,
    SessionCancelled,
    SessionChanged,
    SessionOpened,
    ShareOfSession,
    SlotBooked,
    SlotCancelled,
    SlotHeld,
    SlotMoved,
    StatusCorrected,
)
from smp.contracts.base import EventData
from smp.contracts.envelope import Event
from smp.contracts.vocabulary import Mode, People, Practitioner
from smp.postgres import Publisher, Transaction


def session_opened(tx: Transaction, session: Session, rule: UUID | None, now: datetime) -> None:
    _say_of_session(tx, session, SessionOpened(**_state(session, rule)), 1, now)


def session_changed(tx: Transaction, session: Session, version: int, rule: UUID | None, now: datetime) -> None:
    _say_of_session(tx, session, SessionChanged(**_state(session, rule)), version, now)


def session_cancelled(tx: Transaction, session: Session, version: int, reason: str, now: datetime) -> None:
    data = SessionCancelled(
        session=session.id,
        site=session.site,
        professional=session.professional,
        start=session.period.start,
        end=session.period.end,
        reason=reason,
    )
    _say_of_session(tx, session, data, version, now)


def capacity_released(tx: Transaction, session: Session, version: int, share: Share, slots: int, now: datetime) -> None:
    assert share.release_at is not None
    data = CapacityReleased(
        session=session.id,
        site=session.site,
        professional=session.professional,
        capacity_class=share.capacity_class,
        slots=slots,
        slot_minutes=int(session.grid.total_seconds() // 60),
        start=session.period.start,
        end=session.period.end,
        released_at=share.release_at,
    )
    _say_of_session(tx, session, data, version, now)


def held(tx: Transaction, it: Appointment, now: datetime) -> None:
    assert it.expires_at is not None
    data = SlotHeld(
        **_placed(it),
        patient=it.patient,
        expires_at=it.expires_at,
        compartment=it.compartment,
    )
    _say(tx, it, data, now)


def hold_expired(tx: Transaction, it: Appointment, now: datetime) -> None:
    data = HoldExpired(appointment=it.id, site=it.site, session=it.session, expired_at=now, released_at=it.rests_until)
    _say(tx, it, data, now)


def booked(tx: Publisher, it: Appointment, now: datetime) -> None:
    data = SlotBooked(
        **_placed(it),
        patient=_patient(it),
        capacity_class=it.capacity_class,
        channel=it.channel,
        requested_at=it.requested_at,
        booked_at=now,
        preparation_start=it.preparation_start,
        party=it.party,
        named=it.named,
        **_telling(it),
    )
    _say(tx, it, data, now)


def moved(tx: Transaction, before: Appointment, it: Appointment, now: datetime, *, floated: bool = False) -> None:
    data = SlotMoved(
        **_placed(it),
        patient=_patient(it),
        previous_session=before.session,
        previous_start=before.period.start,
        previous_end=before.period.end,
        moved_at=now,
        reason=it.trail[-1].why,
        floated=floated or None,
        preparation_start=it.preparation_start,
        party=it.party,
        **_telling(it),
    )
    _say(tx, it, data, now)


def cancelled(tx: Transaction, it: Appointment, now: datetime) -> None:
    data = SlotCancelled(
        appointment=it.id,
        patient=it.patient,
        site=it.site,
        session=it.session,
        start=it.period.start,
        end=it.period.end,
        cancelled_by="patient" if it.cancelled_by == "patient" else "centre",
        reason=it.cancel_reason,
        late=bool(it.late),
        cancelled_at=now,
        excused=it.state is State.EXCUSED,
        released_at=it.rests_until,
        preparation_start=it.preparation_start,
        party=it.party,
        **_telling(it),
    )
    _say(tx, it, data, now)


def call_requested(tx: Transaction, it: Appointment, reason: str, now: datetime) -> None:
    data = CallRequested(
        appointment=it.id,
        patient=_patient(it),
        site=it.site,
        session=it.session,
        start=it.period.start,
        end=it.period.end,
        mode=mode(it),
        party=it.party,
        compartment=it.compartment,
        reason=reason,
        requested_at=now,
    )
    _say(tx, it, data, now)


def arrived(tx: Transaction, it: Appointment, now: datetime) -> None:
    _say(tx, it, PatientArrived(appointment=it.id, patient=_patient(it), site=it.site, arrived_at=now), now)


def prepared(tx: Transaction, it: Appointment, now: datetime) -> None:
    data = ConsultationPrepared(
        appointment=it.id, patient=_patient(it), site=it.site, practitioners=_people(it), prepared_at=now
    )
    _say(tx, it, data, now)


def started(tx: Transaction, it: Appointment, now: datetime) -> None:
    data = ConsultationStarted(
        appointment=it.id, patient=_patient(it), site=it.site, practitioners=_people(it), started_at=now
    )
    _say(tx, it, data, now)


def done(tx: Transaction, it: Appointment, unscheduled: bool, now: datetime) -> None:
    assert it.started_at is not None
    data = ConsultationDone(
        appointment=it.id,
        patient=_patient(it),
        site=it.site,
        practitioners=_people(it),
        supervisor=it.supervisor,
        started_at=it.started_at,
        ended_at=now,
        outcome=it.outcome or "none",
        unscheduled=unscheduled,
        severity=it.severity,
        otherwise_emergency=it.otherwise_emergency,
    )
    _say(tx, it, data, now)


def no_show(tx: Transaction, it: Appointment, now: datetime) -> None:
    data = PatientNoShow(appointment=it.id, patient=_patient(it), site=it.site, start=it.period.start, noted_at=now)
    _say(tx, it, data, now)


def left_unseen(tx: Transaction, it: Appointment, now: datetime) -> None:
    data = PatientLeftUnseen(appointment=it.id, patient=_patient(it), site=it.site, start=it.period.start, left_at=now)
    _say(tx, it, data, now)


def call_order_changed(tx: Transaction, it: Appointment, place: str, now: datetime) -> None:
    data = CallOrderChanged(
        appointment=it.id,
        patient=_patient(it),
        site=it.site,
        place=place,
        before=it.call_before,
        reason=it.trail[-1].why,
        decided_at=now,
    )
    _say(tx, it, data, now)


def corrected(tx: Transaction, before: Appointment, it: Appointment, now: datetime) -> None:
    step = it.trail[-1]
    assert step.undoes is not None
    data = StatusCorrected(
        **_placed(it),
        patient=_patient(it),
        previous_state=before.state,
        state=it.state,
        corrects=step.undoes,
        reason=step.why,
        **_telling(it),
        corrected_at=now,
        preparation_start=it.preparation_start,
        party=it.party,
    )
    _say(tx, it, data, now)


def released(tx: Transaction, it: Appointment, now: datetime) -> None:
    """The event of an appointment that gave its place back."""
    say = hold_expired if it.state is State.EXPIRED else cancelled
    say(tx, it, now)


def _state(session: Session, rule: UUID | None) -> dict[str, Any]:
    return {
        "session": session.id,
        "site": session.site,
        "professional": session.professional,
        "role": session.role,
        "room": session.room,
        "kinds": tuple(sorted(session.kinds)),
        "start": session.period.start,
        "end": session.period.end,
        "slot_minutes": int(session.grid.total_seconds() // 60),
        "rule": rule,
        "shares": tuple(
            ShareOfSession(capacity_class=each.capacity_class, slots=each.slots, release_at=each.release_at)
            for each in session.shares
        ),
        "equipment": tuple(sorted(session.equipment)),
    }


def _placed(it: Appointment) -> dict[str, Any]:
    """Where, when and with whom."""
    return {
        "appointment": it.id,
        "site": it.site,
        "session": it.session,
        "practitioners": _people(it),
        "kind": it.kind,
        "mode": mode(it),
        "remote_by": remote_by(it),
        "start": it.period.start,
        "end": it.period.end,
    }


def _telling(it: Appointment) -> dict[str, Any]:
    """Whether a text may tell of it, and in which words."""
    return {"notify": it.may_be_told, "compartment": it.compartment, "neutral_wording": it.neutral_wording}


def _say_of_session(tx: Transaction, session: Session, data: EventData, version: int, now: datetime) -> None:
    tx.publish(
        Event.of(data, subject=session.id, territory=session.territory, site=session.site, sequence=version, time=now)
    )


def _say(tx: Publisher, it: Appointment, data: EventData, now: datetime) -> None:
    tx.publish(Event.of(data, subject=it.id, territory=it.territory, site=it.site, sequence=it.version, time=now))


def mode(it: Appointment) -> Mode:
    """In the contract's closed list, the telephone travels as VR."""
    return cast("Mode", VIDEO if it.mode == TELEPHONE else it.mode)


def remote_by(it: Appointment) -> str | None:
    """By video or by telephone, of what is neither on site nor at home."""
    return {VIDEO: "video", TELEPHONE: "telephone"}.get(it.mode)


def _people(it: Appointment) -> People:
    """Whoever receives the patient first, then who takes part besides."""
    first = Practitioner(professional=it.professional, role=it.role)
    return (first, *(Practitioner(professional=who.professional, role=who.role) for who in it.others))


def _patient(it: Appointment) -> UUID:
    assert it.patient is not None
    return it.patient
