"""The satellite antenna's door list: how many patients each site expects each day. A plug-in: it needs `smp` alone."""

from smp.consumer import Delivery
from smp.contracts import SiteOpened, SlotBooked, SlotCancelled, SlotMoved, StatusCorrected
from smp.postgres import Transaction
from smp.service import Service
from smp.settings import BaseSettings

REMEMBER = """
    INSERT INTO expected_visit AS known (appointment, territory, site, start_at, cancelled, sequence)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (appointment) DO UPDATE
    SET site = excluded.site, start_at = excluded.start_at, cancelled = excluded.cancelled, sequence = excluded.sequence
    WHERE known.sequence < excluded.sequence
"""
OPEN = "INSERT INTO door (site, territory, zone) VALUES ($1, $2, $3) ON CONFLICT (site) DO NOTHING"
Visit = SlotBooked | SlotMoved | SlotCancelled | StatusCorrected


async def remember(tx: Transaction, delivery: Delivery[Visit]) -> None:
    """The event of the highest sequence says whether, when and where the patient is expected; a correction: again."""
    event, visit = delivery.event, delivery.data
    gone = isinstance(visit, SlotCancelled)
    await tx.execute(REMEMBER, event.subject, event.territory, visit.site, visit.start, gone, event.sequence)


async def open_door(tx: Transaction, delivery: Delivery[SiteOpened]) -> None:
    """A day begins at midnight by the clock on the site's wall."""
    await tx.execute(OPEN, delivery.event.subject, delivery.event.territory, delivery.data.zone)


SERVICE = Service(
    name="door_list",
    settings=BaseSettings,
    package="door_list",
    handlers={SiteOpened: open_door} | dict.fromkeys((SlotBooked, SlotMoved, SlotCancelled, StatusCorrected), remember),
    projections=["expected_visit", "door"],
)

if __name__ == "__main__":
    SERVICE.main()
