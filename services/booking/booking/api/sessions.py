"""Sessions: open by rule or by date, cancel, close a day."""

from datetime import date, timedelta
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import AfterValidator, BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from booking import problems
from booking.api.parts import (
    PROFESSIONAL,
    SITE,
    Equipment,
    Kinds,
    LocalTime,
    Reason,
    SessionView,
    SlotMinutes,
    example,
    rules_of,
)
from booking.api.rights import Right, allow
from booking.domain.capacity import CapacityClass
from booking.domain.recurrence import LONGEST_CYCLE, Listed, Rule, Weekly
from booking.use_cases.cancel_session import SessionCancellation, SessionsCancelled, cancel_session
from booking.use_cases.close_site_day import ClosureRequest, close_site_day
from booking.use_cases.open_session import Opened, SessionRequest, open_session
from booking.use_cases.open_session_rule import RuleOpened, RuleRequest, open_session_rule
from smp.http import Body, Command, Day, ShortText, describe

router = APIRouter(prefix="/v1", tags=["vacations"])

_ORDER = PydanticCustomError("end_before_start", "the end comes after the start", {"fr": "la fin suit le début"})
_RECURRENCE = PydanticCustomError("recurrence", "give either weekly or dates", {"fr": "donnez soit weekly, soit dates"})


_SHARE = PydanticCustomError("share", "give either slots or minutes", {"fr": "donnez soit slots, soit minutes"})
_SHARE_TWICE = PydanticCustomError("share_twice", "each class has one share", {"fr": "chaque classe n'a qu'une part"})


def _once_per_class(shares: "tuple[ShareBody, ...]") -> "tuple[ShareBody, ...]":
    if len({each.capacity_class for each in shares}) < len(shares):
        raise _SHARE_TWICE
    return shares


class WeeklyBody(Body):
    """Every n weeks on some weekdays (1 = lundi), counted from the week of the anchor date."""

    weekdays: Annotated[frozenset[Annotated[int, Field(ge=1, le=7)]], Field(min_length=1)]
    every_weeks: Annotated[int, Field(ge=1, le=LONGEST_CYCLE)] = 1
    anchor: Day | None = None


