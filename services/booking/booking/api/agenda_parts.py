"""What the routes of the agenda (rules, sessions, closures, absences) read and answer in common."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from booking import problems
from booking.api.parts import SessionView
from booking.domain.capacity import CapacityClass
from booking.domain.planning import Skipped
from booking.domain.presence import OverCap
from booking.store.rules import SkippedOf
from booking.store.sessions import StoredSession
from booking.use_cases.calendar.following import Followed, LeftAlone
from booking.use_cases.calendar.presence import Excess
from booking.use_cases.calendar.reshaping import listed
from booking.use_cases.calendar.see_agenda import AgendaSeen
from smp.bodies import Whole
from smp.http import Body

ORDER = PydanticCustomError("end_before_start", "the end comes after the start", {"fr": "la fin suit le début"})
ONE_ROOM = PydanticCustomError(
    "room_or_any_room", "give either room or any_room", {"fr": "donnez soit room, soit any_room"}
)

_SHARE = PydanticCustomError("share", "give either slots or minutes", {"fr": "donnez soit slots, soit minutes"})
_IN_SLOTS = PydanticCustomError(
    "shares_in_slots",
    "shares in minutes want slot_minutes beside them",
    {"fr": "des places en minutes se donnent avec slot_minutes"},
)
_SHARE_TWICE = PydanticCustomError("share_twice", "each class has one share", {"fr": "chaque classe n'a qu'une part"})


def _once_per_class(shares: "tuple[ShareBody, ...]") -> "tuple[ShareBody, ...]":
    if len({each.capacity_class for each in shares}) < len(shares):
        raise _SHARE_TWICE
    return shares


class ShareBody(Body):
    """Places of a session kept for a class of callers until its hour of release: in slots, or in minutes, rounded up
    to whole slots. What no share keeps is everybody's."""

    capacity_class: CapacityClass
    slots: Annotated[Whole, Field(ge=1, le=192)] | None = None
    minutes: Annotated[Whole, Field(ge=5, le=960)] | None = None

    @model_validator(mode="after")
    def _is_counted_once(self) -> Self:
        if (self.slots is None) == (self.minutes is None):
            raise _SHARE
        return self

    def count(self, slot_minutes: int) -> int:
        """The share in slots."""
        return self.slots or -(-(self.minutes or 0) // slot_minutes)


Shares = Annotated[tuple[ShareBody, ...], Field(max_length=len(CapacityClass)), AfterValidator(_once_per_class)]


def counted(shares: tuple[ShareBody, ...], slot_minutes: int) -> dict[str, int]:
    """Shares in slots, by class."""
    return {each.capacity_class.value: each.count(slot_minutes) for each in shares}


def require_countable(shares: tuple[ShareBody, ...] | None, slot_minutes: int | None) -> None:
    """Refuse shares in minutes where it is not said how long a slot is."""
    if slot_minutes is None and any(each.slots is None for each in shares or ()):
        raise _IN_SLOTS


STAFF = (
    problems.SITE_UNKNOWN,
    problems.PROFESSIONAL_UNKNOWN,
    problems.PROFESSIONAL_ELSEWHERE,
    problems.OUT_OF_CONTRACT,
    problems.KIND_UNKNOWN,
    problems.KIND_NOT_FOR_ROLE,
    problems.KIND_TOO_LONG,
    problems.SHARES_TOO_LARGE,
    problems.SESSION_TOO_LONG,
    problems.ROOM_WANTED,
    problems.EQUIPMENT_WANTED,
)
NOT_THEN = (
    problems.SITE_CLOSED,
    problems.ROOM_CLOSED,
    problems.PROFESSIONAL_ABSENT,
    problems.HOUR_MISSING,
    problems.SESSION_PAST,
    problems.SESSION_OVERLAP,
)
CONSENT = (problems.HAS_APPOINTMENTS, problems.IN_CONSULTATION, problems.SESSION_PAST)
PERIOD = (problems.HOUR_MISSING, problems.END_BEFORE_START, problems.PERIOD_TOO_LONG)


class OverCapView(BaseModel):
    """An ISO week (2027-W02) or a civil year (2027) with more half-days than agreed."""

    period: str
    half_days: int
    cap: int
    over_by: int

    @classmethod
    def of(cls, it: OverCap) -> "OverCapView":
        return cls(period=it.period, half_days=it.half_days, cap=it.cap, over_by=it.over_by)


class ExcessView(BaseModel):
    """What was not agreed with the professional: caps of half-days, wished days."""

    over: list[OverCapView]
    unwished: list[date]

    @classmethod
    def of(cls, it: Excess) -> "ExcessView":
        return cls(
            over=[OverCapView.of(each) for each in it.over],
            unwished=list(it.unwished),
        )


class SkippedView(BaseModel):
    """A day without session, or the hours that are missing on it, and why; `source` is the closure or the absence."""

    day: date
    reason: str
    start: datetime | None = None
    end: datetime | None = None
    source: UUID | None = None
    rule: UUID | None = None
    professional: UUID | None = None

    @classmethod
    def of(cls, it: Skipped, rule: UUID | None = None, professional: UUID | None = None) -> "SkippedView":
        return cls(
            day=it.day,
            reason=it.reason,
            start=it.period and it.period.start,
            end=it.period and it.period.end,
            source=it.source,
            rule=rule,
            professional=professional,
        )

    @classmethod
    def of_rule(cls, it: SkippedOf) -> "SkippedView":
        return cls.of(it.skipped, it.rule, it.professional)


class LeftAloneView(BaseModel):
    """A day that stays as it is, and why: edited by hand, begun, patients who would lose their place, or another
    session then."""

    rule: UUID | None
    day: date
    reason: str
    sessions: list[UUID]
    appointments: list[dict[str, str]]

    @classmethod
    def of(cls, it: LeftAlone) -> "LeftAloneView":
        return cls(
            rule=it.rule,
            day=it.day,
            reason=it.reason,
            sessions=[session.id for session in it.sessions],
            appointments=listed(it.appointments),
        )


class FollowedView(BaseModel):
    """What became of the sessions of rules, and what was left alone."""

    opened: list[SessionView]
    changed: list[SessionView]
    cancelled: list[UUID]
    skipped: list[SkippedView]
    left_alone: list[LeftAloneView]

    @classmethod
    def of(cls, it: Followed) -> "FollowedView":
        return cls(
            opened=[SessionView.of(session) for session in it.done.opened],
            changed=[SessionView.of(session) for session in it.done.changed],
            cancelled=list(it.done.cancelled),
            skipped=[SkippedView.of(each) for each in it.skipped],
            left_alone=[LeftAloneView.of(each) for each in it.left_alone],
        )


class EditView(BaseModel):
    """Who changed an occurrence by hand, when, why."""

    by: str
    at: datetime
    reason: str | None


class PlannedView(SessionView):
    """A session as planners see it."""

    state: str
    version: int
    rule: UUID | None
    rule_day: date | None
    edited: EditView | None
    unsupported: str | None
    cancel_reason: str | None

    @classmethod
    def planned(cls, it: StoredSession) -> "PlannedView":
        edit = it.edit
        return cls(
            **SessionView.of(it.session).model_dump(),
            state="open" if it.is_open else "cancelled",
            version=it.version,
            rule=it.rule,
            rule_day=it.origin and it.origin.day,
            edited=edit and EditView(by=edit.by, at=edit.at, reason=edit.reason),
            unsupported=it.unsupported,
            cancel_reason=it.cancel_reason,
        )


class AgendaView(BaseModel):
    """Sessions in order of hour, and what rules skip."""

    sessions: list[PlannedView]
    skipped: list[SkippedView]

    @classmethod
    def of(cls, it: AgendaSeen) -> "AgendaView":
        return cls(
            sessions=[PlannedView.planned(each) for each in it.sessions],
            skipped=[SkippedView.of_rule(each) for each in it.skipped],
        )
