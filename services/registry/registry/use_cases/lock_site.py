"""The site that a command is about."""

from uuid import UUID

from registry.domain.sites import Site
from registry.problems import SITE_UNKNOWN
from registry.store import sites
from smp.postgres import Transaction
from smp.problems import Refusal


async def lock_site(tx: Transaction, site: UUID) -> Site:
    """The site under a row lock. Refuses SITE_UNKNOWN outside the scope."""
    known = await sites.lock(tx, site)
    if known is None:
        raise Refusal(SITE_UNKNOWN)
    return known
