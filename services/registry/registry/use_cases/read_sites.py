"""Sites with their dated addresses and hours."""

from uuid import UUID

from registry.problems import SITE_UNKNOWN
from registry.store import sites
from smp.postgres import Transaction
from smp.problems import Refusal


async def list_sites(tx: Transaction) -> list[sites.SiteRecord]:
    """Every site of the scope, by territory and name."""
    return await sites.read(tx)


async def get_site(tx: Transaction, site: UUID) -> sites.SiteRecord:
    """One site. Refuses SITE_UNKNOWN outside the scope."""
    found = await sites.read(tx, [site])
    if not found:
        raise Refusal(SITE_UNKNOWN)
    return found[0]
