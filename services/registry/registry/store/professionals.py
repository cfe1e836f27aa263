"""Professionals and supervisions in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from registry.domain.professionals import Contract, DatedRole, Professional, Role
from registry.domain.supervision import Supervision
from smp.ids import new_id
from smp.postgres import Record, Statements, Transaction

SQL = Statements.load("registry.store", "professionals.sql")


@dataclass(frozen=True, slots=True)
class NewProfessional:
    """A professional as first stored."""

    id: UUID
    territory: str
    family_name: str
    given_name: str
    rpps: str | None
    role: Role
    sites: tuple[UUID, ...]
    contract: Contract


@dataclass(frozen=True, slots=True)
class StoredSupervision:
    id: UUID
    supervision: Supervision


@dataclass(frozen=True, slots=True)
class ProfessionalRecord:
    """A professional with roles in order of date, sites, and supervisions as an intern."""

    id: UUID
    territory: str
    family_name: str
    given_name: str
    rpps: str | None
    contract: Contract
    left_from: date | None
    version: int
    roles: tuple[DatedRole, ...]
    sites: tuple[UUID, ...]
    supervisions: tuple[Supervision, ...]


async def insert(tx: Transaction, person: NewProfessional, actor: str, now: datetime) -> bool:
    """Store a new professional; False when the id exists already.

    Raises asyncpg.UniqueViolationError (`professional_once_per_rpps`).
    """
    found = await tx.fetchval(
        SQL.insert_professional, person.id, person.territory, person.family_name, person.given_name, person.rpps,
        person.contract.start, person.contract.end, now, actor, person.role, list(person.sites),
    )  # fmt: skip
    return found is not None


async def lock(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, Professional]:
    """Those of these professionals that exist in the scope, under row locks."""
    await tx.execute(SQL.lock_professionals, ids)
    return {row["id"]: _professional(row) for row in await tx.fetch(SQL.professionals_for_rules, ids)}


async def change_role(tx: Transaction, person: UUID, dated: DatedRole, actor: str, now: datetime) -> None:
    await tx.execute(SQL.change_role, person, dated.from_date, dated.role, now, actor)


async def leave(tx: Transaction, person: UUID, from_date: date) -> None:
    await tx.execute(SQL.leave, person, from_date)


async def insert_supervision(tx: Transaction, supervision: Supervision, actor: str, now: datetime) -> None:
    await tx.execute(
        SQL.insert_supervision, new_id(), supervision.intern, supervision.supervisor, supervision.from_date,
        supervision.until_date, now, actor,
    )  # fmt: skip


async def supervisions_of(tx: Transaction, people: Sequence[UUID]) -> list[StoredSupervision]:
    """Every supervision in which one of these people takes part, in order of date."""
    rows = await tx.fetch(SQL.supervisions_of, people)
    return [StoredSupervision(row["id"], _supervision(row)) for row in rows]


async def end_supervision(tx: Transaction, id: UUID, until_date: date, actor: str, now: datetime) -> int:
    """Write the last day; the intern's new version."""
    version: int = await tx.fetchval(SQL.end_supervision, id, until_date, now, actor)
    return version


async def read(
    tx: Transaction, ids: Sequence[UUID] | None = None, site: UUID | None = None
) -> list[ProfessionalRecord]:
    """These professionals of the scope, or those of a site, or all."""
    return [_record(row) for row in await tx.fetch(SQL.read_professionals, ids, site)]


def _professional(row: Record) -> Professional:
    return Professional(
        id=row["id"],
        territory=row["territory"],
        contract=Contract(row["contract_start"], row["contract_end"]),
        roles=tuple(DatedRole(day, Role(role)) for day, role in zip(row["role_dates"], row["roles"], strict=True)),
        left_from=row["left_from"],
        version=row["version"],
    )


def _supervision(row: Record) -> Supervision:
    return Supervision(row["intern"], row["supervisor"], row["from_date"], row["until_date"])


def _record(row: Record) -> ProfessionalRecord:
    return ProfessionalRecord(
        id=row["id"],
        territory=row["territory"],
        family_name=row["family_name"],
        given_name=row["given_name"],
        rpps=row["rpps"],
        contract=Contract(row["contract_start"], row["contract_end"]),
        left_from=row["left_from"],
        version=row["version"],
        roles=tuple(DatedRole(date.fromisoformat(r["from_date"]), Role(r["role"])) for r in row["roles"]),
        sites=tuple(row["sites"]),
        supervisions=tuple(_supervision_json(s) for s in row["supervisions"]),
    )


def _supervision_json(value: dict[str, Any]) -> Supervision:
    until = value["until_date"]
    return Supervision(
        UUID(value["intern"]),
        UUID(value["supervisor"]),
        date.fromisoformat(value["from_date"]),
        date.fromisoformat(until) if until else None,
    )
