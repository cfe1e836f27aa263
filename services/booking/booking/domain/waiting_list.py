"""Who waits for a place, and who comes before whom.

The order is one key for the whole list, so that it is total and the same for everybody who asks: the class a
professional has set, then the day since which somebody waits, then the day since which they have no treating doctor
(nobody knows = last), then the instant of joining. A day rather than a minute counts in the second place: whoever
got through on the telephone at 8:02 is not ahead of whoever got through at 8:40.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.domain.eligibility import Declaration, Eligibility
from booking.domain.intervals import Interval
from booking.domain.kinds import Compartment


class Priority(StrEnum):
    """The class of somebody who waits; only a professional sets another than ordinary."""

    HIGH = "high"
    RAISED = "raised"
    ORDINARY = "ordinary"


_RANKS = {Priority.HIGH: 0, Priority.RAISED: 1, Priority.ORDINARY: 2}


class Mobility(StrEnum):
    TRAVELS = "travels"
    HOME = "home"  # can only be seen at home, or by video


class EntryState(StrEnum):
    WAITING = "waiting"
    BOOKED = "booked"  # an offer was accepted
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Window:
    """When somebody could come: on these ISO weekdays, between two hours of the site's clock, between two days (both
    included)."""

    weekdays: frozenset[int]
    start: time
    end: time
    first_day: date | None = None
    last_day: date | None = None

    def holds(self, period: Interval, zone: ZoneInfo) -> bool:
        """True when the whole period lies in the window, on the clock of `zone`."""
        start, end = period.start.astimezone(zone), period.end.astimezone(zone)
        day = start.date()
        return (
            day == end.date()
            and day.isoweekday() in self.weekdays
            and self.start <= start.time()
            and end.time() <= self.end
            and (self.first_day is None or self.first_day <= day)
            and (self.last_day is None or day <= self.last_day)
        )


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody waits for; no practitioner = anyone, no window = any hour."""

    kinds: frozenset[str]
    sites: frozenset[UUID]
    practitioners: frozenset[UUID] = frozenset()
    windows: tuple[Window, ...] = ()
    mobility: Mobility = Mobility.TRAVELS
    video_accepted: bool = False

    def hold(self, site: UUID, professional: UUID, period: Interval, zone: ZoneInfo) -> bool:
        """True when a place there, with that person, at that hour would do."""
        return (
            site in self.sites
            and (not self.practitioners or professional in self.practitioners)
            and (not self.windows or any(window.holds(period, zone) for window in self.windows))
        )

    def mode_among(self, modes: Iterable[str]) -> str | None:
        """How the patient would be seen, of the ways a kind allows; nothing when none will do."""
        seen = "AMB" if self.mobility is Mobility.TRAVELS else "HH"
        wanted = (seen, "VR") if self.video_accepted else (seen,)
        allowed = frozenset(modes)
        return next((mode for mode in wanted if mode in allowed), None)

    @property
    def last_day(self) -> date | None:
        """The last day that would do; nothing when there is no end."""
        days = [window.last_day for window in self.windows]
        return max((day for day in days if day), default=None) if None not in days else None


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an entry's trail; `by` is the opaque subject of the actor."""

    version: int
    what: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody on the list. `version` grows by one at each step and is the sequence of its event."""

    id: UUID
    territory: str
    patient: UUID
    wishes: Wishes
    compartment: Compartment
    waiting_since: date
    joined_at: datetime
    without_doctor_since: date | None = None  # as known now, not kept with the entry
    priority: Priority = Priority.ORDINARY
    priority_set_at: datetime | None = None
    priority_set_by: str | None = None
    replaces: UUID | None = None  # the later appointment that an accepted offer gives back
    paused_until: datetime | None = None  # nothing is offered before
    state: EntryState = EntryState.WAITING
    left_reason: str | None = None
    appointment: UUID | None = None  # what was accepted
    version: int = 1
    trail: tuple[Step, ...] = field(default=())

    @property
    def key(self) -> tuple[int, date, date, datetime, int]:
        """The place in the order: the smaller comes first. No two entries share a key."""
        return (
            _RANKS[self.priority],
            self.waiting_since,
            self.without_doctor_since or date.max,
            self.joined_at,
            self.id.int,
        )

    def step(self, what: str, at: datetime, by: str, **changes: object) -> "Entry":
        """This entry one step further."""
        version = self.version + 1
        trail = (*self.trail, Step(version, what, at, by))
        return replace(self, version=version, trail=trail, **changes)  # type: ignore[arg-type]  # checked by callers


class Criterion(StrEnum):
    """What decides between two entries."""

    PRIORITY = "priority"
    WAITING_SINCE = "waiting_since"
    WITHOUT_DOCTOR = "without_doctor"
    JOINED = "joined"
    SAME = "same"  # one entry asked twice


_CRITERIA = (
    Criterion.PRIORITY,
    Criterion.WAITING_SINCE,
    Criterion.WITHOUT_DOCTOR,
    Criterion.JOINED,
    Criterion.JOINED,
)


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """The list as places are offered: whoever comes first first."""
    return sorted(entries, key=lambda entry: entry.key)


def deciding(first: Entry, second: Entry) -> Criterion:
    """The first criterion in which two entries differ."""
    for criterion, one, other in zip(_CRITERIA, first.key, second.key, strict=True):
        if one != other:
            return criterion
    return Criterion.SAME


def without_doctor_since(declarations: Iterable[Declaration], day: date) -> date | None:
    """Since when, without interruption, somebody has been declared without a treating doctor on `day`; nothing when
    that is not declared. A later declaration overrides an earlier one from its own day on."""
    known = sorted((each for each in declarations if each.start <= day), key=lambda each: each.sequence)
    standing: list[Declaration] = []
    for each in known:
        standing = [earlier for earlier in standing if earlier.start < each.start]
        standing.append(each)
    since: date | None = None
    for each in reversed(standing):
        if each.status is not Eligibility.ELIGIBLE:
            break
        since = each.start
    return since