class ShareBody(Body):
    """Places of a session kept for a class of callers until its hour of release: in slots, or in minutes, rounded up
    to whole slots. What no share keeps is everybody's."""

    capacity_class: CapacityClass
    slots: Annotated[int, Field(ge=1, le=192)] | None = None
    minutes: Annotated[int, Field(ge=5, le=960)] | None = None

    @model_validator(mode="after")
    def _is_counted_once(self) -> Self:
        if (self.slots is None) == (self.minutes is None):
            raise _SHARE
        return self

    def count(self, slot_minutes: int) -> int:
        """The share in slots."""
        return self.slots or -(-(self.minutes or 0) // slot_minutes)


Shares = Annotated[tuple[ShareBody, ...], Field(max_length=len(CapacityClass)), AfterValidator(_once_per_class)]


class OpenRule(Body):
    """A recurrence of sessions, in local time of the site; weekly or on listed dates."""

    model_config = example(
        {
            "site": SITE,
            "professional": PROFESSIONAL,
            "room": "Cabinet 1",
            "kinds": ["consultation", "minor_emergency"],
            "weekly": {"weekdays": [1, 3], "every_weeks": 2, "anchor": "2027-01-04"},
            "start": "08:00",
            "end": "12:00",
            "slot_minutes": 20,
            "shares": [{"capacity_class": "same_day", "slots": 2}, {"capacity_class": "online", "minutes": 60}],
            "valid_from": "2027-01-04",
            "valid_until": "2027-06-30",
        }
    )

    site: UUID
    professional: UUID
    room: ShortText | None = None
    kinds: Kinds
    weekly: WeeklyBody | None = None
    dates: Annotated[frozenset[Day], Field(min_length=1, max_length=400)] | None = None
    start: LocalTime
    end: LocalTime
    slot_minutes: SlotMinutes = 20
    shares: Shares = ()
    equipment: Equipment = frozenset()
    valid_from: Day
    valid_until: Day | None = None

    @model_validator(mode="after")
    def _is_a_rule(self) -> Self:
        if self.start >= self.end:
            raise _ORDER
        if self.valid_until is not None and self.valid_until < self.valid_from:
            raise _ORDER
        if (self.weekly is None) == (self.dates is None):
            raise _RECURRENCE
        return self

    def request(self) -> RuleRequest:
        recurrence = (
            Weekly(self.weekly.weekdays, self.weekly.anchor or self.valid_from, self.weekly.every_weeks)
            if self.weekly
            else Listed(self.dates or frozenset())
        )
        return RuleRequest(
            site=self.site,
            professional=self.professional,
            kinds=frozenset(self.kinds),
            rule=Rule(recurrence, self.start, self.end, self.valid_from, self.valid_until),
            grid=timedelta(minutes=self.slot_minutes),
            room=self.room,
            shares=_counted(self.shares, self.slot_minutes),
            equipment=self.equipment,
        )


def _counted(shares: tuple[ShareBody, ...], slot_minutes: int) -> dict[str, int]:
    return {each.capacity_class.value: each.count(slot_minutes) for each in shares}


class SkippedView(BaseModel):
    """A day without session, and why."""

    day: date
    reason: str


class RuleView(BaseModel):
    """A rule, its sessions up to the horizon, and the days that have none."""

    rule: UUID
    sessions: list[SessionView]
    skipped: list[SkippedView]
    warnings: list[str]

    @classmethod
    def of(cls, it: RuleOpened) -> "RuleView":
        return cls(
            rule=it.id,
            sessions=[SessionView.of(session) for session in it.materialised.opened],
            skipped=[SkippedView(day=each.day, reason=each.reason) for each in it.materialised.skipped],
            warnings=list(it.warnings),
        )


class OpenSession(Body):
    """One session, on a day, in local time of the site."""

    model_config = example(
        {
            "site": SITE,
            "professional": PROFESSIONAL,
            "kinds": ["consultation"],
            "day": "2027-01-11",
            "start": "14:00",
            "end": "18:00",
            "slot_minutes": 20,
        }
    )

    site: UUID
    professional: UUID
    room: ShortText | None = None
    kinds: Kinds
    day: Day
    start: LocalTime
    end: LocalTime
    slot_minutes: SlotMinutes = 20
    shares: Shares = ()
    equipment: Equipment = frozenset()

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if self.start >= self.end:
            raise _ORDER
        return self

    def request(self) -> SessionRequest:
        return SessionRequest(
            site=self.site,
            professional=self.professional,
            kinds=frozenset(self.kinds),
            day=self.day,
            start=self.start,
            end=self.end,
            grid=timedelta(minutes=self.slot_minutes),
            room=self.room,
            shares=_counted(self.shares, self.slot_minutes),
            equipment=self.equipment,
        )


class OpenedView(SessionView):
    """The session that was opened."""

    warnings: list[str]

    @classmethod
    def opened(cls, it: Opened) -> "OpenedView":
        return cls(**SessionView.of(it.session).model_dump(), warnings=list(it.warnings))


class CancelSession(Body):
    """Why (a code), and whether the appointments go with it."""

    model_config = example({"reason": "practitioner_ill", "cancel_appointments": True, "notify": True})

    reason: Reason
    cancel_appointments: bool = False
    notify: bool = True

    def request(self) -> SessionCancellation:
        return SessionCancellation(self.reason, self.cancel_appointments, self.notify)


class CloseDay(CancelSession):
    """A site receives nobody on a day."""

    model_config = example({"site": SITE, "day": "2027-05-07", "reason": "bridge_day", "cancel_appointments": False})

    site: UUID
    day: Day


class CancelledView(BaseModel):
    """What no longer takes place."""

    sessions: list[UUID]
    appointments: list[UUID]

    @classmethod
    def of(cls, it: SessionsCancelled) -> "CancelledView":
        return cls(sessions=list(it.sessions), appointments=list(it.appointments))


_STAFF = (
    problems.SITE_UNKNOWN,
    problems.PROFESSIONAL_UNKNOWN,
    problems.PROFESSIONAL_ELSEWHERE,
    problems.OUT_OF_CONTRACT,
    problems.KIND_UNKNOWN,
    problems.KIND_NOT_FOR_ROLE,
    problems.KIND_TOO_LONG,
    problems.SHARES_TOO_LARGE,
    problems.ROOM_WANTED,
    problems.EQUIPMENT_WANTED,
)
_CONSENT = (problems.HAS_APPOINTMENTS, problems.IN_CONSULTATION, problems.SESSION_PAST)


@router.post("/session-rules", status_code=201, response_model=RuleView, responses=describe(*_STAFF))
async def open_rule(body: OpenRule, command: Command) -> Response:
    """Open a recurrence; its sessions over the horizon exist at once."""
    allow(command, Right.PLAN, body.site)
    return await command.once(
        lambda tx: open_session_rule(tx, body.request(), rules_of(command), actor=command.actor, now=command.now),
        RuleView.of,
    )


@router.post(
    "/sessions",
    status_code=201,
    response_model=OpenedView,
    responses=describe(
        *_STAFF, problems.SITE_CLOSED, problems.HOUR_MISSING, problems.SESSION_PAST, problems.SESSION_OVERLAP
    ),
)
async def open_one(body: OpenSession, command: Command) -> Response:
    """Open one session."""
    allow(command, Right.PLAN, body.site)
    return await command.once(
        lambda tx: open_session(tx, body.request(), rules_of(command), actor=command.actor, now=command.now),
        OpenedView.opened,
    )


@router.post(
    "/sessions/{session}/cancellation",
    response_model=CancelledView,
    responses=describe(problems.SESSION_UNKNOWN, problems.SESSION_CANCELLED, *_CONSENT),
)
async def cancel(session: UUID, body: CancelSession, command: Command) -> Response:
    """Cancel a session; refused with the list while patients are expected, unless their appointments go too."""
    allow(command, Right.PLAN)
    return await command.once(
        lambda tx: cancel_session(tx, session, body.request(), rules_of(command), actor=command.actor, now=command.now),
        CancelledView.of,
    )


@router.post(
    "/closures",
    status_code=201,
    response_model=CancelledView,
    responses=describe(problems.SITE_UNKNOWN, problems.DAY_ALREADY_CLOSED, *_CONSENT),
)
async def close_day(body: CloseDay, command: Command) -> Response:
    """Close a site for a day; its sessions are cancelled on the same terms."""
    allow(command, Right.PLAN, body.site)
    closure = ClosureRequest(body.site, body.day, body.request())
    return await command.once(
        lambda tx: close_site_day(tx, closure, rules_of(command), actor=command.actor, now=command.now),
        CancelledView.of,
    )
