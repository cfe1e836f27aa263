"""The day of a site: who comes, who waits, who came without appointment."""

from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi import Query as Parameter
from pydantic import BaseModel

from booking import problems
from booking.api.parts import PATIENT, SITE, AppointmentView, KindCode, example, rules_of
from booking.api.rights import Right, allow
from booking.domain.appointments import State
from booking.use_cases.close_day import DayClose, DayClosed, close_day
from booking.use_cases.day_list import DayLine, day_list
from booking.use_cases.register_walk_in import WalkInRequest, register_walk_in
from smp.http import Body, Command, Day, Query, describe

router = APIRouter(prefix="/v1", tags=["accueil"])


class WalkIn(Body):
    """Somebody comes without appointment."""

    model_config = example({"site": SITE, "patient": PATIENT, "kind": "minor_emergency"})

    site: UUID
    patient: UUID
    kind: KindCode
    professional: UUID | None = None


class LineView(BaseModel):
    """One line of the day. `waited_minutes` runs from arrival to the start of the consultation, or to now. A
    line without state only says that the time is taken."""

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
        )


class CloseDay(Body):
    """Which day (today when none is named); whether those who still wait have left unseen, else they are listed."""

    model_config = example({"waiting_have_left": False})

    day: Day | None = None
    waiting_have_left: bool = False


class DayClosedView(BaseModel):
    """What became of the appointments that were open: noted now (`no_show`, `left_unseen`), or still to be concluded by
    hand."""

    site: UUID
    day: date
    no_show: list[UUID]
    left_unseen: list[UUID]
    waiting: list[UUID]
    in_consultation: list[UUID]
    expected: list[UUID]

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
        problems.NO_PLACE_TODAY,
        problems.ALREADY_WAITING,
        problems.MODE_NOT_OFFERED,
    ),
)
async def walk_in(body: WalkIn, command: Command) -> Response:
    """The next free slot of today is booked and the arrival noted."""
    allow(command, Right.RECEIVE, body.site)
    request = WalkInRequest(body.site, body.patient, body.kind, body.professional)
    return await command.once(
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


@router.get("/sites/{site}/day", response_model=DayView, responses=describe(problems.SITE_UNKNOWN))
async def day_of_site(site: UUID, query: Query, day: Annotated[Day, Parameter(alias="date")]) -> DayView:
    """Appointments and walk-ins of a day in one list, with their waits."""
    allow(query, Right.READ, site)
    async with query.transaction() as tx:
        lines = await day_list(tx, site, day, reader=query.actor, now=query.now)
    return DayView(site=site, day=day, lines=[LineView.of(line) for line in lines])
