"""What the routes of the waiting list read and answer."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from booking.api.parts import PATIENT, PROFESSIONAL, SITE, LocalTime, WallClock
from booking.domain.offers import Offer, OfferState
from booking.domain.waiting_list import Entry, EntryState, Mobility, Priority, Window, Wishes
from booking.use_cases.waiting_list.join_waiting_list import Joined
from booking.use_cases.waiting_list.read_waiting_list import Dossier, Line, Page
from smp.bodies import Day, Flag, Whole
from smp.http import Body

Weekdays = Annotated[frozenset[Annotated[Whole, Field(ge=1, le=7)]], Field(min_length=1)]
KindCodes = Annotated[
    frozenset[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,49}$")]], Field(min_length=1, max_length=10)
]

WISHES_EXAMPLE: dict[str, Any] = {
    "kinds": ["consultation"],
    "sites": [SITE],
    "practitioners": [PROFESSIONAL],
    "windows": [{"weekdays": [1, 2, 4], "start": "09:00", "end": "12:00"}],
    "mobility": "travels",
    "video_accepted": False,
}
JOIN_EXAMPLE: dict[str, Any] = {"patient": PATIENT, **WISHES_EXAMPLE}


class WindowBody(Body):
    """On these weekdays (1 = Monday), between two hours of the site's clock, between two days (both included)."""

    weekdays: Weekdays
    start: LocalTime
    end: LocalTime
    first_day: Day | None = None
    last_day: Day | None = None

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        days = self.first_day is None or self.last_day is None or self.first_day <= self.last_day
        if self.start < self.end and days:
            return self
        raise PydanticCustomError("window_empty", "the end is before the start", {"fr": "la fin précède le début"})

    def to_window(self) -> Window:
        return Window(self.weekdays, self.start, self.end, self.first_day, self.last_day)


class WishesBody(Body):
    """What somebody waits for: no practitioner = anyone, no window = any hour. `replaces` is the later appointment
    that an accepted offer gives back; it is found when it is not named."""

    kinds: KindCodes
    sites: Annotated[frozenset[UUID], Field(min_length=1, max_length=20)]
    practitioners: Annotated[frozenset[UUID], Field(max_length=20)] = frozenset()
    windows: Annotated[tuple[WindowBody, ...], Field(max_length=20)] = ()
    mobility: Mobility = Mobility.TRAVELS
    video_accepted: Flag = False
    replaces: UUID | None = None

    def to_wishes(self) -> Wishes:
        return Wishes(
            kinds=self.kinds,
            sites=self.sites,
            practitioners=self.practitioners,
            windows=tuple(window.to_window() for window in self.windows),
            mobility=self.mobility,
            video_accepted=self.video_accepted,
        )


class WindowView(BaseModel):
    weekdays: list[int]
    start: WallClock
    end: WallClock
    first_day: date | None
    last_day: date | None

    @classmethod
    def of(cls, it: Window) -> Self:
        return cls(
            weekdays=sorted(it.weekdays), start=it.start, end=it.end, first_day=it.first_day, last_day=it.last_day
        )


class OfferView(BaseModel):
    """A place held for one person; `appointment` is the hold, `replaces` what accepting gives back."""

    offer: UUID
    entry: UUID
    appointment: UUID
    site: UUID
    session: UUID
    professional: UUID
    kind: str
    start: datetime
    end: datetime
    offered_at: datetime
    answer_by: datetime
    replaces: UUID | None
    state: OfferState

    @classmethod
    def of(cls, it: Offer) -> Self:
        return cls(
            offer=it.id,
            entry=it.entry,
            appointment=it.appointment,
            site=it.site,
            session=it.session,
            professional=it.professional,
            kind=it.kind,
            start=it.period.start,
            end=it.period.end,
            offered_at=it.offered_at,
            answer_by=it.answer_by,
            replaces=it.replaces,
            state=it.state,
        )


class EntryStepView(BaseModel):
    """One line of the trail: `by` is an opaque subject."""

    what: str
    at: datetime
    by: str


