"""The way between two sites: whoever works at both on one day receives nobody while travelling.

Minutes are declared for a pair of sites, the same both ways; a pair without a figure takes the default. The same
minutes are the distance by which another site is proposed when one is full.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from booking.domain.intervals import Interval
from booking.domain.sessions import Session

USUAL_WAY = timedelta(minutes=30)
LONGEST_WAY = timedelta(hours=4)
"""What may be declared for a pair of sites."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A professional is at another site, for a session there."""

    session: UUID
    professional: UUID
    site: UUID
    period: Interval


@dataclass(frozen=True, slots=True)
class Distances:
    """Declared minutes by pair of sites, and what counts for any other pair."""

    declared: Mapping[frozenset[UUID], timedelta] = field(default_factory=dict)
    default: timedelta = timedelta()

    def between(self, one: UUID, other: UUID) -> timedelta:
        """How long the way takes; nothing within a site."""
        if one == other:
            return timedelta()
        return self.declared.get(frozenset((one, other)), self.default)

    def nearest(self, site: UUID, others: Iterable[UUID]) -> list[tuple[timedelta, UUID]]:
        """The others with the way to each, the nearest first; by id when equally near. Nobody knows how far those are
        for which nothing was declared: they come last."""
        ways = [(frozenset((site, other)) not in self.declared, self.between(site, other), other) for other in others]
        return [(way, other) for _, way, other in sorted(ways, key=lambda each: (each[0], each[1], each[2].int))]


@dataclass(frozen=True, slots=True)
class Travel:
    """Where professionals are besides the sessions looked at, and how far that is.

    Of two sessions, the one that was opened last gives the minutes of the way, at whichever end they are missing: the
    other one may have been booked up to its edge. Ids are ordered by time.
    """

    elsewhere: tuple[Elsewhere, ...] = ()
    distances: Distances = Distances()

    def away(self, session: Session) -> tuple[Interval, ...]:
        """When the session's professional is at another site, or on a way from or to it that this session gives."""
        return tuple(
            _widened(each.period, self._way(session, each))
            for each in self.elsewhere
            if each.professional == session.professional and each.site != session.site
        )

    def _way(self, session: Session, there: Elsewhere) -> timedelta:
        """One way is one way: what one session has given, the other need not give again."""
        return self.distances.between(session.site, there.site) if there.session < session.id else timedelta()

    def has(self, session: Session, period: Interval) -> bool:
        """Whether the session's professional is elsewhere or on the way at some instant of a period."""
        return any(away.overlaps(period) for away in self.away(session))


NOWHERE_ELSE = Travel()


def _widened(period: Interval, way: timedelta) -> Interval:
    return Interval(period.start - way, period.end + way)
