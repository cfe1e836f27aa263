"""The professionals that a command is about."""

from dataclasses import dataclass
from uuid import UUID

from registry.domain.professionals import Professional
from registry.problems import PROFESSIONAL_UNKNOWN
from registry.store import professionals
from registry.store.professionals import StoredSupervision
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class Circle:
    """A professional, everyone linked by a supervision, and the supervisions."""

    person: Professional
    people: dict[UUID, Professional]
    supervisions: list[StoredSupervision]


async def lock_pair(tx: Transaction, one: UUID, other: UUID) -> tuple[Professional, Professional]:
    """Two professionals under row locks. Refuses PROFESSIONAL_UNKNOWN when one is outside the scope."""
    known = await professionals.lock(tx, [one, other])
    if one not in known or other not in known:
        raise Refusal(PROFESSIONAL_UNKNOWN)
    return known[one], known[other]


async def lock_circle(tx: Transaction, person: UUID) -> Circle:
    """A professional with all partners, under row locks. Refuses PROFESSIONAL_UNKNOWN outside the scope."""
    before = await professionals.supervisions_of(tx, [person])
    people = await professionals.lock(tx, sorted({person, *_members(before)}))
    if person not in people:
        raise Refusal(PROFESSIONAL_UNKNOWN)
    linked = await professionals.supervisions_of(tx, [person])
    newcomers = _members(linked) - people.keys()  # assigned while we waited for the lock
    if newcomers:
        people |= await professionals.lock(tx, sorted(newcomers))
    return Circle(people[person], people, linked)


def _members(supervisions: list[StoredSupervision]) -> set[UUID]:
    return {id for stored in supervisions for id in (stored.supervision.intern, stored.supervision.supervisor)}
