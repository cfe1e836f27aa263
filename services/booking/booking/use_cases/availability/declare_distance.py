"""How long the way between two sites takes: for those who work at both, and for patients when one is full."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking import problems
from booking.store import agendas, projections
from booking.use_cases.access import require_site
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class Distance:
    """Minutes by road between two sites of a territory, the same both ways."""

    site: UUID
    other: UUID
    minutes: int


async def declare_distance(tx: Transaction, distance: Distance, *, actor: Actor, now: datetime) -> Distance:
    """Declare it; counts for every search from now on.

    Raises Refusal: SITE_UNKNOWN, SAME_SITE, FORBIDDEN.
    """
    require_site(actor, distance.site)
    if distance.site == distance.other:
        raise Refusal(problems.SAME_SITE)
    site, other = await projections.site(tx, distance.site), await projections.site(tx, distance.other)
    if site is None or other is None or site.territory != other.territory:
        raise Refusal(problems.SITE_UNKNOWN)
    await agendas.declare_distance(tx, site.id, other.id, site.territory, distance.minutes, now, actor.subject)
    return distance
