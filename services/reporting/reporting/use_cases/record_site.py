"""A site gets its name and zone."""

from reporting.store import facts
from smp.contracts import Event, SiteOpened
from smp.postgres import Transaction


async def opened(tx: Transaction, event: Event[SiteOpened]) -> None:
    await facts.record_site(tx, event)
