"""Sites in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from registry.domain.opening_hours import OpeningRange
from registry.domain.sites import Address, Site
from smp.postgres import Record, Statements, Transaction

SQL = Statements.load("registry.store", "sites.sql")


@dataclass(frozen=True, slots=True)
class NewSite:
    """A site as it is first stored. `phone` is E.164."""

    id: UUID
    territory: str
    name: str
    finess: str | None
    zone: str
    subdivision: str | None
    address: Address
    phone: str
    hours: tuple[OpeningRange, ...]
    opened_on: date


@dataclass(frozen=True, slots=True)
class DatedAddress:
    from_date: date
    address: Address
    phone: str


@dataclass(frozen=True, slots=True)
class DatedHours:
    from_date: date
    hours: tuple[OpeningRange, ...]


@dataclass(frozen=True, slots=True)
class SiteRecord:
    """A site with everything that is dated, in order of date."""

    id: UUID
    territory: str
    name: str
    finess: str | None
    zone: str
    subdivision: str | None
    opened_on: date
    closed_from: date | None
    version: int
    addresses: tuple[DatedAddress, ...]
    hours: tuple[DatedHours, ...]


@dataclass(frozen=True, slots=True)
class SitePlace:
    """Where a site is: enough to choose a territory and a local date."""

    id: UUID
    territory: str
    zone: str


async def insert(tx: Transaction, site: NewSite, actor: str, now: datetime) -> bool:
    """Store a new site; False when its id exists already."""
    found = await tx.fetchval(
        SQL.insert_site, site.id, site.territory, site.name, site.finess, site.zone, site.subdivision, site.opened_on,
        now, actor, *_address(site.address), site.phone, _ranges(site.hours),
    )  # fmt: skip
    return found is not None


async def lock(tx: Transaction, site: UUID) -> Site | None:
    """The site under a row lock, or None outside the scope."""
    await tx.execute(SQL.lock_site, site)
    row = await tx.fetchrow(SQL.site_for_rules, site)
    return Site(**row) if row else None


async def move(
    tx: Transaction, site: UUID, from_date: date, address: Address, phone: str, actor: str, now: datetime
) -> None:
    await tx.execute(SQL.move_site, site, from_date, *_address(address), phone, now, actor)


async def change_hours(
    tx: Transaction, site: UUID, from_date: date, hours: Sequence[OpeningRange], actor: str, now: datetime
) -> None:
    await tx.execute(SQL.change_hours, site, from_date, _ranges(hours), now, actor)


async def close(tx: Transaction, site: UUID, from_date: date) -> None:
    await tx.execute(SQL.close_site, site, from_date)


async def read(tx: Transaction, ids: Sequence[UUID] | None = None) -> list[SiteRecord]:
    """These sites of the scope, or all of them."""
    return [_record(row) for row in await tx.fetch(SQL.read_sites, ids)]


async def places(tx: Transaction, ids: Sequence[UUID]) -> list[SitePlace]:
    """Those of these sites that exist in the scope."""
    return [SitePlace(**row) for row in await tx.fetch(SQL.territories_of_sites, ids)]


def _address(address: Address) -> tuple[str, str, str, str]:
    return address.line, address.postal_code, address.city, address.commune_code


def _ranges(hours: Sequence[OpeningRange]) -> list[dict[str, Any]]:
    return [{"weekday": h.weekday, "opens": f"{h.opens:%H:%M}", "closes": f"{h.closes:%H:%M}"} for h in hours]


def _record(row: Record) -> SiteRecord:
    values = dict(row)
    values["addresses"] = tuple(
        DatedAddress(
            date.fromisoformat(a["from_date"]),
            Address(a["line"], a["postal_code"], a["city"], a["commune_code"]),
            a["phone"],
        )
        for a in values["addresses"]
    )
    values["hours"] = tuple(
        DatedHours(date.fromisoformat(h["from_date"]), tuple(_range(r) for r in h["ranges"])) for h in values["hours"]
    )
    return SiteRecord(**values)


def _range(value: dict[str, Any]) -> OpeningRange:
    return OpeningRange(value["weekday"], time.fromisoformat(value["opens"]), time.fromisoformat(value["closes"]))
