"""A session: one professional at one site on one day, from one hour to another, on a grid that never slides."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from booking.domain.capacity import Share
from booking.domain.intervals import Interval
from booking.domain.kinds import INTERN, Kind
from booking.domain.resources import Resource, of_session

LONGEST_SESSION = timedelta(hours=16)


@dataclass(frozen=True, slots=True)
class Session:
    """An open session. `grid` is the step between two possible starts, counted from the start of the session.
    Without `shares`, the usual case, every caller may take any of it."""

    id: UUID
    territory: str
    site: UUID
    professional: UUID
    role: str
    room: str | None
    kinds: frozenset[str]
    day: date
    period: Interval
    grid: timedelta
    shares: tuple[Share, ...] = ()

    @property
    def needs_supervision(self) -> bool:
        return self.role == INTERN

    @property
    def resources(self) -> tuple[Resource, ...]:
        """What an appointment of this session occupies besides its patient."""
        return of_session(self.site, self.professional, self.room)

    def offers(self, kind: Kind) -> bool:
        return kind.code in self.kinds and self.role in kind.roles


class Misfit(StrEnum):
    """Why an appointment cannot start there."""

    KIND_NOT_OFFERED = "kind_not_offered"
    OUTSIDE_SESSION = "outside_session"
    OFF_GRID = "off_grid"
    PAST = "past"


def fit(session: Session, kind: Kind, start: datetime, now: datetime) -> Interval | Misfit:
    """The period of an appointment of `kind` that starts at `start`, or why there is none. Looks at no occupancy."""
    period = Interval(start, start + kind.duration)
    if not session.offers(kind):
        return Misfit.KIND_NOT_OFFERED
    if not session.period.contains(period):
        return Misfit.OUTSIDE_SESSION
    if (start - session.period.start) % session.grid:
        return Misfit.OFF_GRID
    return Misfit.PAST if start < now else period
