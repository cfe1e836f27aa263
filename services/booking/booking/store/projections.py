"""Registry's facts as booking keeps them."""

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.domain.eligibility import Declaration, Eligibility
from booking.domain.people import OpeningRange, OpeningWeek, Professional, RoleFrom, Site, contract
from booking.domain.planning import Contract, in_turn
from booking.domain.supervision import Supervision
from smp.postgres import Reader, Record, ScopedReader, Statements, Transaction

SQL = Statements.load(__package__, "projections.sql")

Fact = dict[str, Any]
"""One dated fact as kept in jsonb, with the `sequence` of the event that said it."""


async def site(db: ScopedReader, id: UUID) -> Site | None:
    row = await db.fetchrow(SQL.site, id)
    return _site(row) if row else None


async def sites(db: Reader, ids: Iterable[UUID]) -> list[Site]:
    """These sites, or all of the territories when none is named; by id."""
    return [_site(row) for row in await db.fetch(SQL.sites, list(ids))]


async def site_for_planning(tx: Transaction, id: UUID) -> Site | None:
    """The site, shared with other planners until the end of the transaction; whoever closes a day waits."""
    row = await tx.fetchrow(SQL.site_for_planning, id)
    return _site(row) if row else None


async def site_for_closing(tx: Transaction, id: UUID) -> Site | None:
    """The site, alone until the end of the transaction: whoever opens sessions there waits."""
    row = await tx.fetchrow(SQL.site_for_closing, id)
    return _site(row) if row else None


async def sites_for_planning(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Site]:
    """The same of several sites, those that are known."""
    return {row["id"]: _site(row) for row in await tx.fetch(SQL.sites_for_planning, list(ids))}


async def professional(tx: Transaction, id: UUID) -> Professional | None:
    row = await tx.fetchrow(SQL.professional, id)
    return _professional(row) if row else None


async def professionals_for_planning(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Professional]:
    """Those who are known, shared with other planners; whoever notes an absence of theirs waits."""
    rows = await tx.fetch(SQL.professionals_for_planning, list(ids))
    return {row["id"]: _professional(row) for row in rows}


async def professional_for_absence(tx: Transaction, id: UUID) -> Professional | None:
    """The professional, alone until the end of the transaction: whoever opens a session for them waits."""
    row = await tx.fetchrow(SQL.professional_for_absence, id)
    return _professional(row) if row else None


async def supervisions(db: Reader, site: UUID, interns: Iterable[UUID]) -> tuple[Supervision, ...]:
    """Who answers for these interns; days are those of the calendar of `site`."""
    rows = await db.fetch(SQL.supervisions, site, list(interns))
    return tuple(Supervision(row["intern"], row["supervisor"], row["starts_at"], row["ends_at"]) for row in rows)


async def is_registered(tx: Transaction, patient: UUID) -> bool | None:
    """True once the registration has been heard, else nothing."""
    return True if await tx.fetchrow(SQL.patient, patient) else None


async def eligibility_of(db: ScopedReader, patient: UUID) -> tuple[Declaration, ...] | None:
    """What was declared of the patient; nothing while the registration has not been heard."""
    row = await db.fetchrow(SQL.eligibility, patient)
    return declarations(row["eligibility"]) if row else None


def declarations(eligibility: list[dict[str, Any]]) -> tuple[Declaration, ...]:
    """What a patient's row says of eligibility."""
    return tuple(
        Declaration(each["sequence"], date.fromisoformat(each["from"]), Eligibility(each["status"]))
        for each in eligibility
    )


def _professional(row: Record) -> Professional:
    worked = contract(row["contract_start"], row["contract_end"], row["left_from"])
    if row["starts"] is not None:
        worked = worked.within(in_turn([Contract(*days) for days in zip(row["starts"], row["ends"], strict=True)]))
    return Professional(
        id=row["id"],
        territory=row["territory"],
        sites=frozenset(row["sites"]),
        contract=worked,
        roles=tuple(RoleFrom(r["sequence"], date.fromisoformat(r["from"]), r["role"]) for r in row["roles"]),
    )


def _site(row: Record) -> Site:
    return Site(
        id=row["id"],
        territory=row["territory"],
        zone=ZoneInfo(row["zone"]),
        subdivision=row["subdivision"],
        closed_from=row["closed_from"],
        weeks=tuple(_week(week) for week in row["opening_hours"]),
    )


def _week(week: dict[str, Any]) -> OpeningWeek:
    return OpeningWeek(
        week["sequence"],
        date.fromisoformat(week["from"]),
        tuple(
            OpeningRange(each["weekday"], time.fromisoformat(each["opens"]), time.fromisoformat(each["closes"]))
            for each in week["hours"]
        ),
    )


async def site_opened(
    tx: Transaction, id: UUID, territory: str, zone: str, subdivision: str | None, opened_on: date, week: Fact
) -> None:
    await tx.execute(SQL.site_opened, id, territory, zone, subdivision, opened_on, [week])


async def opening_hours_changed(tx: Transaction, id: UUID, territory: str, week: Fact) -> None:
    await tx.execute(SQL.opening_hours_changed, id, territory, [week])


async def site_closed(tx: Transaction, id: UUID, territory: str, closed_from: date) -> None:
    await tx.execute(SQL.site_closed, id, territory, closed_from)


async def professional_joined(
    tx: Transaction,
    id: UUID,
    territory: str,
    sites: Iterable[UUID],
    contract_start: date,
    contract_end: date | None,
    sequence: int,
    role: Fact,
) -> None:
    await tx.execute(
        SQL.professional_joined, id, territory, list(sites), contract_start, contract_end, sequence, [role]
    )


async def role_changed(tx: Transaction, id: UUID, territory: str, role: Fact) -> None:
    await tx.execute(SQL.role_changed, id, territory, [role])


async def professional_left(tx: Transaction, id: UUID, territory: str, left_from: date, sequence: int) -> None:
    await tx.execute(SQL.professional_left, id, territory, left_from, sequence)


async def supervision_assigned(
    tx: Transaction,
    intern: UUID,
    supervisor: UUID,
    territory: str,
    from_date: date,
    until_date: date | None,
    sequence: int,
) -> None:
    await tx.execute(SQL.supervision_assigned, intern, supervisor, territory, from_date, until_date, sequence)


async def supervision_ended(
    tx: Transaction, intern: UUID, supervisor: UUID, territory: str, until_date: date, sequence: int
) -> None:
    await tx.execute(SQL.supervision_ended, intern, supervisor, territory, until_date, sequence)


async def patient_registered(
    tx: Transaction, id: UUID, territory: str, registered_at: datetime, eligibility: Fact
) -> None:
    await tx.execute(SQL.patient_registered, id, territory, registered_at, [eligibility])


async def eligibility_changed(tx: Transaction, id: UUID, territory: str, eligibility: Fact) -> None:
    await tx.execute(SQL.eligibility_changed, id, territory, [eligibility])


async def patient_contact(tx: Transaction, id: UUID, territory: str, reachable_by_text: bool, sequence: int) -> None:
    """Whether a text can reach a patient, as the event of that sequence says."""
    await tx.execute(SQL.patient_contact, id, territory, reachable_by_text, sequence)


async def patient_erased(tx: Transaction, id: UUID, territory: str, erased_at: datetime) -> None:
    """Waits for the bookings of this patient; later ones wait for this transaction, and find them gone."""
    await tx.execute(SQL.lock_patient, id)
    await tx.execute(SQL.patient_erased, id, territory, erased_at)
