"""What sessions are made from: rules of recurrence, closures, absences, what was agreed with part-timers, the way
between two sites. Published by booking, each its own aggregate. What becomes of each session is said of the session."""

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from smp.contracts.base import Code, EventData, Topic
from smp.contracts.sites import LocalTime
from smp.contracts.vocabulary import Kind, ShareOfSession

RULES = Topic("smp.booking.session-rules", "booking", "rule", "Rules of recurrence, version by version.")
CLOSURES = Topic("smp.booking.closures", "booking", "closure", "Sites and rooms that receive nobody for a time.")
ABSENCES = Topic("smp.booking.absences", "booking", "absence", "When professionals are away, never why.")
PRESENCE = Topic("smp.booking.presence", "booking", "professional", "What was agreed with part-timers.")
DISTANCES = Topic("smp.booking.distances", "booking", "distance", "The way between two sites.")

Weekday = Annotated[int, Field(ge=1, le=7)]
Cap = Annotated[int, Field(ge=1)]


class SessionRuleDecided(EventData):
    """From `from_day` on the rule is this one; `ended`: from then on it makes no session any more.

    What is said here overrides, from that day on, every event of a lower sequence. Either `weekdays` with
    `every_weeks`, counted from the week of `anchor`; or `weekdays` with `nth` of the month (-1 = the last); or `dates`.
    Weekdays are ISO (Monday is 1), hours those of the site's clock.
    """

    topic: ClassVar[Topic] = RULES

    rule: UUID
    site: UUID
    professional: UUID
    from_day: date
    ended: bool
    weekdays: tuple[Weekday, ...] | None = None
    every_weeks: Annotated[int, Field(ge=1)] | None = None
    anchor: date | None = None
    nth: tuple[int, ...] | None = None
    dates: tuple[date, ...] | None = None
    start: LocalTime
    end: LocalTime
    valid_until: date | None = None
    room: str | None = None
    kinds: tuple[Kind, ...]
    slot_minutes: Annotated[int, Field(ge=1)]
    shares: tuple[ShareOfSession, ...]
    equipment: tuple[str, ...]
    decided_at: AwareDatetime


class ClosureDeclared(EventData):
    """The site, or only its `room`, receives nobody in [start, end); `reason` is a code."""

    topic: ClassVar[Topic] = CLOSURES

    closure: UUID
    site: UUID
    room: str | None = None
    start: AwareDatetime
    end: AwareDatetime
    reason: Code
    declared_at: AwareDatetime


class ClosureEnded(EventData):
    """The closure ends at `end`, earlier than was said; `withdrawn`: it never begins."""

    topic: ClassVar[Topic] = CLOSURES

    closure: UUID
    site: UUID
    room: str | None = None
    start: AwareDatetime
    end: AwareDatetime
    withdrawn: bool
    decided_at: AwareDatetime


class AbsenceNoted(EventData):
    """The professional is away from every site in [start, end). Why is nobody else's business."""

    topic: ClassVar[Topic] = ABSENCES

    absence: UUID
    professional: UUID
    start: AwareDatetime
    end: AwareDatetime
    noted_at: AwareDatetime


class AbsenceEnded(EventData):
    """The professional is back at `end`, earlier than was said; `withdrawn`: they are not away at all."""

    topic: ClassVar[Topic] = ABSENCES

    absence: UUID
    professional: UUID
    start: AwareDatetime
    end: AwareDatetime
    withdrawn: bool
    decided_at: AwareDatetime


class PresenceAgreed(EventData):
    """What was agreed with the professional from the first day of the contract on: both its days included, weekdays
    wished (ISO), and at most so many half-days in an ISO week and in a civil year. The former agreement holds until the
    day before; those that were to begin in its time are replaced."""

    topic: ClassVar[Topic] = PRESENCE

    professional: UUID
    site: UUID
    contract_start: date
    contract_end: date | None = None
    wished_weekdays: tuple[Weekday, ...]
    weekly_cap: Cap | None = None
    yearly_cap: Cap | None = None
    agreed_at: AwareDatetime


class DistanceDeclared(EventData):
    """The way by road between the two sites takes so many minutes, the same both ways."""

    topic: ClassVar[Topic] = DISTANCES

    distance: UUID
    one: UUID
    other: UUID
    minutes: Annotated[int, Field(ge=0)]
    declared_at: AwareDatetime
