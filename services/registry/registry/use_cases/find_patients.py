"""Patients are found by the beginning of names, a birth date, or both."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from registry.domain.names import search_terms
from registry.problems import NOTHING_TO_SEARCH
from registry.store import patients
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the people found, in order of name; ask again after `next` when it is not None."""

    people: list[patients.Person]
    next: UUID | None


async def find_patients(
    tx: Transaction, name: str | None, birth_date: date | None, *, after: UUID | None, limit: int
) -> Page:
    """A page of the people of the scope who answer. Refuses a search that asks for nothing."""
    terms = search_terms(name or "")
    if not terms and birth_date is None:
        raise Refusal(NOTHING_TO_SEARCH)
    found = await patients.find(tx, terms, birth_date, after, limit + 1)
    people = found[:limit]
    return Page(people, people[-1].id if len(found) > limit else None)
