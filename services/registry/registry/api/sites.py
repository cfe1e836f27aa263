"""Routes of sites."""

from datetime import date, time
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from registry import problems as refusals
from registry.api.parts import AddressBody, Done, PhoneText
from registry.api.rights import Right, allow
from registry.domain.identity import latest_french_date
from registry.domain.opening_hours import OpeningRange
from registry.domain.rules import Rule
from registry.problems import OF_RULE
from registry.store.sites import DatedAddress, DatedHours, SiteRecord
from registry.use_cases.change_opening_hours import change_opening_hours
from registry.use_cases.close_site import close_site
from registry.use_cases.open_site import OpenSite, open_site
from registry.use_cases.read_sites import get_site, list_sites
from registry.use_cases.relocate_site import relocate_site
from smp.bodies import Whole
from smp.http import Body, Command, Day, Query, ShortText, describe

router = APIRouter(prefix="/v1/sites", tags=["sites"])

LocalTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["08:00"])]


class OpeningRangeBody(Body):
    """Open on an ISO weekday (1 = Monday), local time."""

    weekday: Annotated[Whole, Field(ge=1, le=7)]
    opens: LocalTime
    closes: LocalTime

    def to_domain(self) -> OpeningRange:
        return OpeningRange(self.weekday, time.fromisoformat(self.opens), time.fromisoformat(self.closes))


Week = Annotated[list[OpeningRangeBody], Field(max_length=50)]


class OpenSiteBody(Body):
    """A new site. Give an `id` to be able to repeat the opening safely for ever."""

    id: UUID | None = None
    name: Annotated[ShortText, Field(examples=["SMP Henri Dunant"])]
    finess: Annotated[ShortText, Field(max_length=20)] | None = None
    address: AddressBody
    phone: PhoneText
    zone: Annotated[ShortText, Field(examples=["Europe/Paris"])]
    subdivision: Annotated[str, Field(pattern=r"^[0-9A-Z]{2,3}$", examples=["57", "974"])] | None = None
    opening_hours: Week
    opened_on: Day

    def to_request(self) -> OpenSite:
        return OpenSite(
            id=self.id,
            name=self.name,
            finess=self.finess,
            address=self.address.to_domain(),
            phone=self.phone,
            zone=self.zone,
            subdivision=self.subdivision,
            opening_hours=[r.to_domain() for r in self.opening_hours],
            opened_on=self.opened_on,
        )


class RelocationBody(Body):
    """Where the site is from a day on."""

    address: AddressBody
    phone: PhoneText
    from_date: Day


class OpeningHoursBody(Body):
    """The whole week from a day on."""

    opening_hours: Week
    from_date: Day


class ClosureBody(Body):
    """The first day without patients."""

    from_date: Day


class AddressView(BaseModel):
    from_date: date
    line: str
    postal_code: str
    city: str
    commune_code: str
    phone: str

    @classmethod
    def of(cls, dated: DatedAddress) -> Self:
        a = dated.address
        return cls(
            from_date=dated.from_date,
            line=a.line,
            postal_code=a.postal_code,
            city=a.city,
            commune_code=a.commune_code,
            phone=dated.phone,
        )


class OpeningRangeView(BaseModel):
    weekday: int
    opens: str
    closes: str


class HoursView(BaseModel):
    from_date: date
    ranges: tuple[OpeningRangeView, ...]

    @classmethod
    def of(cls, dated: DatedHours) -> Self:
        ranges = tuple(
            OpeningRangeView(weekday=r.weekday, opens=f"{r.opens:%H:%M}", closes=f"{r.closes:%H:%M}")
            for r in dated.hours
        )
        return cls(from_date=dated.from_date, ranges=ranges)


