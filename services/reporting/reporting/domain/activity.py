"""What happened in a period, counted: the rows from which every indicator is computed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

DONE = "done"
NO_SHOW = "no_show"
# Statuses of an appointment that takes time in the agenda; cancelled, excused, expired and merely held ones do not.
AGREED = frozenset({"booked", "arrived", "in_preparation", "in_consultation", "left_unseen", DONE, NO_SHOW})


@dataclass(frozen=True, slots=True)
class Acts:
    """Appointments and walk-ins that agree on everything below; `minutes` is their agreed length together.

    None means that the event which says it has not been received, or that nobody answered.
    """

    site: UUID
    status: str
    mode: str | None
    role: str | None
    social: bool
    unscheduled: bool
    severity: int | None
    otherwise_emergency: bool | None
    sent_to_emergency: bool
    reminded: bool
    count: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Offer:
    """Minutes offered by the sessions of a site, cancelled sessions and social workers' sessions left out."""

    site: UUID
    minutes: int


@dataclass(frozen=True, slots=True)
class Durations:
    """How many times a duration, in whole minutes, was observed; None when it could not be observed."""

    site: UUID
    minutes: int | None
    count: int


@dataclass(frozen=True, slots=True)
class Messages:
    """Texts of one fate and what they cost (segments and credits as the provider counted them)."""

    site: UUID
    fate: str
    count: int
    segments: int
    credits: float


@dataclass(frozen=True, slots=True)
class CallTasks:
    """Calls asked of the secretaries because no text could do."""

    site: UUID
    count: int


@dataclass(frozen=True, slots=True)
class Patients:
    """Distinct patients seen in the rolling year; `site` is None for all sites together (sites share patients)."""

    site: UUID | None
    count: int


@dataclass(frozen=True, slots=True)
class Completeness:
    """What is known to lack: events of a sequence not received, and past appointments without an outcome."""

    site: UUID
    missing_events: int
    late_appointments: int


Row = TypeVar("Row", Acts, Offer, Durations, Messages, CallTasks, Completeness)


@dataclass(frozen=True, slots=True)
class Activity:
    """Everything counted for a period and a set of sites."""

    acts: tuple[Acts, ...] = ()
    offers: tuple[Offer, ...] = ()
    delays: tuple[Durations, ...] = ()
    waits: tuple[Durations, ...] = ()
    messages: tuple[Messages, ...] = ()
    call_tasks: tuple[CallTasks, ...] = ()
    patients: tuple[Patients, ...] = ()
    completeness: tuple[Completeness, ...] = ()

    def of_site(self, site: UUID) -> "Activity":
        """The same, for one site."""

        def here(rows: Iterable[Row]) -> tuple[Row, ...]:
            return tuple(row for row in rows if row.site == site)

        return Activity(
            acts=here(self.acts),
            offers=here(self.offers),
            delays=here(self.delays),
            waits=here(self.waits),
            messages=here(self.messages),
            call_tasks=here(self.call_tasks),
            patients=tuple(Patients(None, row.count) for row in self.patients if row.site == site),
            completeness=here(self.completeness),
        )

    def count(self, wanted: Callable[[Acts], bool]) -> int:
        """How many medical acts answer to `wanted`; social workers' meetings are never among them."""
        return sum(act.count for act in self.acts if not act.social and wanted(act))

    def minutes(self, wanted: Callable[[Acts], bool]) -> int:
        """The agreed minutes of the same."""
        return sum(act.minutes for act in self.acts if not act.social and wanted(act))
