"""Where sites are, from registry's events."""

from smp.consumer import Delivery
from smp.contracts import SiteClosed, SiteOpened, SiteRelocated
from smp.postgres import Statements, Transaction

SQL = Statements.load("notifications.store", "projections.sql")


async def open_site(tx: Transaction, delivery: Delivery[SiteOpened]) -> None:
    """Keep name, zone and first address."""
    opened, event = delivery.data, delivery.event
    address = opened.address
    await tx.execute(
        SQL.open_site,
        opened.site,
        event.territory,
        opened.name,
        opened.zone,
        opened.subdivision,
        opened.opened_on,
        event.sequence,
        address.line,
        address.postal_code,
        address.city,
        opened.phone,
    )


async def relocate_site(tx: Transaction, delivery: Delivery[SiteRelocated]) -> None:
    """Keep the address from its date on; texts for later appointments give it, whenever they were booked."""
    moved, event = delivery.data, delivery.event
    address = moved.address
    await tx.execute(
        SQL.relocate_site,
        moved.site,
        moved.from_date,
        event.territory,
        event.sequence,
        address.line,
        address.postal_code,
        address.city,
        moved.phone,
    )


async def close_site(tx: Transaction, delivery: Delivery[SiteClosed]) -> None:
    """From this date on nobody is sent there."""
    closed, event = delivery.data, delivery.event
    await tx.execute(SQL.close_site, closed.site, event.territory, closed.from_date, event.sequence)
