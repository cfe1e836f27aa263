"""Sites: where care is given. Published by registry; the key is the site."""

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from smp.contracts.base import EventData, Part, Topic

SITES = Topic("smp.registry.sites", "registry", "site", "Centres and antennas: addresses, hours, life.")

LocalTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""Wall-clock time of the site's zone, `HH:MM`."""

Phone = Annotated[str, Field(pattern=r"^\+[1-9]\d{6,14}$")]
"""E.164, as in `+33249490736`."""


class Address(Part):
    """A French postal address. `commune_code` is INSEE's, which differs from the postal code."""

    line: str
    postal_code: Annotated[str, Field(pattern=r"^\d{5}$")]
    city: str
    commune_code: Annotated[str, Field(pattern=r"^\d[\dAB]\d{3}$")]


class OpeningHours(Part):
    """One opening range of a week day (ISO: Monday is 1), half-open, in the site's local time."""

    weekday: Annotated[int, Field(ge=1, le=7)]
    opens: LocalTime
    closes: LocalTime


class SiteEvent(EventData):
    topic: ClassVar[Topic] = SITES

    site: UUID


class SiteOpened(SiteEvent):
    """A site exists and receives patients from `opened_on` (local date).

    `zone` is the IANA zone. `subdivision` is the code of the public-holiday calendar when it differs
    from the national one (`Moselle`, `Réunion`…), else null.
    """

    name: str
    address: Address
    phone: Phone
    zone: str
    subdivision: str | None = None
    opening_hours: tuple[OpeningHours, ...]
    opened_on: date


class SiteRelocated(SiteEvent):
    """From `from_date` (local date, included) the site is elsewhere; texts for later appointments say so."""

    address: Address
    phone: Phone
    from_date: date


class OpeningHoursChanged(SiteEvent):
    """The whole week from `from_date` on, replacing the earlier one."""

    opening_hours: tuple[OpeningHours, ...]
    from_date: date


class SiteClosed(SiteEvent):
    """The site receives nobody from `from_date` on."""

    from_date: date
