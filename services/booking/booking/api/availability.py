"""Where there is room, when next, how much for whom; and what to note when there is none."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi import Query as Parameter
from pydantic import BaseModel, Field

from booking import problems
from booking.api.parts import SITE, Channel, KindCode, Mode, SlotView, agendas_of, example, rules_of
from booking.api.rights import Right, allow
from booking.domain.ranking import Order
from booking.domain.reasons import Reason
from booking.use_cases.availability.declare_distance import Distance, declare_distance
from booking.use_cases.availability.find_places import Found, Nearest, Search, find_places
from booking.use_cases.availability.next_free import NextFree, next_free
from booking.use_cases.availability.note_demand import DemandRequest, Noted, note_demand
from smp.bodies import Whole
from smp.http import Body, Command, Instant, Query, describe

router = APIRouter(prefix="/v1", tags=["disponibilités"])

_SEARCH = (problems.SITE_UNKNOWN, problems.KIND_UNKNOWN, problems.WINDOW_TOO_LONG, problems.NOBODY_TO_PREPARE)

Companion = Annotated[str, Parameter(pattern=r"^(social_worker|nurse|medical_assistant)$")]


class NearestView(BaseModel):
    """The nearest other site that has room."""

    site: UUID
    travel_minutes: int
    slot: SlotView

    @classmethod
    def of(cls, it: Nearest | None) -> "NearestView | None":
        if it is None:
            return None
        return cls(site=it.site, travel_minutes=int(it.way.total_seconds() // 60), slot=SlotView.of(it.slot))


class Availability(BaseModel):
    """Free places in the order asked for; when there is none, the reason, and where else."""

    slots: list[SlotView]
    reason: Reason | None
    nearest: NearestView | None

    @classmethod
    def of(cls, it: Found) -> "Availability":
        return cls(slots=[SlotView.of(slot) for slot in it.slots], reason=it.reason, nearest=NearestView.of(it.nearest))


class PlacesView(BaseModel):
    """How many appointments can still be given to callers of these channels; a share kept for others is not counted."""

    capacity_class: str
    channels: list[str]
    places: int


class NextView(BaseModel):
    """The next and the third next free place of a site, as far ahead as sessions exist; the free places by class over
    the longest search."""

    site: UUID
    next: SlotView | None
    third: SlotView | None
    places: list[PlacesView]
    reason: Reason | None

    @classmethod
    def of(cls, it: NextFree) -> "NextView":
        return cls(
            site=it.site,
            next=it.next and SlotView.of(it.next),
            third=it.third and SlotView.of(it.third),
            places=[
                PlacesView(capacity_class=p.capacity_class, channels=list(p.channels), places=p.count)
                for p in it.places
            ],
            reason=it.reason,
        )


class NextFreeView(BaseModel):
    """One line a site."""

    sites: list[NextView]


class UnmetDemand(Body):
    """The search that found nothing. `need` is the caller's own id of the need, given again when it is asked again."""

    model_config = example(
        {
            "site": SITE,
            "kind": "consultation",
            "from": "2027-01-11T00:00:00+01:00",
            "to": "2027-01-18T00:00:00+01:00",
            "need": "0199c0de-0000-7000-8000-0000000000dd",
        }
    )

    site: UUID
    kind: KindCode
    start: Annotated[Instant, Field(alias="from")]
    end: Annotated[Instant, Field(alias="to")]
    professional: UUID | None = None
    patient: UUID | None = None
    channel: Channel = "phone"
    mode: Mode | None = None
    together_with: Annotated[Companion | None, Field(alias="with")] = None
    need: UUID | None = None

    def search(self) -> Search:
        return Search(
            self.site, self.kind, self.start, self.end, self.professional, self.patient, self.channel, self.mode,
            self.together_with,
            limit=3,
        )  # fmt: skip


