"""Presence of part-timers: what was agreed, and the counters of half-days."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi import Query as Parameter
from pydantic import BaseModel, Field, model_validator

from booking import problems
from booking.api.agenda_parts import ORDER, OverCapView
from booking.api.parts import PROFESSIONAL, SITE, example, rules_of
from booking.api.rights import Right, allow
from booking.domain.presence import PresencePlan
from booking.use_cases.calendar.agree_presence import PresenceAgreed, agree_presence
from booking.use_cases.calendar.presence import Counter
from booking.use_cases.calendar.see_agenda import Days, see_presence
from smp.bodies import Whole
from smp.http import Body, Command, Day, Query, describe

router = APIRouter(prefix="/v1", tags=["présence"])


class AgreePresence(Body):
    """Contract (last day included), wished weekdays (1 = lundi; none = any), caps in half-days."""

    model_config = example(
        {
            "site": SITE,
            "professional": PROFESSIONAL,
            "contract_start": "2027-01-01",
            "contract_end": "2027-12-31",
            "wished_weekdays": [2, 4],
            "weekly_cap": 3,
            "yearly_cap": 120,
        }
    )

    site: UUID
    professional: UUID
    contract_start: Day
    contract_end: Day | None = None
    wished_weekdays: frozenset[Annotated[Whole, Field(ge=1, le=7)]] = frozenset()
    weekly_cap: Annotated[Whole, Field(ge=1, le=14)] | None = None
    yearly_cap: Annotated[Whole, Field(ge=1, le=732)] | None = None

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if self.contract_end is not None and self.contract_end < self.contract_start:
            raise ORDER
        return self

    def plan(self) -> PresencePlan:
        return PresencePlan(
            self.professional,
            self.contract_start,
            self.contract_end,
            self.wished_weekdays,
            self.weekly_cap,
            self.yearly_cap,
        )


class PlanView(BaseModel):
    """What was agreed with a professional."""

    professional: UUID
    contract_start: date
    contract_end: date | None
    wished_weekdays: list[int]
    weekly_cap: int | None
    yearly_cap: int | None

    @classmethod
    def of(cls, it: PresencePlan) -> "PlanView":
        return cls(
            professional=it.professional,
            contract_start=it.contract_start,
            contract_end=it.contract_end,
            wished_weekdays=sorted(it.wished_weekdays),
            weekly_cap=it.weekly_cap,
            yearly_cap=it.yearly_cap,
        )


class AgreedView(PlanView):
    """The agreement, how many there have been; `over`: weeks and years to come that are beyond what is agreed."""

    site: UUID
    version: int
    over: list[OverCapView]

    @classmethod
    def agreed(cls, it: PresenceAgreed) -> "AgreedView":
        over = [OverCapView.of(each) for each in it.over]
        return cls(**PlanView.of(it.plan).model_dump(), site=it.site, version=it.version, over=over)


class CounterView(BaseModel):
    """Half-days by ISO week (2027-W02) and by civil year, at every site; `plan`: what is agreed for the last day."""

    professional: UUID
    weeks: dict[str, int]
    years: dict[str, int]
    plan: PlanView | None
    over: list[OverCapView]

    @classmethod
    def of(cls, it: Counter) -> "CounterView":
        return cls(
            professional=it.professional,
            weeks=it.weeks,
            years=it.years,
            plan=it.plan and PlanView.of(it.plan),
            over=[OverCapView.of(each) for each in it.over],
        )


class PresenceView(BaseModel):
    """One line for everybody who receives at the site or has agreed something there."""

    professionals: list[CounterView]


@router.post(
    "/presence-plans",
    response_model=AgreedView,
    responses=describe(problems.SITE_UNKNOWN, problems.PROFESSIONAL_UNKNOWN, problems.PROFESSIONAL_ELSEWHERE),
)
async def agree(body: AgreePresence, command: Command) -> Response:
    """Say what was agreed with a professional. The former agreement holds until the day before `contract_start`, so a
    renewal can be agreed in advance; agreements that were to begin in its time are replaced."""
    allow(command, Right.PLAN, body.site)
    return await command.once(
        lambda tx: agree_presence(tx, body.site, body.plan(), rules_of(command), actor=command.actor, now=command.now),
        AgreedView.agreed,
    )


@router.get(
    "/presence", response_model=PresenceView, responses=describe(problems.SITE_UNKNOWN, problems.PERIOD_TOO_LONG)
)
async def see(
    query: Query,
    site: UUID,
    first: Annotated[Day, Parameter(alias="from")],
    last: Annotated[Day, Parameter(alias="to")],
) -> PresenceView:
    """Counters of the weeks and years that hold these days."""
    allow(query, Right.PLAN, site)
    async with query.transaction() as tx:
        counted = await see_presence(tx, Days(site, first, last))
    return PresenceView(professionals=[CounterView.of(each) for each in counted])