class SiteView(BaseModel):
    """A site: `address` and `opening_hours` hold today; `addresses` and `weeks` are all, past and announced."""

    id: UUID
    territory: str
    name: str
    finess: str | None
    zone: str
    subdivision: str | None
    opened_on: date
    closed_from: date | None
    version: int
    address: AddressView
    opening_hours: HoursView
    addresses: tuple[AddressView, ...]
    weeks: tuple[HoursView, ...]

    @classmethod
    def of(cls, site: SiteRecord, today: date) -> Self:
        addresses = tuple(AddressView.of(dated) for dated in site.addresses)
        weeks = tuple(HoursView.of(dated) for dated in site.hours)
        return cls(
            id=site.id,
            territory=site.territory,
            name=site.name,
            finess=site.finess,
            zone=site.zone,
            subdivision=site.subdivision,
            opened_on=site.opened_on,
            closed_from=site.closed_from,
            version=site.version,
            address=([a for a in addresses if a.from_date <= today] or addresses[:1])[-1],
            opening_hours=([w for w in weeks if w.from_date <= today] or weeks[:1])[-1],
            addresses=addresses,
            weeks=weeks,
        )


class SitesView(BaseModel):
    sites: tuple[SiteView, ...]


@router.post(
    "",
    status_code=201,
    response_model=Done,
    summary="Ouvrir un site",
    responses=describe(
        refusals.ALREADY_EXISTS,
        refusals.PHONE_INVALID,
        OF_RULE[Rule.ZONE_UNKNOWN],
        OF_RULE[Rule.HOURS_EMPTY],
        OF_RULE[Rule.HOURS_OVERLAP],
    ),
)
async def open_(body: OpenSiteBody, command: Command) -> Response:
    allow(command, Right.MANAGE_SITES)
    return await command.once(
        lambda tx: open_site(tx, body.to_request(), actor=command.actor, now=command.now),
        lambda opened: Done.of(opened.id, opened.version, opened.warnings, command.language),
    )


@router.get("", response_model=SitesView, summary="Les sites de mes territoires")
async def all_(query: Query) -> SitesView:
    allow(query, Right.READ_SITES)
    async with query.transaction() as tx:
        sites = await list_sites(tx)
    today = latest_french_date(query.now)
    return SitesView(sites=tuple(SiteView.of(site, today) for site in sites))


@router.get("/{site_id}", response_model=SiteView, summary="Un site", responses=describe(refusals.SITE_UNKNOWN))
async def one(site_id: UUID, query: Query) -> SiteView:
    allow(query, Right.READ_SITES)
    async with query.transaction() as tx:
        return SiteView.of(await get_site(tx, site_id), latest_french_date(query.now))


@router.post(
    "/{site_id}/relocation",
    response_model=Done,
    summary="Déménager un site à une date",
    responses=describe(refusals.SITE_UNKNOWN, OF_RULE[Rule.SITE_DATE], OF_RULE[Rule.SITE_LEAVES_TERRITORY]),
)
async def relocate(site_id: UUID, body: RelocationBody, command: Command) -> Response:
    allow(command, Right.MANAGE_SITES, site_id)
    return await command.once(
        lambda tx: relocate_site(
            tx,
            site_id,
            body.address.to_domain(),
            body.phone,
            body.from_date,
            actor=command.actor,
            now=command.now,
        ),
        lambda version: Done(id=site_id, version=version),
    )


@router.post(
    "/{site_id}/opening-hours",
    response_model=Done,
    summary="Changer les horaires à une date",
    responses=describe(refusals.SITE_UNKNOWN, OF_RULE[Rule.SITE_DATE], OF_RULE[Rule.HOURS_OVERLAP]),
)
async def change_hours(site_id: UUID, body: OpeningHoursBody, command: Command) -> Response:
    allow(command, Right.MANAGE_SITES, site_id)
    week = [r.to_domain() for r in body.opening_hours]
    return await command.once(
        lambda tx: change_opening_hours(tx, site_id, week, body.from_date, actor=command.actor, now=command.now),
        lambda version: Done(id=site_id, version=version),
    )


@router.post(
    "/{site_id}/closure",
    response_model=Done,
    summary="Fermer un site à une date",
    responses=describe(refusals.SITE_UNKNOWN, OF_RULE[Rule.SITE_CLOSED], OF_RULE[Rule.SITE_DATE]),
)
async def close(site_id: UUID, body: ClosureBody, command: Command) -> Response:
    allow(command, Right.MANAGE_SITES, site_id)
    return await command.once(
        lambda tx: close_site(tx, site_id, body.from_date, now=command.now),
        lambda version: Done(id=site_id, version=version),
    )
