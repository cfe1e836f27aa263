"""Supervision is coverage: an intern works only while a supervisor is present at the same site.

A supervisor is present during their own open sessions; the presences of several supervisors add up (one may take
over from another in the middle of an appointment). Supervision never occupies the supervisor, who consults meanwhile.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking.domain.intervals import Interval, covers, union
from booking.domain.sessions import Session


@dataclass(frozen=True, slots=True)
class Supervision:
    """`supervisor` answers for `intern` from `start`, until `end` when there is one."""

    intern: UUID
    supervisor: UUID
    start: datetime
    end: datetime | None = None

    def during(self, presence: Interval) -> Interval | None:
        """The part of a supervisor's presence in which the supervision is in force."""
        start = max(self.start, presence.start)
        end = presence.end if self.end is None else min(self.end, presence.end)
        return Interval(start, end) if start < end else None


def supervised_periods(
    intern: UUID, site: UUID, sessions: Iterable[Session], supervisions: Iterable[Supervision]
) -> tuple[Interval, ...]:
    """When `intern` is covered at `site`, given the open `sessions` of anyone there."""
    ties = [tie for tie in supervisions if tie.intern == intern]
    parts = (
        tie.during(session.period)
        for tie in ties
        for session in sessions
        if session.professional == tie.supervisor and session.site == site
    )
    return union(part for part in parts if part is not None)


def is_covered(
    intern: UUID, site: UUID, period: Interval, sessions: Iterable[Session], supervisions: Iterable[Supervision]
) -> bool:
    """True when the whole `period` of the intern lies in the presence of supervisors at `site`."""
    return covers(supervised_periods(intern, site, sessions, supervisions), period)


def answerable(
    intern: UUID, at: datetime, sessions: Iterable[Session], supervisions: Iterable[Supervision]
) -> UUID | None:
    """The supervisor present at that instant; the smallest id when there are several, so that the answer is stable."""
    present = [
        tie.supervisor
        for tie in supervisions
        if tie.intern == intern
        for session in sessions
        if session.professional == tie.supervisor
        and (part := tie.during(session.period)) is not None
        and part.start <= at < part.end
    ]
    return min(present, default=None)
