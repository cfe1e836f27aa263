"""Patients in PostgreSQL, in the clear: nowhere else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from registry.domain.contact import Contact, Phone
from registry.domain.eligibility import Eligibility, Evidence, Reason, Status
from registry.domain.identity import DuplicateKey, Identity
from registry.domain.names import Term
from smp.postgres import Record, Statements, Transaction

SQL = Statements.load("registry.store", "patients.sql")

_LAST = "\U0010ffff"
"""Sorts after every character that a name key holds, so that [prefix, prefix + _LAST) is "begins with prefix"."""


@dataclass(frozen=True, slots=True)
class NewPatient:
    """A patient as first stored; `namesake` is 0 unless a human said that equal keys are different people."""

    id: UUID
    territory: str
    identity: Identity
    commune_code: str | None
    home_site: UUID | None
    contact: Contact
    eligibility: Eligibility
    namesake: int
    kek_id: str
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class LockedPatient:
    id: UUID
    territory: str
    home_site: UUID | None
    version: int


@dataclass(frozen=True, slots=True)
class Person:
    """A patient as shown in a list."""

    id: UUID
    identity: Identity


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """Everything the registry knows of a patient; `history` is in order of recording."""

    id: UUID
    territory: str
    identity: Identity
    commune_code: str | None
    home_site: UUID | None
    version: int
    registered_at: datetime
    contact: Contact
    history: tuple[Eligibility, ...]


async def insert(tx: Transaction, patient: NewPatient, actor: str, now: datetime) -> bool:
    """Store a new patient; False when the same person (or the same id) is there already.

    Two concurrent registrations of one person wait for each other on the unique index: one of them gets False.
    """
    person, key, state = patient.identity, patient.identity.duplicate_key, patient.eligibility
    found = await tx.fetchval(
        SQL.insert_patient, patient.id, patient.territory, person.birth_name, person.used_name,
        list(person.given_names), person.birth_date, person.sex, patient.commune_code, patient.home_site,
        key.birth_name, key.first_given_name, patient.namesake, now, actor, patient.kek_id, patient.wrapped,
        sorted(person.search_keys), *_phone_columns(patient.contact), state.status, state.from_date, state.reason,
        state.evidence, state.verified_by, state.verified_at, state.recheck_on,
    )  # fmt: skip
    return found is not None


async def same_person(tx: Transaction, territory: str, key: DuplicateKey) -> list[tuple[Person, int]]:
    """Living records with this duplicate key, each with its namesake number."""
    rows = await tx.fetch(SQL.same_person, territory, key.birth_name, key.first_given_name, key.birth_date)
    return [(_person(row), row["namesake"]) for row in rows]


async def lock(tx: Transaction, patient: UUID) -> LockedPatient | None:
    """The patient under a row lock; None when unknown, erased or outside the scope."""
    row = await tx.fetchrow(SQL.lock_patient, patient)
    return LockedPatient(**row) if row else None


async def replace_contact(tx: Transaction, patient: UUID, contact: Contact, actor: str, now: datetime) -> None:
    columns = _phone_columns(contact)
    await tx.execute(SQL.replace_phones, patient, *columns, now)
    await tx.execute(SQL.open_phones, patient, *columns, now, actor)


async def record_eligibility(tx: Transaction, patient: UUID, state: Eligibility, actor: str, now: datetime) -> None:
    await tx.execute(
        SQL.record_eligibility, patient, state.status, state.from_date, state.reason, state.evidence,
        state.verified_by, state.verified_at, state.recheck_on, now, actor,
    )  # fmt: skip


async def erase(tx: Transaction, patient: UUID, reason: str, actor: str, now: datetime) -> None:
    """Delete the data key and every trait; a tombstone stays."""
    await tx.execute(SQL.erase_patient, patient, now, actor, reason)


async def read(tx: Transaction, patient: UUID) -> PatientRecord | None:
    row = await tx.fetchrow(SQL.read_patient, patient)
    if row is None:
        return None
    return PatientRecord(
        id=row["id"],
        territory=row["territory"],
        identity=_identity(row),
        commune_code=row["commune_code"],
        home_site=row["home_site"],
        version=row["version"],
        registered_at=row["registered_at"],
        contact=Contact(tuple(_phone(value) for value in row["phones"])),
        history=tuple(_state(value) for value in row["states"]),
    )


async def look_up(tx: Transaction, patients: Sequence[UUID], on: date) -> list[tuple[Person, Status]]:
    """Those of these patients that exist in the scope, with their eligibility on a day."""
    rows = await tx.fetch(SQL.look_up, patients, on)
    return [(_person(row), Status(row["status"])) for row in rows]


async def find(
    tx: Transaction, terms: Sequence[Term], birth_date: date | None, after: UUID | None, limit: int
) -> list[Person]:
    """People of the scope who answer every term and were born on that day, in order of name, after a given one."""
    if not terms:
        return [_person(row) for row in await tx.fetch(SQL.find_by_birth_date, birth_date, after, limit)]
    asked = [(number, prefix) for number, term in enumerate(terms) for prefix in sorted(term.prefixes)]
    numbers, lows = [number for number, _ in asked], [prefix for _, prefix in asked]
    highs = [prefix + _LAST for prefix in lows]
    rows = await tx.fetch(SQL.find_by_name, numbers, lows, highs, len(terms), birth_date, after, limit)
    return [_person(row) for row in rows]


def _phone_columns(contact: Contact) -> tuple[list[str], list[str], list[bool], list[bool]]:
    phones = contact.phones
    return (
        [phone.number for phone in phones],
        [phone.label for phone in phones],
        [phone.mobile for phone in phones],
        [phone.text_consent for phone in phones],
    )


def _person(row: Record) -> Person:
    return Person(row["id"], _identity(row))


def _identity(row: Record) -> Identity:
    return Identity(row["birth_name"], tuple(row["given_names"]), row["birth_date"], row["sex"], row["used_name"])


def _phone(value: dict[str, Any]) -> Phone:
    return Phone(value["number"], value["label"], value["mobile"], value["text_consent"])


def _state(value: dict[str, Any]) -> Eligibility:
    return Eligibility(
        status=Status(value["status"]),
        from_date=date.fromisoformat(value["from_date"]),
        reason=Reason(value["reason"]) if value["reason"] else None,
        evidence=Evidence(value["evidence"]) if value["evidence"] else None,
        verified_by=value["verified_by"],
        verified_at=datetime.fromisoformat(value["verified_at"]) if value["verified_at"] else None,
        recheck_on=date.fromisoformat(value["recheck_on"]) if value["recheck_on"] else None,
    )
