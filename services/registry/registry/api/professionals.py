"""Routes of professionals and supervisions."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from registry import problems as refusals
from registry.api.parts import Done, PersonName
from registry.api.rights import Right, allow, allow_for_any
from registry.domain.identity import latest_french_date
from registry.domain.professionals import Contract, Professional, Role
from registry.domain.rules import Rule
from registry.problems import OF_RULE
from registry.store.professionals import ProfessionalRecord
from registry.use_cases.assign_supervision import assign_supervision
from registry.use_cases.change_role import change_role
from registry.use_cases.end_supervision import end_supervision
from registry.use_cases.join_professional import JoinProfessional, join_professional
from registry.use_cases.leave_professional import leave_professional
from registry.use_cases.read_professionals import get_professional, list_professionals
from smp.http import Body, Command, Day, Query, ShortText, describe
from smp.postgres import Transaction

router = APIRouter(prefix="/v1/professionals", tags=["professionals"])


class JoinBody(Body):
    """A professional begins. `contract_end` is the last day. Give an `id` to be able to repeat it safely for ever."""

    id: UUID | None = None
    family_name: PersonName
    given_name: PersonName
    role: Role
    rpps: Annotated[ShortText, Field(max_length=30, examples=["10999000002"])] | None = None
    sites: Annotated[list[UUID], Field(min_length=1, max_length=100)]
    contract_start: Day
    contract_end: Day | None = None

    def to_request(self) -> JoinProfessional:
        return JoinProfessional(
            id=self.id,
            family_name=self.family_name,
            given_name=self.given_name,
            role=self.role,
            rpps=self.rpps,
            sites=self.sites,
            contract=Contract(self.contract_start, self.contract_end),
        )


class RoleBody(Body):
    role: Role
    from_date: Day


class DepartureBody(Body):
    """The first day without this professional."""

    from_date: Day


class SupervisionBody(Body):
    """Who answers for this intern, from a day to a last day (null = open)."""

    supervisor: UUID
    from_date: Day
    until_date: Day | None = None


class SupervisionEndBody(Body):
    """The last day of a supervision."""

    supervisor: UUID
    until_date: Day


class RoleView(BaseModel):
    from_date: date
    role: Role


class SupervisionView(BaseModel):
    supervisor: UUID
    from_date: date
    until_date: date | None


class ProfessionalView(BaseModel):
    """A professional: `role` is today's; `supervisions` are those as an intern."""

    id: UUID
    territory: str
    family_name: str
    given_name: str
    rpps: str | None
    role: Role
    roles: tuple[RoleView, ...]
    sites: tuple[UUID, ...]
    contract_start: date
    contract_end: date | None
    left_from: date | None
    supervisions: tuple[SupervisionView, ...]
    version: int

    @classmethod
    def of(cls, record: ProfessionalRecord, today: date) -> Self:
        person = Professional(
            record.id, record.territory, record.contract, record.roles, record.left_from, record.version
        )
        return cls(
            id=record.id,
            territory=record.territory,
            family_name=record.family_name,
            given_name=record.given_name,
            rpps=record.rpps,
            role=person.role_on(today),
            roles=tuple(RoleView(from_date=r.from_date, role=r.role) for r in record.roles),
            sites=record.sites,
            contract_start=record.contract.start,
            contract_end=record.contract.end,
            left_from=record.left_from,
            supervisions=tuple(
                SupervisionView(supervisor=s.supervisor, from_date=s.from_date, until_date=s.until_date)
                for s in record.supervisions
            ),
            version=record.version,
        )


class ProfessionalsView(BaseModel):
    professionals: tuple[ProfessionalView, ...]


@router.post(
    "",
    status_code=201,
    response_model=Done,
    summary="Accueillir un professionnel",
    responses=describe(
        refusals.ALREADY_EXISTS,
        refusals.RPPS_TAKEN,
        refusals.SITE_UNKNOWN,
        refusals.SITES_OF_ONE_TERRITORY,
        OF_RULE[Rule.RPPS_LENGTH],
        OF_RULE[Rule.CONTRACT_DATES],
    ),
)
async def join(body: JoinBody, command: Command) -> Response:
    for site in body.sites:
        allow(command, Right.MANAGE_PROFESSIONALS, site)
    return await command.once(
        lambda tx: join_professional(tx, body.to_request(), actor=command.actor, now=command.now),
        lambda joined: Done.of(joined.id, joined.version, joined.warnings, command.language),
    )


