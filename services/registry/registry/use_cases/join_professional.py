"""A professional begins to work at one or more sites of a territory."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from registry.domain.identifiers import Checked, rpps
from registry.domain.names import name_key
from registry.domain.professionals import LISTED_IN_RPPS, Contract, Role, check_contract
from registry.domain.rules import Rule, RuleBroken, Warned
from registry.problems import ALREADY_EXISTS, RPPS_TAKEN, SITE_UNKNOWN, SITES_OF_ONE_TERRITORY, refusing
from registry.store import professionals, sites
from smp.auth import Actor
from smp.contracts import Event, ProfessionalJoined
from smp.ids import new_id
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class JoinProfessional:
    """`id` may be chosen by the caller, so that a world can be opened twice without doubles."""

    family_name: str
    given_name: str
    role: Role
    rpps: str | None
    sites: Sequence[UUID]
    contract: Contract
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    id: UUID
    version: int
    warnings: tuple[Warned, ...]


@refusing
async def join_professional(tx: Transaction, request: JoinProfessional, *, actor: Actor, now: datetime) -> Joined:
    """Record a professional in the territory of the sites. Refuses an RPPS number that the territory knows already."""
    if not (name_key(request.family_name) and name_key(request.given_name)):
        raise RuleBroken(Rule.NAME_EMPTY)
    check_contract(request.contract)
    number = rpps(request.rpps) if request.rpps else None
    person = professionals.NewProfessional(
        id=request.id or new_id(),
        territory=await _territory(tx, request.sites),
        family_name=request.family_name,
        given_name=request.given_name,
        rpps=number.value if number else None,
        role=request.role,
        sites=tuple(dict.fromkeys(request.sites)),
        contract=request.contract,
    )
    await _store(tx, person, actor, now)
    data = ProfessionalJoined(
        professional=person.id,
        role=person.role,
        sites=person.sites,
        contract_start=person.contract.start,
        contract_end=person.contract.end,
    )
    tx.publish(Event.of(data, subject=person.id, territory=person.territory, sequence=1, time=now))
    return Joined(person.id, 1, _warnings(number, person.role))


async def _territory(tx: Transaction, ids: Sequence[UUID]) -> str:
    known = await sites.places(tx, ids)
    if len(known) < len(set(ids)):
        raise Refusal(SITE_UNKNOWN)
    territories = {place.territory for place in known}
    if len(territories) > 1:
        raise Refusal(SITES_OF_ONE_TERRITORY)
    return territories.pop()


async def _store(tx: Transaction, person: professionals.NewProfessional, actor: Actor, now: datetime) -> None:
    try:
        stored = await professionals.insert(tx, person, actor.subject, now)
    except asyncpg.UniqueViolationError as violation:
        if violation.constraint_name != "professional_once_per_rpps":
            raise
        raise Refusal(RPPS_TAKEN) from None
    if not stored:
        raise Refusal(ALREADY_EXISTS, id=str(person.id))


def _warnings(number: Checked | None, role: Role) -> tuple[Warned, ...]:
    if number is None:
        return (Warned.RPPS_MISSING,) if role in LISTED_IN_RPPS else ()
    return () if number.key_ok else (Warned.RPPS_KEY,)
