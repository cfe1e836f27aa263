"""Professionals with their dated roles, sites and supervisions."""

from uuid import UUID

from registry.problems import PROFESSIONAL_UNKNOWN
from registry.store import professionals
from smp.postgres import Transaction
from smp.problems import Refusal


async def list_professionals(tx: Transaction, site: UUID | None) -> list[professionals.ProfessionalRecord]:
    """Everyone of the scope, or of one site, by name."""
    return await professionals.read(tx, None, site)


async def get_professional(tx: Transaction, person: UUID) -> professionals.ProfessionalRecord:
    """One professional. Refuses PROFESSIONAL_UNKNOWN outside the scope."""
    found = await professionals.read(tx, [person])
    if not found:
        raise Refusal(PROFESSIONAL_UNKNOWN)
    return found[0]
