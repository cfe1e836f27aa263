"""Supervision of interns: who can be reached by telephone, which appointments nobody covers."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, model_validator
from pydantic_core import PydanticCustomError

from booking import problems
from booking.api.parts import PROFESSIONAL, SITE, example
from booking.api.rights import Right, allow
from booking.domain.appointments import State
from booking.domain.intervals import Interval
from booking.store.supervision import Reachability
from booking.use_cases.supervision.list_unsupported import Uncovered, list_unsupported
from booking.use_cases.supervision.reachability import LONGEST, ReachRequest, declare_reachable, withdraw_reachability
from smp.http import Body, Command, Instant, Query, describe

router = APIRouter(prefix="/v1", tags=["encadrement"])

_PERIOD = PydanticCustomError(
    "period", "the end follows the start by 31 days at most", {"fr": "la fin suit le début, de 31 jours au plus"}
)


class DeclareReachable(Body):
    """A supervisor answers the telephone for interns over [start, end): of one site, or of all without `site`."""

    model_config = example(
        {
            "supervisor": PROFESSIONAL,
            "site": SITE,
            "start": "2027-01-11T12:00:00+01:00",
            "end": "2027-01-11T18:00:00+01:00",
        }
    )

    supervisor: UUID
    site: UUID | None = None
    start: Instant
    end: Instant

    @model_validator(mode="after")
    def _is_a_period(self) -> Self:
        if not self.start < self.end <= self.start + LONGEST:
            raise _PERIOD
        return self


class ReachabilityView(BaseModel):
    """A declaration; `site` null is every site of the territory."""

    reachability: UUID
    supervisor: UUID
    site: UUID | None
    start: datetime
    end: datetime

    @classmethod
    def of(cls, it: Reachability) -> "ReachabilityView":
        reach = it.reach
        return cls(
            reachability=it.id,
            supervisor=reach.supervisor,
            site=reach.site,
            start=reach.period.start,
            end=reach.period.end,
        )


class HelpView(BaseModel):
    """Who could cover. `present`: supervisors of the intern who are there, but answer for as many interns as they may.
    `could_be_reached`: those who are not there and could be declared reachable. `could_be_assigned`: other doctors who
    are there."""

    present: list[UUID]
    could_be_reached: list[UUID]
    could_be_assigned: list[UUID]


class UnsupportedView(BaseModel):
    """An appointment of an intern that nobody covers."""

    appointment: UUID
    session: UUID
    day: date
    start: datetime
    end: datetime
    intern: UUID
    patient: UUID | None
    state: State
    since: datetime
    reason: str
    who_could_cover: HelpView

    @classmethod
    def of(cls, it: Uncovered) -> "UnsupportedView":
        said, act = it.unsupported, it.unsupported.it
        return cls(
            appointment=act.id,
            session=act.session,
            day=act.day,
            start=act.period.start,
            end=act.period.end,
            intern=act.professional,
            patient=act.patient,
            state=act.state,
            since=said.since,
            reason=said.reason,
            who_could_cover=HelpView(
                present=list(it.present),
                could_be_reached=list(it.could_be_reached),
                could_be_assigned=list(it.could_be_assigned),
            ),
        )


class UnsupportedList(BaseModel):
    """In order of hour."""

    appointments: list[UnsupportedView]


@router.post(
    "/reachabilities",
    status_code=201,
    response_model=ReachabilityView,
    responses=describe(
        problems.PROFESSIONAL_UNKNOWN, problems.NOT_A_SUPERVISOR, problems.SITE_UNKNOWN, problems.SESSION_PAST
    ),
)
async def declare(body: DeclareReachable, command: Command) -> Response:
    """Declare a supervisor reachable by telephone: their interns are covered meanwhile."""
    allow(command, Right.PLAN, body.site)
    request = ReachRequest(body.supervisor, Interval(body.start, body.end), body.site)
    return await command.once(
        lambda tx: declare_reachable(tx, request, actor=command.actor, now=command.now), ReachabilityView.of
    )


@router.post(
    "/reachabilities/{reachability}/withdrawal",
    response_model=ReachabilityView,
    responses=describe(problems.REACHABILITY_UNKNOWN, problems.REACHABILITY_WITHDRAWN, problems.SITE_UNKNOWN),
)
async def withdraw(reachability: UUID, command: Command) -> Response:
    """Withdraw a declaration; what it alone covered becomes unsupported."""
    allow(command, Right.PLAN)
    return await command.once(
        lambda tx: withdraw_reachability(tx, reachability, actor=command.actor, now=command.now), ReachabilityView.of
    )


@router.get("/sites/{site}/unsupported", response_model=UnsupportedList, responses=describe(problems.SITE_UNKNOWN))
async def unsupported(site: UUID, query: Query) -> UnsupportedList:
    """Appointments of interns, still to come, that no supervisor covers, and who could; and those of anybody whose
    session is gone. Silent ones are listed to whoever is involved."""
    allow(query, Right.READ, site)
    async with query.transaction() as tx:
        found = await list_unsupported(tx, site, reader=query.actor, now=query.now)
    return UnsupportedList(appointments=[UnsupportedView.of(each) for each in found])
