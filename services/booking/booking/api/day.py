"""The day of a site: who comes, who waits, who came without appointment."""

from datetime import date, datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi import Query as Parameter
from pydantic import BaseModel, model_validator
from pydantic_core import PydanticCustomError

from booking import problems
from booking.api.parts import PATIENT, SITE, AppointmentView, KindCode, example, once_or_noted, rules_of
from booking.api.rights import Right, allow
from booking.domain.appointments import State
from booking.domain.desk_reasons import CallOrderReason
from booking.use_cases.appointments.close_day import DayClose, DayClosed, close_day
from booking.use_cases.appointments.day_list import DayLine, day_list
from booking.use_cases.appointments.register_walk_in import WalkInRequest, register_walk_in
from booking.use_cases.appointments.site_queue import CallOrder, change_call_order, site_queue
from smp.bodies import Flag
from smp.http import Body, Command, Day, Query, describe

APPOINTMENT = "0199c0de-0000-7000-8000-0000000000cc"

_BEFORE_WHOM = PydanticCustomError(
    "before_whom",
    "name somebody with before, and only then",
    {"fr": "nommez quelqu'un avec before, et seulement alors"},
)

router = APIRouter(prefix="/v1", tags=["accueil"])


class WalkIn(Body):
    """Somebody comes without appointment."""

    model_config = example({"site": SITE, "patient": PATIENT, "kind": "minor_emergency"})

    site: UUID
    patient: UUID
    kind: KindCode
    professional: UUID | None = None


class LineView(BaseModel):
    """One line of the day. `waited_minutes` runs from arrival to the start of the consultation, or to now;
    `unsupported` says why no supervisor covers it, or that its session is gone. A line without state only says that the
    time is taken."""

    appointment: UUID
    start: datetime
    end: datetime
    professional: UUID
    role: str
    state: State | None
    patient: UUID | None
    kind: str | None
    channel: str | None
    arrived_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    waited_minutes: float | None
    unsupported: str | None

    @classmethod
    def of(cls, line: DayLine) -> "LineView":
        it = line.appointment
        return cls(
            appointment=it.id,
            start=it.period.start,
            end=it.period.end,
            professional=it.professional,
            role=it.role,
            state=None if line.is_hidden else it.state,
            patient=None if line.is_veiled else it.patient,
            kind=None if line.is_veiled else it.kind,
            channel=None if line.is_veiled else it.channel,
            arrived_at=None if line.is_hidden else it.arrived_at,
            started_at=None if line.is_hidden else it.started_at,
            ended_at=None if line.is_hidden else it.ended_at,
            waited_minutes=None if line.is_hidden else _minutes(line.waited),
            unsupported=None if line.is_hidden else line.unsupported,
        )


class CloseDay(Body):
    """Which day (today when none is named); whether those who still wait have left unseen, else they are listed."""

    model_config = example({"waiting_have_left": False})

    day: Day | None = None
    waiting_have_left: Flag = False


class DayClosedView(BaseModel):
    """What became of the appointments that were open: noted now (`no_show`, `left_unseen`), or still to be concluded by
    hand. `to_call` have lost their place through the centre: somebody speaks with the patient, then moves or cancels
    it."""

    site: UUID
    day: date
    no_show: list[UUID]
    left_unseen: list[UUID]
    waiting: list[UUID]
    in_consultation: list[UUID]
    expected: list[UUID]
    to_call: list[UUID]

    @classmethod
    def of(cls, site: UUID, it: DayClosed) -> "DayClosedView":
        return cls(
            site=site,
            day=it.day,
            no_show=list(it.no_show),
            left_unseen=list(it.left_unseen),
            waiting=list(it.waiting),
            in_consultation=list(it.in_consultation),
            expected=list(it.expected),
            to_call=list(it.to_call),
        )


def _minutes(waited: timedelta | None) -> float | None:
    return None if waited is None else round(waited.total_seconds() / 60, 1)


class DayView(BaseModel):
    """A day of a site, in order of hour."""

    site: UUID
    day: date
    lines: list[LineView]