class NotedView(BaseModel):
    """The need as it was first recorded."""

    need: UUID
    site: UUID
    reason: Reason
    noted_at: datetime
    is_new: bool
    nearest: NearestView | None

    @classmethod
    def of(cls, it: Noted) -> "NotedView":
        return cls(
            need=it.need,
            site=it.site,
            reason=it.reason,
            noted_at=it.noted_at,
            is_new=it.is_new,
            nearest=NearestView.of(it.nearest),
        )


class DistanceBody(Body):
    """Minutes by road."""

    model_config = example({"minutes": 35})

    minutes: Annotated[Whole, Field(ge=0, le=240)]


class DistanceView(BaseModel):
    """The way between two sites, the same both ways."""

    site: UUID
    other: UUID
    minutes: int

    @classmethod
    def of(cls, it: Distance) -> "DistanceView":
        return cls(site=it.site, other=it.other, minutes=it.minutes)


@router.get("/availability", response_model=Availability, responses=describe(*_SEARCH))
async def availability(
    query: Query,
    site: UUID,
    kind: KindCode,
    start: Annotated[Instant, Parameter(alias="from")],
    end: Annotated[Instant, Parameter(alias="to")],
    professional: UUID | None = None,
    patient: UUID | None = None,
    channel: Channel = "phone",
    mode: Mode | None = None,
    together_with: Annotated[Companion | None, Parameter(alias="with")] = None,
    order: Order = Order.RANKED,
    limit: Annotated[int, Parameter(ge=1, le=2000)] = 200,
) -> Response:
    """Free places of a site for a kind that start in [from, to). `ranked` keeps half-days whole; `with`: a consultation
    together with somebody of that role. Nothing is recorded: see `POST /v1/demand`."""
    allow(query, Right.SEARCH, site)
    search = Search(site, kind, start, end, professional, patient, channel, mode, together_with, order, limit)
    found = await find_places(
        query.reading(), agendas_of(query), search, rules_of(query), actor=query.actor, now=query.now
    )
    # Told once: FastAPI would validate and copy each place again.
    return Response(Availability.of(found).model_dump_json().encode(), media_type="application/json")


@router.get(
    "/availability/next", response_model=NextFreeView, responses=describe(problems.SITE_UNKNOWN, problems.KIND_UNKNOWN)
)
async def next_places(
    query: Query,
    kind: KindCode,
    site: Annotated[list[UUID] | None, Parameter(max_length=200)] = None,
) -> Response:
    """The next and the third next free place for a kind and the free places by class and channel, of some sites or of
    all that the caller covers."""
    for each in site or ():
        allow(query, Right.SEARCH, each)
    allow(query, Right.SEARCH)
    told = await next_free(
        query.reading(), agendas_of(query), site or (), kind, rules_of(query), actor=query.actor, now=query.now
    )
    view = NextFreeView(sites=[NextView.of(each) for each in told])
    return Response(view.model_dump_json().encode(), media_type="application/json")


@router.post("/demand", status_code=201, response_model=NotedView, responses=describe(*_SEARCH, problems.THERE_IS_ROOM))
async def unmet(body: UnmetDemand, command: Command) -> Response:
    """Record that a need ended without an offer, with the reason, once per need. Refused with places when there are."""
    allow(command, Right.SEARCH, body.site)
    request = DemandRequest(body.search(), command.key, body.need)
    return await command.once(
        lambda tx: note_demand(
            tx, agendas_of(command), request, rules_of(command), actor=command.actor, now=command.now
        ),
        NotedView.of,
    )


@router.put(
    "/sites/{site}/distances/{other}",
    response_model=DistanceView,
    responses=describe(problems.SITE_UNKNOWN, problems.SAME_SITE),
)
async def distance(site: UUID, other: UUID, body: DistanceBody, command: Command) -> Response:
    """Declare how long the way between two sites takes."""
    allow(command, Right.PLAN, site)
    declared = Distance(site, other, body.minutes)
    return await command.once(
        lambda tx: declare_distance(tx, declared, actor=command.actor, now=command.now), DistanceView.of
    )
