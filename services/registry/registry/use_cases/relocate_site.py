"""A site moves to another address from a date on."""

from datetime import date, datetime
from uuid import UUID

from registry.domain.identifiers import commune
from registry.domain.sites import Address, check_relocation
from registry.phones import read_phone
from registry.problems import refusing
from registry.store import sites
from registry.use_cases.announce import address_part, announce_site
from registry.use_cases.lock_site import lock_site
from smp.auth import Actor
from smp.contracts import SiteRelocated
from smp.postgres import Transaction


@refusing
async def relocate_site(
    tx: Transaction, site_id: UUID, address: Address, phone: str, from_date: date, *, actor: Actor, now: datetime
) -> int:
    """Record the move, known in advance or after the fact; the site's new version."""
    site = await lock_site(tx, site_id)
    place = Address(address.line, address.postal_code, address.city, commune(address.commune_code))
    number, _ = read_phone(phone)
    check_relocation(site, place, from_date)
    await sites.move(tx, site_id, from_date, place, number, actor.subject, now)
    data = SiteRelocated(site=site_id, address=address_part(place), phone=number, from_date=from_date)
    return announce_site(tx, site, data, now)