@router.post(
    "/walk-ins",
    status_code=201,
    response_model=AppointmentView,
    responses=describe(
        problems.SITE_UNKNOWN,
        problems.PATIENT_UNKNOWN,
        problems.PATIENT_ERASED,
        problems.KIND_UNKNOWN,
        problems.NOT_ELIGIBLE,
        problems.TOO_MANY_RUNNING,
        problems.COMPANY_MISSING,
        problems.SLOT_RESTING,
        problems.NO_PLACE_TODAY,
        problems.ALREADY_IN_QUEUE,
        problems.MODE_NOT_OFFERED,
    ),
)
async def walk_in(body: WalkIn, command: Command) -> Response:
    """The next free slot of today is booked and the arrival noted. When there is none, the refusal says the `reason`
    and the need is noted as unmet demand."""
    allow(command, Right.RECEIVE, body.site)
    request = WalkInRequest(body.site, body.patient, body.kind, body.professional)
    return await once_or_noted(
        command,
        lambda tx: register_walk_in(tx, request, rules_of(command), actor=command.actor, now=command.now),
        lambda it: AppointmentView.of(it.appointment, command.actor, it.warnings),
    )


@router.post("/sites/{site}/day-close", response_model=DayClosedView, responses=describe(problems.SITE_UNKNOWN))
async def close_day_of_site(site: UUID, body: CloseDay, command: Command) -> Response:
    """Conclude a day: who was booked and whose hour is over did not come. Done again it changes nothing more."""
    allow(command, Right.CLOSE_DAY, site)
    request = DayClose(site, body.day, body.waiting_have_left)
    return await command.once(
        lambda tx: close_day(tx, request, actor=command.actor, now=command.now),
        lambda it: DayClosedView.of(site, it),
    )


class PlaceInQueue(Body):
    """Where to: `before` somebody who waits, `last`, or `by_rule` again; why, as a code."""

    model_config = example({"place": "before", "before": APPOINTMENT, "reason": "asked_by_staff"})

    place: Literal["before", "last", "by_rule"]
    before: UUID | None = None
    reason: CallOrderReason

    @model_validator(mode="after")
    def _before_names_somebody(self) -> Self:
        if (self.place == "before") != (self.before is not None):
            raise _BEFORE_WHOM
        return self


class QueueLineView(BaseModel):
    """Somebody who waits. `by_hand`: the rule would have another order; `waited_minutes` since the arrival."""

    position: int
    by_hand: bool
    line: LineView

    @classmethod
    def of(cls, position: int, line: DayLine) -> "QueueLineView":
        by_hand = line.appointment.call_place is not None
        return cls(position=position, by_hand=by_hand and not line.is_hidden, line=LineView.of(line))


class QueueView(BaseModel):
    """The queue of a site, next one first, and how long those seen today had waited."""

    site: UUID
    lines: list[QueueLineView]
    seen: int
    median_wait_minutes: float | None
    longest_wait_minutes: float | None


@router.get("/sites/{site}/queue", response_model=QueueView, responses=describe(problems.SITE_UNKNOWN))
async def queue_of_site(site: UUID, query: Query) -> QueueView:
    """Walk-ins and appointments that wait, in the order in which they are called."""
    allow(query, Right.READ, site)
    async with query.transaction() as tx:
        queue = await site_queue(tx, site, reader=query.actor, now=query.now)
    return QueueView(
        site=site,
        lines=[QueueLineView.of(position, line) for position, line in enumerate(queue.lines, start=1)],
        seen=queue.seen,
        median_wait_minutes=_minutes(queue.median_wait),
        longest_wait_minutes=_minutes(queue.longest_wait),
    )


@router.post(
    "/appointments/{appointment}/call-order",
    response_model=AppointmentView,
    responses=describe(problems.APPOINTMENT_UNKNOWN, problems.WRONG_TRANSITION, problems.NOT_IN_QUEUE),
)
async def place_in_queue(appointment: UUID, body: PlaceInQueue, command: Command) -> Response:
    """Call somebody earlier or later than the rule says, with the reason."""
    allow(command, Right.RECEIVE)
    request = CallOrder(body.place, body.reason, body.before)
    return await command.once(
        lambda tx: change_call_order(tx, appointment, request, actor=command.actor, now=command.now),
        lambda it: AppointmentView.of(it, command.actor),
    )


@router.get("/sites/{site}/day", response_model=DayView, responses=describe(problems.SITE_UNKNOWN))
async def day_of_site(site: UUID, query: Query, day: Annotated[Day, Parameter(alias="date")]) -> DayView:
    """Appointments and walk-ins of a day in one list, with their waits."""
    allow(query, Right.READ, site)
    async with query.transaction() as tx:
        lines = await day_list(tx, site, day, reader=query.actor, now=query.now)
    return DayView(site=site, day=day, lines=[LineView.of(line) for line in lines])
