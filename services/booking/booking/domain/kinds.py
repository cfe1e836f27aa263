"""Kinds of consultation: dated configuration of a territory, and the platform's own where nothing was decided.

A version of a kind counts from a day on; a later version overrides an earlier one from its own day on. An appointment
keeps the version it was booked with.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property

from booking.domain.intervals import Interval

DOCTORS = frozenset({"gp", "retired_gp", "intern"})
INTERN = "intern"

ON_SITE, HOME, VIDEO, TELEPHONE = "AMB", "HH", "VR", "TEL"
MODES = frozenset({ON_SITE, HOME, VIDEO, TELEPHONE})

CAPACITY_CLASSES = frozenset({"desk", "same_day", "regulation", "online", "medico_social"})


class Compartment(StrEnum):
    """Who may know of an appointment more than that its time is taken; see `domain/compartments.py`."""

    MEDICAL = "medical"
    MEDICO_SOCIAL = "medico_social"
    SILENT = "silent"  # safety of a victim: no text, no trace on a shared screen


@dataclass(frozen=True, slots=True)
class Preparation:
    """What a medical assistant or a nurse does right before the appointment, in its room or in another one."""

    length: timedelta
    roles: frozenset[str] = frozenset({"medical_assistant", "nurse"})
    same_room: bool = True


@dataclass(frozen=True)
class Kind:
    """What is booked. `unscheduled` marks same-day care (soins non programmés). The buffers are the
    practitioner's time around the appointment, inside the session; the patient's period is the `duration` alone."""

    code: str
    duration: timedelta
    roles: frozenset[str]
    capacity_class: str = "desk"
    wants_eligibility: bool = False
    unscheduled: bool = False
    buffer_before: timedelta = timedelta()
    buffer_after: timedelta = timedelta()
    modes: frozenset[str] = frozenset({ON_SITE})
    min_lead: timedelta = timedelta()  # least time between the booking and the start
    max_lead: timedelta | None = None  # most; None = as far as there are sessions
    wants_room: bool = False
    equipment: frozenset[str] = frozenset()
    preparation: Preparation | None = None
    follow_up_only: bool = False  # with a practitioner who has already seen the patient
    neutral_wording: bool = False  # texts say "appointment", nothing else
    compartment: Compartment = Compartment.MEDICAL
    running_cap: int | None = None  # most appointments of a patient that are still ahead
    valid_from: date = date.min
    version: int = 0  # 0 = the platform's own

    @cached_property
    def length(self) -> timedelta:
        """What the appointment takes of the practitioner's time."""
        return self.buffer_before + self.duration + self.buffer_after

    @property
    def usual_mode(self) -> str:
        """How it takes place unless somebody says otherwise."""
        return ON_SITE if ON_SITE in self.modes else min(self.modes - {TELEPHONE}, default=TELEPHONE)

    def lead(self, now: datetime, window: Interval) -> Interval | None:
        """The part of a window of starts that may be booked at `now`."""
        start = max(window.start, now + self.min_lead)
        # The last start is allowed, and periods are half-open.
        end = window.end if self.max_lead is None else min(window.end, now + self.max_lead + timedelta.resolution)
        return Interval(start, end) if start < end else None

    def around(self, period: Interval) -> Interval:
        """The practitioner's time for an appointment of that period."""
        return Interval(period.start - self.buffer_before, period.end + self.buffer_after)


@dataclass(frozen=True, slots=True)
class KindBook:
    """Every version of every kind of one territory."""

    versions: Mapping[str, tuple[Kind, ...]]  # by code, in order of version

    @classmethod
    def of(cls, kinds: Iterable[Kind]) -> "KindBook":
        versions: dict[str, tuple[Kind, ...]] = {}
        for kind in sorted(kinds, key=lambda kind: kind.version):
            versions[kind.code] = (*versions.get(kind.code, ()), kind)
        return cls(versions)

    def on(self, code: str, day: date) -> Kind | None:
        """The kind as it stands on that day; nothing when there is none."""
        return next((kind for kind in reversed(self.versions.get(code, ())) if kind.valid_from <= day), None)

    def as_booked(self, code: str, version: int) -> Kind | None:
        """The kind as an appointment keeps it."""
        return next((kind for kind in self.versions.get(code, ()) if kind.version == version), None)

    def changes(self, code: str) -> set[date]:
        """The days from which a version counts."""
        return {kind.valid_from for kind in self.versions.get(code, ())}

    def all_on(self, day: date) -> list[Kind]:
        """The kinds of that day, by code."""
        found = (self.on(code, day) for code in sorted(self.versions))
        return [kind for kind in found if kind is not None]

    def by_video(self, day: date) -> list[Kind]:
        """What a doctor does by video on that day, by code."""
        return [kind for kind in self.all_on(day) if VIDEO in kind.modes and kind.roles & DOCTORS]

    def after(self, day: date) -> list[Kind]:
        """The versions that count from a later day on, soonest first."""
        later = [kind for versions in self.versions.values() for kind in versions if kind.valid_from > day]
        return sorted(later, key=lambda kind: (kind.valid_from, kind.code, kind.version))


@dataclass(slots=True)
class KindBooks:
    """The books of a process, one per territory, each with the instant (seconds of any clock) of its reading."""

    platform: tuple[Kind, ...]
    _kept: dict[str, tuple[float, KindBook]] = field(default_factory=dict)

    def kept(self, territory: str, since: float) -> KindBook | None:
        """The book of a territory when it was read after `since`."""
        read_at, book = self._kept.get(territory, (since, None))
        return book if read_at > since else None

    def keep(self, territory: str, decided: Iterable[Kind], at: float) -> KindBook:
        """What a territory has decided, read at that instant."""
        book = KindBook.of((*self.platform, *decided))
        self._kept[territory] = (at, book)
        return book

    def forget(self) -> None:
        """Something was decided here: whoever decided it is to meet it in their next command."""
        self._kept.clear()
