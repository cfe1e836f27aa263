"""A site closes from a date on."""

from datetime import date, datetime
from uuid import UUID

from registry.domain.sites import check_closure
from registry.problems import refusing
from registry.store import sites
from registry.use_cases.announce import announce_site
from registry.use_cases.lock_site import lock_site
from smp.contracts import SiteClosed
from smp.postgres import Transaction


@refusing
async def close_site(tx: Transaction, site_id: UUID, from_date: date, *, now: datetime) -> int:
    """Record that the site receives nobody from a date on; its new version."""
    site = await lock_site(tx, site_id)
    check_closure(site, from_date)
    await sites.close(tx, site_id, from_date)
    return announce_site(tx, site, SiteClosed(site=site_id, from_date=from_date), now)
