"""What several routes read and answer."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, time
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from fastapi import Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from booking import problems
from booking.domain.appointments import Appointment, State, Step
from booking.domain.availability import Companion, Slot
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.use_cases.appointments.book_together import BookOrder
from booking.use_cases.appointments.day_list import is_hidden, is_veiled
from booking.use_cases.appointments.read_appointment import Read
from booking.use_cases.appointments.step_together import StepOrder
from booking.use_cases.availability.agendas import Agendas
from booking.use_cases.availability.no_place import NoPlace
from booking.use_cases.availability.note_demand import record
from smp.auth import Actor
from smp.bodies import Whole
from smp.combining import Combiner
from smp.http import Caller, Command
from smp.postgres import Answer, Transaction

T = TypeVar("T")

SITE = "0199c0de-0000-7000-8000-000000000053"
SESSION = "0199c0de-0000-7000-8000-000000000001"
PATIENT = "0199c0de-0000-7000-8000-0000000000aa"
PROFESSIONAL = "0199c0de-0000-7000-8000-0000000000bb"

KindCode = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
"""Unknown ones are refused with `kind-unknown`; see `GET /v1/kinds`."""
Kinds = Annotated[frozenset[KindCode], Field(min_length=1, max_length=40)]
Equipment = Annotated[frozenset[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]], Field(max_length=20)]
"""Labels of what stands in the room; kinds of appointment may want some."""
SlotMinutes = Annotated[Whole, Field(ge=5, le=240, multiple_of=5)]
Mode = Literal["AMB", "HH", "VR", "TEL"]
"""On site, at home, by video, by telephone."""
Channel = Literal["phone", "desk", "online", "regulation"]


def _on_the_minute(at: time) -> time:
    if at.tzinfo is not None:
        raise PydanticCustomError("time_with_zone", "a local time has no offset", {"fr": "heure locale, sans décalage"})
    if at.second or at.microsecond:
        raise PydanticCustomError("time_not_on_the_minute", "hours and minutes only", {"fr": "heures et minutes"})
    return at


WallClock = Annotated[time, WithJsonSchema({"type": "string", "pattern": r"^([01][0-9]|2[0-3]):[0-5][0-9](:00)?$"})]
"""An hour of the site's own clock; not the `time` of JSON Schema, which has an offset."""
LocalTime = Annotated[WallClock, AfterValidator(_on_the_minute)]
"""The same in a body: hours and minutes."""


def example(value: dict[str, Any]) -> ConfigDict:
    """The OpenAPI example of a body."""
    return ConfigDict(json_schema_extra={"examples": [value]})


def rules_of(caller: Caller) -> Rules:
    """The centre's figures, read from the settings at start."""
    rules: Rules = caller.runtime.state["rules"]
    return rules


def bookings_of(caller: Caller) -> Combiner[BookOrder, Answer]:
    """Where bookings of this process come together."""
    combiner: Combiner[BookOrder, Answer] = caller.runtime.state["bookings"]
    return combiner


def steps_of(caller: Caller) -> Combiner[StepOrder, Answer]:
    """Where steps of the waiting room come together in this process."""
    combiner: Combiner[StepOrder, Answer] = caller.runtime.state["steps"]
    return combiner


class ShareView(BaseModel):
    """Slots of a session kept for a class until `release_at`; null keeps them until the end."""

    capacity_class: str
    slots: int
    release_at: datetime | None


def agendas_of(caller: Caller) -> Agendas:
    """What this process keeps of the agendas of sites."""
    agendas: Agendas = caller.runtime.state["agendas"]
    return agendas