class EntryView(BaseModel):
    """Somebody on the list."""

    model_config = ConfigDict(from_attributes=False)

    entry: UUID
    patient: UUID
    kinds: list[str]
    sites: list[UUID]
    practitioners: list[UUID]
    windows: list[WindowView]
    mobility: Mobility
    video_accepted: bool
    priority: Priority
    priority_set_at: datetime | None
    priority_set_by: str | None
    waiting_since: date
    without_doctor_since: date | None
    joined_at: datetime
    replaces: UUID | None
    paused_until: datetime | None
    state: EntryState
    left_reason: str | None
    appointment: UUID | None
    version: int
    trail: list[EntryStepView]
    offers: list[OfferView] = []
    warnings: list[str] = []

    @classmethod
    def of(cls, it: Entry, warnings: tuple[str, ...] = (), offers: tuple[Offer, ...] = ()) -> Self:
        wishes = it.wishes
        return cls(
            entry=it.id,
            patient=it.patient,
            kinds=sorted(wishes.kinds),
            sites=sorted(wishes.sites),
            practitioners=sorted(wishes.practitioners),
            windows=[WindowView.of(window) for window in wishes.windows],
            mobility=wishes.mobility,
            video_accepted=wishes.video_accepted,
            priority=it.priority,
            priority_set_at=it.priority_set_at,
            priority_set_by=it.priority_set_by,
            waiting_since=it.waiting_since,
            without_doctor_since=it.without_doctor_since,
            joined_at=it.joined_at,
            replaces=it.replaces,
            paused_until=it.paused_until,
            state=it.state,
            left_reason=it.left_reason,
            appointment=it.appointment,
            version=it.version,
            trail=[EntryStepView(what=step.what, at=step.at, by=step.by) for step in it.trail],
            offers=[OfferView.of(offer) for offer in offers],
            warnings=list(warnings),
        )

    @classmethod
    def of_joined(cls, it: Joined) -> Self:
        return cls.of(it.entry, it.warnings)

    @classmethod
    def of_dossier(cls, it: Dossier) -> Self:
        return cls.of(it.entry, offers=tuple(it.offers))


class WaitingLineView(BaseModel):
    """One line of a site's list; patient, entry, wishes and offer are hidden from who may only know that somebody
    waits. `waits_for_nobody`: nobody receives any more where, or for whom, they wait; other wishes are to be agreed."""

    rank: int
    priority: Priority
    waiting_since: date
    entry: UUID | None
    patient: UUID | None
    kinds: list[str] | None
    without_doctor_since: date | None
    replaces: UUID | None
    offer: OfferView | None
    waits_for_nobody: bool | None

    @classmethod
    def of(cls, line: Line) -> Self:
        it, shown = line.entry, not line.is_veiled
        return cls(
            rank=line.rank,
            priority=it.priority,
            waiting_since=it.waiting_since,
            entry=it.id if shown else None,
            patient=it.patient if shown else None,
            kinds=sorted(it.wishes.kinds) if shown else None,
            without_doctor_since=it.without_doctor_since if shown else None,
            replaces=it.replaces if shown else None,
            offer=OfferView.of(line.offer) if line.offer and shown else None,
            waits_for_nobody=line.waits_for_nobody if shown else None,
        )


class CountAtSite(BaseModel):
    site: UUID
    count: int


class WaitingListView(BaseModel):
    """A page of a site's list, in the order in which places are offered; `next` goes into `after` to read on.
    `waits_for_nobody`: on which lists of the territory, those of closed sites among them, how many wait in vain."""

    site: UUID
    total: int
    lines: list[WaitingLineView]
    next: UUID | None
    waits_for_nobody: list[CountAtSite]

    @classmethod
    def of(cls, site: UUID, page: Page) -> Self:
        return cls(
            site=site,
            total=page.total,
            lines=[WaitingLineView.of(line) for line in page.lines],
            next=page.following,
            waits_for_nobody=[CountAtSite(site=each, count=n) for each, n in sorted(page.waits_for_nobody.items())],
        )
