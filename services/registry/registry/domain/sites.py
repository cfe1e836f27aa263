"""A site: where it is, when it is open, and how that changes with dates."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import available_timezones

from registry.domain.identifiers import departement_of
from registry.domain.rules import Rule, RuleBroken

SUBDIVISIONS = frozenset({"57", "6AE", "971", "972", "973", "974", "976", "BL", "MF", "NC", "PF", "PM", "TF", "WF"})
"""Parts of France with public holidays of their own (Moselle, Alsace, overseas)."""


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; `commune_code` is the INSEE code."""

    line: str
    postal_code: str
    city: str
    commune_code: str


@dataclass(frozen=True, slots=True)
class Site:
    """What the rules need to know of a site. `moved_on` and `hours_on` are the dates of the last known changes."""

    id: UUID
    territory: str
    opened_on: date
    closed_from: date | None
    moved_on: date
    hours_on: date
    version: int


def check_zone(zone: str, subdivision: str | None) -> None:
    """Raises RuleBroken for a time zone that IANA does not know, or a subdivision without holidays of its own."""
    if zone not in available_timezones():
        raise RuleBroken(Rule.ZONE_UNKNOWN)
    if subdivision is not None and subdivision not in SUBDIVISIONS:
        raise RuleBroken(Rule.SUBDIVISION_UNKNOWN, known=sorted(SUBDIVISIONS))


def check_relocation(site: Site, address: Address, from_date: date) -> None:
    """A move comes after the opening, not before the last known move, and stays in the territory."""
    _check_open(site, from_date)
    if from_date <= site.opened_on or from_date < site.moved_on:
        raise RuleBroken(Rule.SITE_DATE, not_before=max(site.opened_on, site.moved_on).isoformat())
    if departement_of(address.commune_code) != site.territory:
        raise RuleBroken(Rule.SITE_LEAVES_TERRITORY, territory=site.territory)


def check_hours_change(site: Site, from_date: date) -> None:
    """New hours begin on the opening day at the earliest, and not before the last known change."""
    _check_open(site, from_date)
    if from_date < site.hours_on:
        raise RuleBroken(Rule.SITE_DATE, not_before=site.hours_on.isoformat())


def check_closure(site: Site, from_date: date) -> None:
    """A site closes once, after it opened and not before its last known move."""
    if site.closed_from is not None:
        raise RuleBroken(Rule.SITE_CLOSED, closed_from=site.closed_from.isoformat())
    if from_date <= site.opened_on or from_date < site.moved_on:
        raise RuleBroken(Rule.SITE_DATE, not_before=max(site.opened_on, site.moved_on).isoformat())


def _check_open(site: Site, on: date) -> None:
    if site.closed_from is not None and on >= site.closed_from:
        raise RuleBroken(Rule.SITE_CLOSED, closed_from=site.closed_from.isoformat())
