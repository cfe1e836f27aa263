"""Kinds of appointment: what a territory has decided, and from when on."""

from datetime import date, timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi import Query as Parameter
from pydantic import BaseModel, Field

from booking import problems
from booking.api.parts import SITE, Equipment, KindCode, Mode, example, rules_of
from booking.api.rights import Right, allow
from booking.domain.kinds import Compartment, Kind, Preparation
from booking.use_cases.kinds.decide_kind import Decided, KindRequest, decide_kind
from booking.use_cases.kinds.list_kinds import list_kinds
from smp.bodies import Flag, Whole
from smp.http import Body, Command, Day, Query, describe
from smp.problems import CONFLICT

router = APIRouter(prefix="/v1", tags=["types de rendez-vous"])

_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)

Role = Annotated[str, Field(pattern=r"^[a-z][a-z_]{1,39}$")]
Minutes = Annotated[Whole, Field(ge=0, le=960)]


class PreparationBody(Body):
    """What a medical assistant or a nurse does right before, in the same room or in another one."""

    minutes: Annotated[Whole, Field(ge=5, le=55)]
    roles: Annotated[frozenset[Role], Field(min_length=1, max_length=2)] = frozenset({"medical_assistant", "nurse"})
    same_room: Flag = True

    def preparation(self) -> Preparation:
        return Preparation(self.minutes * _MINUTE, self.roles, self.same_room)


class DecideKind(Body):
    """What changes from that day on, for the whole territory of the site; what is not named stays. Appointments
    already booked keep their kind as it was."""

    model_config = example(
        {
            "site": SITE,
            "code": "long_consultation",
            "valid_from": "2027-02-01",
            "duration_minutes": 40,
            "roles": ["gp", "retired_gp"],
            "buffer_after_minutes": 10,
            "min_lead_minutes": 120,
            "max_lead_days": 60,
            "preparation": {"minutes": 10, "same_room": False},
        }
    )

    site: UUID
    code: KindCode
    valid_from: Day
    duration_minutes: Minutes = 0
    buffer_before_minutes: Minutes = 0
    buffer_after_minutes: Minutes = 0
    roles: Annotated[frozenset[Role], Field(max_length=12)] = frozenset()
    modes: Annotated[frozenset[Mode], Field(max_length=4)] = frozenset()
    capacity_class: KindCode = "desk"
    compartment: Literal["medical", "medico_social", "silent"] = "medical"
    min_lead_minutes: Annotated[Whole, Field(ge=0, le=129_600)] = 0
    max_lead_days: Annotated[Whole, Field(ge=1, le=730)] | None = None
    preparation: PreparationBody | None = None
    running_cap: Annotated[Whole, Field(ge=1, le=100)] | None = None
    equipment: Equipment = frozenset()
    wants_eligibility: Flag = False
    wants_room: Flag = False
    unscheduled: Flag = False
    follow_up_only: Flag = False
    neutral_wording: Flag = False

    def request(self) -> KindRequest:
        settings = {name: self._setting(name) for name in self.model_fields_set - {"site", "code", "valid_from"}}
        return KindRequest(self.site, self.code, self.valid_from, dict(settings.values()))

    def _setting(self, name: str) -> tuple[str, Any]:
        """A field of the body as the field of `Kind` that it decides."""
        given = getattr(self, name)
        if name == "max_lead_days":
            return "max_lead", given and given * _DAY
        if name.endswith("_minutes"):
            return name.removesuffix("_minutes"), given * _MINUTE
        if name == "preparation":
            return name, given and given.preparation()
        return name, Compartment(given) if name == "compartment" else given


class PreparationView(BaseModel):
    minutes: int
    roles: list[str]
    same_room: bool


class KindView(BaseModel):
    """A kind as it stands from `valid_from` on (missing: as long as the platform exists)."""

    code: str
    version: int
    valid_from: date | None
    duration_minutes: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    roles: list[str]
    modes: list[str]
    capacity_class: str
    compartment: str
    min_lead_minutes: int
    max_lead_days: int | None
    preparation: PreparationView | None
    running_cap: int | None
    equipment: list[str]
    wants_eligibility: bool
    wants_room: bool
    unscheduled: bool
    follow_up_only: bool
    neutral_wording: bool

    @classmethod
    def of(cls, it: Kind) -> Self:
        prepared = it.preparation
        return cls(
            code=it.code,
            version=it.version,
            valid_from=it.valid_from if it.version else None,
            duration_minutes=it.duration // _MINUTE,
            buffer_before_minutes=it.buffer_before // _MINUTE,
            buffer_after_minutes=it.buffer_after // _MINUTE,
            roles=sorted(it.roles),
            modes=sorted(it.modes),
            capacity_class=it.capacity_class,
            compartment=it.compartment,
            min_lead_minutes=it.min_lead // _MINUTE,
            max_lead_days=None if it.max_lead is None else it.max_lead // _DAY,
            preparation=prepared
            and PreparationView(
                minutes=prepared.length // _MINUTE, roles=sorted(prepared.roles), same_room=prepared.same_room
            ),
            running_cap=it.running_cap,
            equipment=sorted(it.equipment),
            wants_eligibility=it.wants_eligibility,
            wants_room=it.wants_room,
            unscheduled=it.unscheduled,
            follow_up_only=it.follow_up_only,
            neutral_wording=it.neutral_wording,
        )


class DecidedView(KindView):
    """The version that was decided, and for which territory."""

    territory: str

    @classmethod
    def decided(cls, it: Decided) -> "DecidedView":
        return cls(**KindView.of(it.kind).model_dump(), territory=it.territory)


class KindsView(BaseModel):
    """The kinds of a territory on a day, and what has been decided for later days."""

    on: date
    kinds: list[KindView]
    later: list[KindView]


@router.get("/kinds", response_model=KindsView, responses=describe(problems.SITE_UNKNOWN))
async def kinds(query: Query, site: UUID, on: Annotated[Day | None, Parameter()] = None) -> KindsView:
    """The kinds that can be booked in the territory of a site on a day (today when none is named)."""
    allow(query, Right.SEE_KINDS, site)
    async with query.transaction() as tx:
        found = await list_kinds(tx, site, on, rules_of(query), query.now)
    return KindsView(
        on=found.on,
        kinds=[KindView.of(kind) for kind in found.kinds],
        later=[KindView.of(kind) for kind in found.later],
    )


@router.post(
    "/kinds",
    status_code=201,
    response_model=DecidedView,
    responses=describe(
        problems.SITE_UNKNOWN,
        problems.KIND_INCOMPLETE,
        problems.KIND_TOO_SOON,
        problems.KIND_CONTRADICTORY,
        CONFLICT,
    ),
)
async def decide(body: DecideKind, command: Command) -> Response:
    """Decide how a kind is given from a day on: a change from tomorrow at the earliest, a new kind from today."""
    allow(command, Right.DECIDE_KINDS, body.site)
    rules = rules_of(command)
    answer = await command.once(
        lambda tx: decide_kind(tx, body.request(), rules, actor=command.actor, now=command.now),
        DecidedView.decided,
    )
    rules.kinds.forget()
    return answer