@router.get("", response_model=ProfessionalsView, summary="Les professionnels de mes territoires, ou d'un site")
async def all_(query: Query, site: UUID | None = None) -> ProfessionalsView:
    allow(query, Right.READ_PROFESSIONALS)
    async with query.transaction() as tx:
        people = await list_professionals(tx, site)
    today = latest_french_date(query.now)
    return ProfessionalsView(professionals=tuple(ProfessionalView.of(person, today) for person in people))


@router.get(
    "/{professional_id}",
    response_model=ProfessionalView,
    summary="Un professionnel",
    responses=describe(refusals.PROFESSIONAL_UNKNOWN),
)
async def one(professional_id: UUID, query: Query) -> ProfessionalView:
    allow(query, Right.READ_PROFESSIONALS)
    async with query.transaction() as tx:
        return ProfessionalView.of(await get_professional(tx, professional_id), latest_french_date(query.now))


@router.post(
    "/{professional_id}/role",
    response_model=Done,
    summary="Changer de rôle à une date",
    responses=describe(refusals.PROFESSIONAL_UNKNOWN, OF_RULE[Rule.OUTSIDE_CONTRACT], OF_RULE[Rule.ROLE_DATE]),
)
async def take_role(professional_id: UUID, body: RoleBody, command: Command) -> Response:
    return await _managed(
        command,
        professional_id,
        lambda tx: change_role(tx, professional_id, body.role, body.from_date, actor=command.actor, now=command.now),
    )


@router.post(
    "/{professional_id}/departure",
    response_model=Done,
    summary="Enregistrer un départ",
    responses=describe(refusals.PROFESSIONAL_UNKNOWN, OF_RULE[Rule.OUTSIDE_CONTRACT], OF_RULE[Rule.ALREADY_LEFT]),
)
async def leave(professional_id: UUID, body: DepartureBody, command: Command) -> Response:
    return await _managed(
        command,
        professional_id,
        lambda tx: leave_professional(tx, professional_id, body.from_date, actor=command.actor, now=command.now),
    )


@router.post(
    "/{professional_id}/supervision",
    status_code=201,
    response_model=Done,
    summary="Désigner le superviseur d'un interne",
    responses=describe(
        refusals.PROFESSIONAL_UNKNOWN,
        OF_RULE[Rule.ONLY_INTERNS_ARE_SUPERVISED],
        OF_RULE[Rule.CANNOT_SUPERVISE],
        OF_RULE[Rule.OUTSIDE_CONTRACT],
        OF_RULE[Rule.SUPERVISION_TWICE],
        OF_RULE[Rule.SUPERVISION_DATES],
    ),
)
async def supervise(professional_id: UUID, body: SupervisionBody, command: Command) -> Response:
    return await _managed(
        command,
        professional_id,
        lambda tx: assign_supervision(
            tx,
            professional_id,
            body.supervisor,
            body.from_date,
            body.until_date,
            actor=command.actor,
            now=command.now,
        ),
    )


@router.post(
    "/{professional_id}/supervision/end",
    response_model=Done,
    summary="Mettre fin à une supervision",
    responses=describe(
        refusals.PROFESSIONAL_UNKNOWN, OF_RULE[Rule.SUPERVISION_UNKNOWN], OF_RULE[Rule.SUPERVISION_DATES]
    ),
)
async def end(professional_id: UUID, body: SupervisionEndBody, command: Command) -> Response:
    return await _managed(
        command,
        professional_id,
        lambda tx: end_supervision(
            tx, professional_id, body.supervisor, body.until_date, actor=command.actor, now=command.now
        ),
    )


async def _managed(command: Command, person: UUID, effect: Callable[[Transaction], Awaitable[int]]) -> Response:
    """Run a change of a professional for somebody who manages one of the sites where that person works."""
    allow(command, Right.MANAGE_PROFESSIONALS)

    async def guarded(tx: Transaction) -> int:
        allow_for_any(command, Right.MANAGE_PROFESSIONALS, (await get_professional(tx, person)).sites)
        return await effect(tx)

    return await command.once(guarded, lambda version: Done(id=person, version=version))
