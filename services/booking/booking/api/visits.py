"""The day of an appointment: who is there, who is being seen, who was, and what was noted by mistake."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from booking import problems
from booking.api.parts import (
    STEP,
    AppointmentView,
    example,
    one_step,
    rules_of,
    steps_of,
)
from booking.api.rights import Right, allow
from booking.domain.appointments import Appointment
from booking.domain.desk_reasons import CorrectionReason, DepartureReason
from booking.use_cases.appointments.correct_status import CorrectionRequest, correct_status
from booking.use_cases.appointments.finish_consultation import Conclusion, completion
from booking.use_cases.appointments.leave_unseen import leave_unseen
from booking.use_cases.appointments.mark_arrived import ARRIVAL
from booking.use_cases.appointments.mark_no_show import ABSENCE
from booking.use_cases.appointments.prepare_consultation import prepare_consultation
from booking.use_cases.appointments.start_consultation import START
from booking.use_cases.appointments.step_together import StepRequest
from booking.use_cases.appointments.steps import RoomStep, take_step
from smp.bodies import Flag, Whole
from smp.http import Body, Command, describe

router = APIRouter(prefix="/v1", tags=["rendez-vous"])


class Departure(Body):
    """Why the patient left without being seen, as a code."""

    model_config = example({"reason": "too_long"})

    reason: DepartureReason | None = None


class CorrectStatus(Body):
    """Why the last step was a mistake, as a code; whether a patient who was told something wrong is told again."""

    model_config = example({"reason": "wrong_line", "notify": True})

    reason: CorrectionReason
    notify: Flag = True


class FinishConsultation(Body):
    """What staff note at the end; severity is CCMU 1 to 5, for unscheduled care only."""

    model_config = example({"outcome": "follow_up", "severity": 2, "otherwise_emergency": True})

    outcome: Literal["none", "follow_up", "referred_to_treating_doctor", "sent_to_emergency", "other"]
    severity: Annotated[Whole, Field(ge=1, le=5)] | None = None
    otherwise_emergency: Flag | None = None


@router.post(
    "/appointments/{appointment}/arrival",
    response_model=AppointmentView,
    responses=describe(*STEP, problems.NOT_THE_DAY, problems.PLACE_LOST, problems.ALREADY_IN_QUEUE),
)
async def arrive(appointment: UUID, command: Command) -> Response:
    """The patient is in the waiting room."""
    allow(command, Right.RECEIVE)
    return await _room_step(command, appointment, ARRIVAL)


@router.post("/appointments/{appointment}/preparation", response_model=AppointmentView, responses=describe(*STEP))
async def prepare(appointment: UUID, command: Command) -> Response:
    """An assistant or a nurse prepares the consultation."""
    allow(command, Right.TREAT)
    return await one_step(
        command, lambda tx: prepare_consultation(tx, appointment, actor=command.actor, now=command.now)
    )


@router.post(
    "/appointments/{appointment}/departure",
    response_model=AppointmentView,
    responses=describe(*STEP, problems.PLACE_LOST),
)
async def leave(appointment: UUID, body: Departure, command: Command) -> Response:
    """The patient had come and left without being seen."""
    allow(command, Right.RECEIVE)
    return await one_step(
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
        problems.TOO_MANY_RUNNING,
        problems.SESSION_CANCELLED,
        problems.SESSION_UNSUPPORTED,
        problems.KIND_NOT_OFFERED,
        problems.OUTSIDE_SESSION,
        problems.ON_THE_WAY,
        problems.NO_SUPERVISOR,
        problems.TOO_MANY_INTERNS,
        problems.TOO_MANY_ACTS,
        problems.CLASS_NOT_RELEASED,
        problems.COMPANY_MISSING,
        problems.SLOT_TAKEN,
        problems.SLOT_RESTING,
        problems.PATIENT_BUSY,
    ),
)
async def correct(appointment: UUID, body: CorrectStatus, command: Command) -> Response:
    """Take back the last step, noted by mistake: once, on the same day. A cancelled appointment has its place again
    only if it is still free."""
    allow(command, Right.CORRECT)
    request = CorrectionRequest(body.reason, body.notify)
    return await one_step(
        command,
        lambda tx: correct_status(tx, appointment, request, rules_of(command), actor=command.actor, now=command.now),
    )


@router.post("/appointments/{appointment}/start", response_model=AppointmentView, responses=describe(*STEP))
async def start(appointment: UUID, command: Command) -> Response:
    """The patient is with the practitioner."""
    allow(command, Right.TREAT)
    return await _room_step(command, appointment, START)


@router.post(
    "/appointments/{appointment}/completion",
    response_model=AppointmentView,
    responses=describe(*STEP, problems.SEVERITY_NOT_EXPECTED),
)
async def finish(appointment: UUID, body: FinishConsultation, command: Command) -> Response:
    """The consultation is done."""
    allow(command, Right.TREAT)
    conclusion = Conclusion(body.outcome, body.severity, body.otherwise_emergency)
    return await _room_step(command, appointment, completion(conclusion, rules_of(command)))


@router.post(
    "/appointments/{appointment}/no-show",
    response_model=AppointmentView,
    responses=describe(*STEP, problems.TOO_EARLY, problems.PLACE_LOST),
)
async def no_show(appointment: UUID, command: Command) -> Response:
    """The patient did not come."""
    allow(command, Right.RECEIVE)
    return await _room_step(command, appointment, ABSENCE)


async def _room_step(command: Command, appointment: UUID, step: RoomStep) -> Response:
    """With others that come at the same time; alone when that cannot be."""

    def view(it: Appointment) -> AppointmentView:
        return AppointmentView.of(it, command.actor)

    answer = await command.together(steps_of(command), StepRequest(appointment, step), view)
    if answer is not None:
        return answer
    return await command.once(lambda tx: take_step(tx, appointment, step, command.actor, command.now), view)
