"""Appointments: hold, book, move, cancel, receive, treat."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from booking import problems
from booking.api.availability import Companion
from booking.api.parts import (
    PATIENT,
    SESSION,
    SITE,
    AppointmentView,
    Channel,
    KindCode,
    Mode,
    ReadView,
    Reason,
    bookings_of,
    example,
    rules_of,
    steps_of,
)
from booking.api.rights import Right, allow
from booking.domain.appointments import Appointment
from booking.domain.family import LARGEST
from booking.use_cases.appointments.book_family import FamilyBooked, FamilyRequest, book_family
from booking.use_cases.appointments.book_slot import Booked, BookRequest, book_slot
from booking.use_cases.appointments.cancel_appointment import CancelRequest, cancel_appointment
from booking.use_cases.appointments.confirm_hold import ConfirmRequest, confirm_hold
from booking.use_cases.appointments.correct_status import CorrectionRequest, correct_status
from booking.use_cases.appointments.finish_consultation import Conclusion, completion
from booking.use_cases.appointments.hold_slot import HoldRequest, hold_slot
from booking.use_cases.appointments.leave_unseen import leave_unseen
from booking.use_cases.appointments.mark_arrived import ARRIVAL
from booking.use_cases.appointments.mark_no_show import ABSENCE
from booking.use_cases.appointments.move_appointment import MoveRequest, move_appointment
from booking.use_cases.appointments.prepare_consultation import prepare_consultation
from booking.use_cases.appointments.read_appointment import read_appointment
from booking.use_cases.appointments.start_consultation import START
from booking.use_cases.appointments.step_together import StepRequest
from booking.use_cases.appointments.steps import RoomStep, take_step
from smp.auth import Actor
from smp.http import Body, Command, Instant, Query, describe
from smp.postgres import Transaction

router = APIRouter(prefix="/v1", tags=["rendez-vous"])

_HOLD_OR_SLOT = PydanticCustomError(
    "hold_or_slot",
    "give either hold, or session, start and kind",
    {"fr": "donnez soit hold, soit session, start et kind"},
)


_PATIENT_IS_EXCUSED = PydanticCustomError(
    "patient_is_excused", "only a patient is excused", {"fr": "seul un patient est excusé"}
)


_DIFFERENT_PATIENTS = PydanticCustomError(
    "different_patients", "name each patient once", {"fr": "nommez chaque patient une seule fois"}
)


class HoldSlot(Body):
    """Keep a place for a caller, for some minutes."""

    model_config = example(
        {"session": SESSION, "start": "2027-01-11T09:20:00+01:00", "kind": "consultation", "channel": "phone"}
    )

    session: UUID
    start: Instant
    kind: KindCode
    patient: UUID | None = None
    mode: Mode | None = None
    channel: Channel = "phone"
    requested_at: Instant | None = None


class BookSlot(Body):
    """Book a slot, or the slot that a hold keeps. `named`: the patient asked for this very practitioner; when false,
    another one of the same kind and hour may receive the patient. `together_with`: somebody of that role sits in."""

    model_config = example(
        {
            "session": SESSION,
            "start": "2027-01-11T09:20:00+01:00",
            "kind": "consultation",
            "patient": PATIENT,
            "channel": "phone",
            "notify": True,
        }
    )

    patient: UUID
    hold: UUID | None = None
    session: UUID | None = None
    start: Instant | None = None
    kind: KindCode | None = None
    mode: Mode | None = None
    channel: Channel = "phone"
    requested_at: Instant | None = None
    notify: bool = True
    named: bool = True
    together_with: Companion | None = None

    @model_validator(mode="after")
    def _names_one_place(self) -> Self:
        slot = (self.session, self.start, self.kind)
        if self.hold is None and None in slot:
            raise _HOLD_OR_SLOT
        if self.hold is not None and slot != (None, None, None):
            raise _HOLD_OR_SLOT
        return self

    def confirmation(self) -> ConfirmRequest:
        """The hold that becomes a booking."""
        assert self.hold is not None
        return ConfirmRequest(self.hold, self.patient, self.requested_at, self.notify, self.named)

    def request(self) -> BookRequest:
        """The slot that is booked."""
        assert self.session is not None
        assert self.start is not None
        assert self.kind is not None
        return BookRequest(
            self.session, self.start, self.kind, self.patient, self.mode, self.channel, self.requested_at, self.notify,
            self.together_with, self.named,
        )  # fmt: skip


class BookFamily(Body):
    """Several patients who come together; texts go to the first. Places follow each other between `start` and `end`."""

    model_config = example(
        {
            "site": SITE,
            "kind": "consultation",
            "patients": [PATIENT, "0199c0de-0000-7000-8000-0000000000ab"],
            "start": "2027-01-11T09:00:00+01:00",
            "end": "2027-01-11T18:00:00+01:00",
        }
    )

    site: UUID
    kind: KindCode
    patients: Annotated[tuple[UUID, ...], Field(min_length=2, max_length=LARGEST)]
    start: Instant
    end: Instant
    professional: UUID | None = None
    mode: Mode | None = None
    channel: Channel = "phone"
    requested_at: Instant | None = None
    notify: bool = True

    @model_validator(mode="after")
    def _are_different(self) -> Self:
        if len(set(self.patients)) < len(self.patients):
            raise _DIFFERENT_PATIENTS
        return self


class FamilyView(BaseModel):
    """The appointments of a family, in the order of the patients."""

    party: UUID
    appointments: list[AppointmentView]
    warnings: list[str]

    @classmethod
    def of(cls, it: FamilyBooked, actor: Actor) -> "FamilyView":
        views = [AppointmentView.of(each, actor) for each in it.appointments]
        return cls(party=it.party, appointments=views, warnings=list(it.warnings))


class MoveAppointment(Body):
    """Where to; patient and kind stay."""

    model_config = example({"session": SESSION, "start": "2027-01-12T10:00:00+01:00", "notify": True})

    session: UUID
    start: Instant
    notify: bool = True


class CancelAppointment(Body):
    """Who gives it up; why, as a code (never a reason of care). `excused`: the patient could not come and said why, be
    it after the hour."""

    model_config = example({"by": "patient", "reason": "excused", "notify": True})

    by: Literal["patient", "centre"]
    reason: Reason | None = None
    notify: bool = True
    excused: bool = False

    @model_validator(mode="after")
    def _only_patients_are_excused(self) -> Self:
        if self.excused and self.by != "patient":
            raise _PATIENT_IS_EXCUSED
        return self


class Departure(Body):
    """Why the patient left without being seen, as a code."""

    model_config = example({"reason": "too_long"})

    reason: Reason | None = None


class CorrectStatus(Body):
    """Why the last step was a mistake, as a code; whether a patient who was told something wrong is told again."""

    model_config = example({"reason": "wrong_line", "notify": True})

    reason: Reason
    notify: bool = True


class FinishConsultation(Body):
    """What staff note at the end; severity is CCMU 1 to 5, for unscheduled care only."""

    model_config = example({"outcome": "follow_up", "severity": 2, "otherwise_emergency": True})

    outcome: Literal["none", "follow_up", "referred_to_treating_doctor", "sent_to_emergency", "other"]
    severity: Annotated[int, Field(ge=1, le=5)] | None = None
    otherwise_emergency: bool | None = None


_PLACE = (
    problems.SESSION_UNKNOWN,
    problems.PATIENT_UNKNOWN,
    problems.PATIENT_ERASED,
    problems.KIND_UNKNOWN,
    problems.NOT_ELIGIBLE,
    problems.SESSION_CANCELLED,
    problems.KIND_NOT_OFFERED,
    problems.MODE_NOT_OFFERED,
    problems.ROOM_WANTED,
    problems.EQUIPMENT_WANTED,
    problems.LEAD_TOO_SHORT,
    problems.LEAD_TOO_LONG,
    problems.NEVER_SEEN,
    problems.OUTSIDE_SESSION,
    problems.OFF_GRID,
    problems.SLOT_PAST,
    problems.NO_SUPERVISOR,
    problems.TOO_MANY_INTERNS,
    problems.TOO_MANY_ACTS,
    problems.CLASS_NOT_RELEASED,
    problems.COMPANY_MISSING,
    problems.SLOT_TAKEN,
    problems.SLOT_RESTING,
    problems.PATIENT_BUSY,
    problems.TOO_MANY_RUNNING,
)
_STEP = (problems.APPOINTMENT_UNKNOWN, problems.WRONG_TRANSITION)


@router.post("/holds", status_code=201, response_model=AppointmentView, responses=describe(*_PLACE))
async def hold(body: HoldSlot, command: Command) -> Response:
    """Keep a slot; it is free again when the hold expires."""
    allow(command, Right.BOOK)
    request = HoldRequest(body.session, body.start, body.kind, body.patient, body.mode, body.channel, body.requested_at)
    return await _step(
        command, lambda tx: hold_slot(tx, request, rules_of(command), actor=command.actor, now=command.now)
    )


@router.post(
    "/appointments",
    status_code=201,
    response_model=AppointmentView,
    responses=describe(*_PLACE, *_STEP, problems.HOLD_EXPIRED, problems.HOLD_FOR_ANOTHER),
)
async def book(body: BookSlot, command: Command) -> Response:
    """Give a patient an appointment. Refusals propose up to three other slots."""
    allow(command, Right.BOOK)
    rules, who = rules_of(command), command.actor
    if body.kind is None:
        confirm = body.confirmation()
        return await command.once(
            lambda tx: confirm_hold(tx, confirm, rules, actor=who, now=command.now), lambda it: _view(command, it)
        )
    request = body.request()
    answer = await command.together(bookings_of(command), request, lambda it: _view(command, it))
    if answer is not None:
        return answer
    return await command.once(
        lambda tx: book_slot(tx, request, rules, actor=who, now=command.now), lambda it: _view(command, it)
    )


@router.post(
    "/appointments/family",
    status_code=201,
    response_model=FamilyView,
    responses=describe(
        problems.SITE_UNKNOWN,
        problems.KIND_UNKNOWN,
        problems.WINDOW_TOO_LONG,
        problems.PATIENT_UNKNOWN,
        problems.PATIENT_ERASED,
        problems.NOT_ELIGIBLE,
        problems.MODE_NOT_OFFERED,
        problems.TOO_MANY_RUNNING,
        problems.FAMILY_DOES_NOT_FIT,
    ),
)
async def family(body: BookFamily, command: Command) -> Response:
    """Several patients, places that follow each other, all or nothing, one text."""
    allow(command, Right.BOOK, body.site)
    request = FamilyRequest(**body.model_dump())
    return await command.once(
        lambda tx: book_family(tx, request, rules_of(command), actor=command.actor, now=command.now),
        lambda it: FamilyView.of(it, command.actor),
    )


@router.get("/appointments/{appointment}", response_model=ReadView, responses=describe(problems.APPOINTMENT_UNKNOWN))
async def read(appointment: UUID, query: Query) -> ReadView:
    """One appointment, with its trail."""
    allow(query, Right.READ)
    async with query.transaction() as tx:
        found = await read_appointment(tx, appointment, query.actor)
    return ReadView.read(found, query.actor)


@router.post("/appointments/{appointment}/move", response_model=AppointmentView, responses=describe(*_PLACE, *_STEP))
async def move(appointment: UUID, body: MoveAppointment, command: Command) -> Response:
    """Put an appointment elsewhere; the old place is given up only if the new one is had."""
    allow(command, Right.BOOK)
    request = MoveRequest(body.session, body.start, body.notify)
    return await command.once(
        lambda tx: move_appointment(tx, appointment, request, rules_of(command), actor=command.actor, now=command.now),
        lambda it: _view(command, it),
    )


@router.post("/appointments/{appointment}/cancellation", response_model=AppointmentView, responses=describe(*_STEP))
async def cancel(appointment: UUID, body: CancelAppointment, command: Command) -> Response:
    """Give an appointment or a hold up."""
    allow(command, Right.BOOK)
    request = CancelRequest(body.by, body.reason, body.notify, body.excused)
    return await _step(
        command,
        lambda tx: cancel_appointment(
            tx, appointment, request, rules_of(command), actor=command.actor, now=command.now
        ),
    )


@router.post(
    "/appointments/{appointment}/arrival",
    response_model=AppointmentView,
    responses=describe(*_STEP, problems.NOT_THE_DAY, problems.ALREADY_IN_QUEUE),
)
async def arrive(appointment: UUID, command: Command) -> Response:
    """The patient is in the waiting room."""
    allow(command, Right.RECEIVE)
    return await _room_step(command, appointment, ARRIVAL)


@router.post("/appointments/{appointment}/preparation", response_model=AppointmentView, responses=describe(*_STEP))
async def prepare(appointment: UUID, command: Command) -> Response:
    """An assistant or a nurse prepares the consultation."""
    allow(command, Right.TREAT)
    return await _step(command, lambda tx: prepare_consultation(tx, appointment, actor=command.actor, now=command.now))


@router.post("/appointments/{appointment}/departure", response_model=AppointmentView, responses=describe(*_STEP))
async def leave(appointment: UUID, body: Departure, command: Command) -> Response:
    """The patient had come and left without being seen."""
    allow(command, Right.RECEIVE)
    return await _step(
        command,
        lambda tx: leave_unseen(tx, appointment, actor=command.actor, now=command.now, reason=body.reason),
    )


@router.post(
    "/appointments/{appointment}/correction",
    response_model=AppointmentView,
    responses=describe(
        problems.APPOINTMENT_UNKNOWN,
        problems.NOTHING_TO_CORRECT,
        problems.ALREADY_CORRECTED,
        problems.CORRECTION_TOO_LATE,
        problems.GIVEN_BACK_FOR_ANOTHER,
        problems.ALREADY_IN_QUEUE,
        problems.PATIENT_ERASED,
        problems.SESSION_CANCELLED,
        problems.OUTSIDE_SESSION,
        problems.NO_SUPERVISOR,
        problems.SLOT_TAKEN,
        problems.PATIENT_BUSY,
    ),
)
async def correct(appointment: UUID, body: CorrectStatus, command: Command) -> Response:
    """Take back the last step, noted by mistake: once, on the same day. A cancelled appointment has its place again
    only if it is still free."""
    allow(command, Right.CORRECT)
    request = CorrectionRequest(body.reason, body.notify)
    return await _step(
        command,
        lambda tx: correct_status(tx, appointment, request, rules_of(command), actor=command.actor, now=command.now),
    )


@router.post("/appointments/{appointment}/start", response_model=AppointmentView, responses=describe(*_STEP))
async def start(appointment: UUID, command: Command) -> Response:
    """The patient is with the practitioner."""
    allow(command, Right.TREAT)
    return await _room_step(command, appointment, START)


@router.post(
    "/appointments/{appointment}/completion",
    response_model=AppointmentView,
    responses=describe(*_STEP, problems.SEVERITY_NOT_EXPECTED),
)
async def finish(appointment: UUID, body: FinishConsultation, command: Command) -> Response:
    """The consultation is done."""
    allow(command, Right.TREAT)
    conclusion = Conclusion(body.outcome, body.severity, body.otherwise_emergency)
    return await _room_step(command, appointment, completion(conclusion, rules_of(command)))


@router.post(
    "/appointments/{appointment}/no-show",
    response_model=AppointmentView,
    responses=describe(*_STEP, problems.TOO_EARLY),
)
async def no_show(appointment: UUID, command: Command) -> Response:
    """The patient did not come."""
    allow(command, Right.RECEIVE)
    return await _room_step(command, appointment, ABSENCE)


async def _step(command: Command, effect: Callable[[Transaction], Awaitable[Appointment]]) -> Response:
    return await command.once(effect, lambda it: AppointmentView.of(it, command.actor))


async def _room_step(command: Command, appointment: UUID, step: RoomStep) -> Response:
    """With others that come at the same time; alone when that cannot be."""

    def view(it: Appointment) -> AppointmentView:
        return AppointmentView.of(it, command.actor)

    answer = await command.together(steps_of(command), StepRequest(appointment, step), view)
    if answer is not None:
        return answer
    return await command.once(lambda tx: take_step(tx, appointment, step, command.actor, command.now), view)


def _view(command: Command, it: Booked) -> AppointmentView:
    return AppointmentView.of(it.appointment, command.actor, it.warnings)