class SessionView(BaseModel):
    """An open session. Without shares any caller may take any of it."""

    session: UUID
    site: UUID
    professional: UUID
    role: str
    room: str | None
    kinds: list[str]
    day: date
    start: datetime
    end: datetime
    slot_minutes: int
    shares: list[ShareView] = []
    equipment: list[str]

    @classmethod
    def of(cls, it: Session) -> "SessionView":
        return cls(
            session=it.id,
            site=it.site,
            professional=it.professional,
            role=it.role,
            room=it.room,
            kinds=sorted(it.kinds),
            day=it.day,
            start=it.period.start,
            end=it.period.end,
            slot_minutes=int(it.grid.total_seconds() // 60),
            shares=[
                ShareView(capacity_class=each.capacity_class, slots=each.slots, release_at=each.release_at)
                for each in it.shares
            ],
            equipment=sorted(it.equipment),
        )


class CompanionView(BaseModel):
    """Who is needed besides, and when."""

    session: UUID
    professional: UUID
    role: str
    start: datetime
    end: datetime

    @classmethod
    def of(cls, it: Companion) -> "CompanionView":
        return cls(
            session=it.session, professional=it.professional, role=it.role, start=it.period.start, end=it.period.end
        )


class SlotView(BaseModel):
    """A free place. `open_ends`: 0 when it fills a free stretch, 1 when it touches an end of one, 2 when it cuts it."""

    session: UUID
    site: UUID
    professional: UUID
    role: str
    start: datetime
    end: datetime
    open_ends: int
    companions: list[CompanionView]

    @classmethod
    def of(cls, slot: Slot) -> "SlotView":
        return cls(
            session=slot.session,
            site=slot.site,
            professional=slot.professional,
            role=slot.role,
            start=slot.period.start,
            end=slot.period.end,
            open_ends=slot.open_ends,
            companions=[CompanionView.of(each) for each in slot.companions],
        )


class StepView(BaseModel):
    """One line of the trail: `by` is an opaque subject, `why` a code, `undoes` the version that a correction undid."""

    state: State
    at: datetime
    by: str
    why: str | None = None
    undoes: int | None = None

    @classmethod
    def of(cls, step: Step) -> "StepView":
        return cls(state=step.state, at=step.at, by=step.by, why=step.why, undoes=step.undoes)


class AppointmentView(BaseModel):
    """An appointment as it stands. Patient and kind are left out for who only may know that the time is taken, and all
    but the hours when it is silent."""

    appointment: UUID
    site: UUID
    session: UUID
    day: date
    professional: UUID
    role: str
    start: datetime
    end: datetime
    state: State | None
    version: int
    patient: UUID | None
    kind: str | None
    mode: str | None
    channel: str | None
    requested_at: datetime | None
    expires_at: datetime | None = None
    arrived_at: datetime | None = None
    prepared_at: datetime | None = None
    left_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str | None = None
    severity: int | None = None
    otherwise_emergency: bool | None = None
    supervisor: UUID | None = None
    cancelled_by: str | None = None
    late: bool | None = None
    trail: list[StepView]
    warnings: list[str] = []

    @classmethod
    def of(cls, it: Appointment, reader: Actor, warnings: tuple[str, ...] = ()) -> "AppointmentView":
        veiled, hidden = is_veiled(it, reader), is_hidden(it, reader)
        return cls(
            appointment=it.id,
            site=it.site,
            session=it.session,
            day=it.day,
            professional=it.professional,
            role=it.role,
            start=it.period.start,
            end=it.period.end,
            state=None if hidden else it.state,
            version=it.version,
            patient=None if veiled else it.patient,
            kind=None if veiled else it.kind,
            mode=None if hidden else it.mode,
            channel=None if veiled else it.channel,
            requested_at=None if hidden else it.requested_at,
            expires_at=None if hidden else it.expires_at,
            arrived_at=None if hidden else it.arrived_at,
            prepared_at=None if hidden else it.prepared_at,
            left_at=None if hidden else it.left_at,
            started_at=None if hidden else it.started_at,
            ended_at=None if hidden else it.ended_at,
            outcome=None if veiled else it.outcome,
            severity=None if hidden else it.severity,
            otherwise_emergency=None if hidden else it.otherwise_emergency,
            supervisor=None if hidden else it.supervisor,
            cancelled_by=None if hidden else it.cancelled_by,
            late=None if hidden else it.late,
            trail=[StepView.of(step) for step in (() if hidden else it.trail)],
            warnings=list(warnings),
        )


class ReadView(AppointmentView):
    """The same, and why no supervisor covers it (`no_supervisor`, `supervisor_absent`, `too_many_interns`) or that its
    session is gone (`place_lost`)."""

    unsupported: str | None

    @classmethod
    def read(cls, it: Read, reader: Actor) -> "ReadView":
        hidden = is_hidden(it.appointment, reader)
        return cls(
            **AppointmentView.of(it.appointment, reader).model_dump(), unsupported=None if hidden else it.unsupported
        )


STEP = (problems.APPOINTMENT_UNKNOWN, problems.WRONG_TRANSITION)  # of any step


async def once_or_noted(
    command: Command, effect: Callable[[Transaction], Awaitable[T]], view: Callable[[T], BaseModel]
) -> Response:
    """`Command.once` for what looks for a place by itself: when there is none, the need is noted all the same."""
    try:
        return await command.once(effect, view)
    except NoPlace as refusal:
        async with command.runtime.database.transaction(command.scope) as tx:
            await record(tx, refusal.unmet, refusal.territory, command.actor)
        raise


async def one_step(command: Command, effect: Callable[[Transaction], Awaitable[Appointment]]) -> Response:
    """Run one step of an appointment, done once per key; the answer is the appointment after it."""
    return await command.once(effect, lambda it: AppointmentView.of(it, command.actor))
