"""What several use cases say in the same words: parts of events, and the events of one aggregate."""

from collections.abc import Iterable
from datetime import datetime

from registry.domain.opening_hours import OpeningRange
from registry.domain.professionals import Professional
from registry.domain.sites import Address, Site
from smp.contracts import Address as AddressPart
from smp.contracts import Event, EventData, OpeningHours
from smp.postgres import Transaction


def address_part(address: Address) -> AddressPart:
    """The address as events carry it."""
    return AddressPart(
        line=address.line,
        postal_code=address.postal_code,
        city=address.city,
        commune_code=address.commune_code,
    )


def hours_part(hours: Iterable[OpeningRange]) -> tuple[OpeningHours, ...]:
    """The week as events carry it."""
    return tuple(OpeningHours(weekday=h.weekday, opens=f"{h.opens:%H:%M}", closes=f"{h.closes:%H:%M}") for h in hours)


def announce_site(tx: Transaction, site: Site, data: EventData, now: datetime) -> int:
    """Publish the next event of a site whose row was just changed; the new version."""
    version = site.version + 1
    tx.publish(Event.of(data, subject=site.id, territory=site.territory, site=site.id, sequence=version, time=now))
    return version


def announce_professional(
    tx: Transaction, person: Professional, data: EventData, now: datetime, version: int | None = None
) -> int:
    """Publish the next event of a professional whose row was just changed; the new version."""
    version = version or person.version + 1
    tx.publish(Event.of(data, subject=person.id, territory=person.territory, sequence=version, time=now))
    return version
