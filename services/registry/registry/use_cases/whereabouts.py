"""Where a patient belongs, and what day it is there."""

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from registry.problems import SITE_UNKNOWN, TERRITORY_UNCLEAR
from registry.store import sites
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal

_ZONE_WITHOUT_SITE = "Europe/Paris"


async def where_and_when(tx: Transaction, home_site: UUID | None, actor: Actor, now: datetime) -> tuple[str, date]:
    """The territory of the home site, or the actor's only one, and today's date there.

    Refuses SITE_UNKNOWN and, without a site for an actor of several territories, TERRITORY_UNCLEAR.
    """
    if home_site is not None:
        places = await sites.places(tx, [home_site])
        if not places:
            raise Refusal(SITE_UNKNOWN)
        return places[0].territory, _local_date(now, places[0].zone)
    if len(actor.territories) != 1:
        raise Refusal(TERRITORY_UNCLEAR)
    return next(iter(actor.territories)), _local_date(now, _ZONE_WITHOUT_SITE)


async def today_at(tx: Transaction, home_site: UUID | None, now: datetime) -> date:
    """Today's date at a patient's home site."""
    places = await sites.places(tx, [home_site]) if home_site else []
    return _local_date(now, places[0].zone if places else _ZONE_WITHOUT_SITE)


def _local_date(now: datetime, zone: str) -> date:
    return now.astimezone(ZoneInfo(zone)).date()
