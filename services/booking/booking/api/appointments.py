"""Appointments: hold, book, move, cancel, receive, treat."""

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
    STEP,
    AppointmentView,
    Channel,
    KindCode,
    Mode,
    ReadView,
    bookings_of,
    example,
    once_or_noted,
    one_step,
    rules_of,
)
from booking.api.rights import Right, allow
from booking.domain.desk_reasons import CancellationReason
from booking.domain.family import LARGEST
from booking.use_cases.appointments.book_family import FamilyBooked, book_family
from booking.use_cases.appointments.book_slot import Booked, BookRequest, book_slot
from booking.use_cases.appointments.cancel_appointment import CancelRequest, cancel_appointment
from booking.use_cases.appointments.confirm_hold import ConfirmRequest, confirm_hold
from booking.use_cases.appointments.family_room import FamilyRequest
from booking.use_cases.appointments.hold_slot import HoldRequest, hold_slot
from booking.use_cases.appointments.move_appointment import MoveRequest, move_appointment
from booking.use_cases.appointments.read_appointment import read_appointment
from smp.auth import Actor
from smp.bodies import Flag
from smp.http import Body, Command, Instant, Query, describe

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
    notify: Flag = True
    named: Flag = True
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
    notify: Flag = True

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
    notify: Flag = True


class CancelAppointment(Body):
    """Who gives it up, and why. `excused`: the patient could not come and said why, be
    it after the hour."""

    model_config = example({"by": "patient", "reason": "excused", "notify": True})

    by: Literal["patient", "centre"]
    reason: CancellationReason | None = None
    notify: Flag = True
    excused: Flag = False

    @model_validator(mode="after")
    def _only_patients_are_excused(self) -> Self:
        if self.excused and self.by != "patient":
            raise _PATIENT_IS_EXCUSED
        return self


_PLACE = (
    problems.SESSION_UNKNOWN,
    problems.PATIENT_UNKNOWN,
    problems.PATIENT_ERASED,
    problems.KIND_UNKNOWN,
    problems.NOT_ELIGIBLE,
    problems.SESSION_CANCELLED,
    problems.SESSION_UNSUPPORTED,
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
    problems.ON_THE_WAY,
    problems.CLASS_NOT_RELEASED,
    problems.COMPANY_MISSING,
    problems.NOBODY_TO_PREPARE,
    problems.SLOT_TAKEN,
    problems.SLOT_RESTING,
    problems.PATIENT_BUSY,
    problems.TOO_MANY_RUNNING,
)


@router.post("/holds", status_code=201, response_model=AppointmentView, responses=describe(*_PLACE))
async def hold(body: HoldSlot, command: Command) -> Response:
    """Keep a slot; it is free again when the hold expires."""
    allow(command, Right.BOOK)
    request = HoldRequest(body.session, body.start, body.kind, body.patient, body.mode, body.channel, body.requested_at)
    return await one_step(
        command, lambda tx: hold_slot(tx, request, rules_of(command), actor=command.actor, now=command.now)
    )


@router.post(
    "/appointments",
    status_code=201,
    response_model=AppointmentView,
    responses=describe(*_PLACE, *STEP, problems.HOLD_EXPIRED, problems.HOLD_FOR_ANOTHER),
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
    """Several patients, places that follow each other, all or nothing, one text. When they do not fit, the refusal says
    the `reason` and the need is noted as unmet demand."""
    allow(command, Right.BOOK, body.site)
    request = FamilyRequest(**body.model_dump())
    return await once_or_noted(
        command,
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


@router.post("/appointments/{appointment}/move", response_model=AppointmentView, responses=describe(*_PLACE, *STEP))
async def move(appointment: UUID, body: MoveAppointment, command: Command) -> Response:
    """Put an appointment elsewhere; the old place is given up only if the new one is had."""
    allow(command, Right.BOOK)
    request = MoveRequest(body.session, body.start, body.notify)
    return await command.once(
        lambda tx: move_appointment(tx, appointment, request, rules_of(command), actor=command.actor, now=command.now),
        lambda it: _view(command, it),
    )


@router.post("/appointments/{appointment}/cancellation", response_model=AppointmentView, responses=describe(*STEP))
async def cancel(appointment: UUID, body: CancelAppointment, command: Command) -> Response:
    """Give an appointment or a hold up."""
    allow(command, Right.BOOK)
    request = CancelRequest(body.by, body.reason, body.notify, body.excused)
    return await one_step(
        command,
        lambda tx: cancel_appointment(
            tx, appointment, request, rules_of(command), actor=command.actor, now=command.now
        ),
    )


def _view(command: Command, it: Booked) -> AppointmentView:
    return AppointmentView.of(it.appointment, command.actor, it.warnings)
