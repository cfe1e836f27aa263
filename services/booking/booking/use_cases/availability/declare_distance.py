"""How long the way between two sites takes: for those who work at both, and for patients when one is full."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from booking import problems
from booking.store import agendas, projections
from booking.use_cases.access import require_site
from smp.auth import Actor
from smp.contracts import DistanceDeclared
from smp.contracts.envelope import Event
from smp.postgres import Transaction
from smp.problems import Refusal

_DISTANCES = UUID("5d3c0f5e-8a0e-5c5e-9a3b-6f0b8b1f7a20")  # the namespace of their ids (RFC 9562 §5.5)


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
    by = actor.subject
    version = await agendas.declare_distance(tx, site.id, other.id, site.territory, distance.minutes, now, by)
    distance_declared(tx, distance, site.territory, version, now)
    return distance


def distance_declared(tx: Transaction, it: Distance, territory: str, version: int, now: datetime) -> None:
    """Said of the pair, whichever way it was declared."""
    one, other = sorted((it.site, it.other))
    id = uuid5(_DISTANCES, f"{one}/{other}")
    data = DistanceDeclared(distance=id, one=one, other=other, minutes=it.minutes, declared_at=now)
    tx.publish(Event.of(data, subject=id, territory=territory, site=None, sequence=version, time=now))
