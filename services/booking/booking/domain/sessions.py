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
LONGEST_HOURS = timedelta(hours=15)  # by the clock on the wall: the night of October adds one


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
    equipment: frozenset[str] = frozenset()

    @property
    def needs_supervision(self) -> bool:
        return self.role == INTERN

    @property
    def resources(self) -> tuple[Resource, ...]:
        """What an appointment of this session occupies besides its patient."""
        return of_session(self.site, self.professional, self.room)

    def offers(self, kind: Kind) -> bool:
        return kind.code in self.kinds and self.role in kind.roles and self.lacks(kind) is None

    @property
    def kept(self) -> dict[str, int]:
        """How many slots its shares keep, by class."""
        return {each.capacity_class: each.slots for each in self.shares}

    def lacks(self, kind: Kind) -> "Misfit | None":
        """What the place of this session lacks for that kind."""
        if kind.wants_room and self.room is None:
            return Misfit.NO_ROOM
        return None if kind.equipment <= self.equipment else Misfit.NO_EQUIPMENT


class Misfit(StrEnum):
    """Why an appointment cannot start there."""

    KIND_NOT_OFFERED = "kind_not_offered"
    OUTSIDE_SESSION = "outside_session"
    OFF_GRID = "off_grid"
    PAST = "past"
    NO_ROOM = "no_room"
    NO_EQUIPMENT = "no_equipment"
    MODE_NOT_OFFERED = "mode_not_offered"
    TOO_SOON = "too_soon"  # less than the least lead of the kind
    TOO_FAR = "too_far"  # more than its most


def fit(session: Session, kind: Kind, start: datetime, now: datetime, mode: str | None = None) -> Interval | Misfit:
    """The period of an appointment of `kind` that starts at `start`, or why there is none. Looks at no occupancy."""
    if kind.code not in session.kinds or session.role not in kind.roles:
        return Misfit.KIND_NOT_OFFERED
    if lacking := session.lacks(kind):
        return lacking
    if mode is not None and mode not in kind.modes:
        return Misfit.MODE_NOT_OFFERED
    period = Interval(start, start + kind.duration)
    if not session.period.contains(kind.around(period)):
        return Misfit.OUTSIDE_SESSION
    if (start - session.period.start) % session.grid:
        return Misfit.OFF_GRID
    if start < now:
        return Misfit.PAST
    if start < now + kind.min_lead:
        return Misfit.TOO_SOON
    return Misfit.TOO_FAR if kind.max_lead is not None and start > now + kind.max_lead else period
