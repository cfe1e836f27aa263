"""A centre or an antenna opens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from registry.domain.identifiers import commune, departement_of, finess
from registry.domain.opening_hours import OpeningRange, weekly_hours
from registry.domain.rules import Warned
from registry.domain.sites import Address, check_zone
from registry.phones import read_phone
from registry.problems import ALREADY_EXISTS, refusing
from registry.store import sites
from registry.use_cases.announce import address_part, hours_part
from smp.auth import Actor
from smp.contracts import Event, SiteOpened
from smp.ids import new_id
from smp.postgres import Transaction
from smp.problems import FORBIDDEN, Refusal


@dataclass(frozen=True, slots=True)
class OpenSite:
    """`id` may be chosen by the caller, so that a world can be opened twice without doubles."""

    name: str
    address: Address
    phone: str
    zone: str
    subdivision: str | None
    opening_hours: Sequence[OpeningRange]
    opened_on: date
    finess: str | None = None
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    id: UUID
    version: int
    warnings: tuple[Warned, ...]


@refusing
async def open_site(tx: Transaction, request: OpenSite, *, actor: Actor, now: datetime) -> Opened:
    """Open a site in the département of its commune. Refuses what the rules refuse, and an id that exists."""
    code = commune(request.address.commune_code)
    territory = departement_of(code)
    if not actor.covers_territory(territory):
        raise Refusal(FORBIDDEN)
    check_zone(request.zone, request.subdivision)
    number = finess(request.finess) if request.finess else None
    phone, _ = read_phone(request.phone)
    place = request.address
    site = sites.NewSite(
        id=request.id or new_id(),
        territory=territory,
        name=request.name,
        finess=number.value if number else None,
        zone=request.zone,
        subdivision=request.subdivision,
        address=Address(place.line, place.postal_code, place.city, code),
        phone=phone,
        hours=weekly_hours(request.opening_hours),
        opened_on=request.opened_on,
    )
    if not await sites.insert(tx, site, actor.subject, now):
        raise Refusal(ALREADY_EXISTS, id=str(site.id))
    tx.publish(_opened(site, now))
    doubtful = number is not None and not number.key_ok
    return Opened(site.id, 1, (Warned.FINESS_KEY,) if doubtful else ())


def _opened(site: sites.NewSite, now: datetime) -> Event[SiteOpened]:
    data = SiteOpened(
        site=site.id,
        name=site.name,
        address=address_part(site.address),
        phone=site.phone,
        zone=site.zone,
        subdivision=site.subdivision,
        opening_hours=hours_part(site.hours),
        opened_on=site.opened_on,
    )
    return Event.of(data, subject=site.id, territory=site.territory, site=site.id, sequence=1, time=now)
