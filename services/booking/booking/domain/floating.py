"""Whose practitioner changes, so that there are places for one request more.

At one hour of a site, each practitioner receives one patient. Patients who asked for nobody in particular may go to
any practitioner who suits them; the request wants one of them, or several for a family. Everybody standing already has
a place, so one augmenting path for each of the places wanted decides (Berge 1957): they exist exactly when an
assignment of all exists. Each is the shortest one: for one place, as few patients as possible change.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Collection, Hashable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from uuid import UUID

from booking.domain.intervals import Interval


@dataclass(frozen=True, slots=True)
class Hour:
    """Who stands where. `free`: sessions that have nobody at that hour. `standing`: in which session each appointment
    that may float stands, one in each. `suits`: where it could go."""

    free: frozenset[UUID]
    standing: Mapping[UUID, UUID]
    suits: Mapping[UUID, Collection[UUID]]

    def may_leave(self, session: UUID) -> bool:
        """Whether somebody stands in the session who may float."""
        return session in self.standing.values()

    def sort(self, session: UUID) -> Hashable:
        """The same for sessions that can be exchanged: whoever could come, where whoever stands there could go."""
        could_come = frozenset(mover for mover, there in self.suits.items() if session in there)
        could_go = [frozenset(self.suits[mover]) for mover, where in self.standing.items() if where == session]
        return session in self.free, could_come, *could_go


class Hours:
    """The hours of a window at which somebody may give way, all equally long, each with its buffers. Hours that meet
    are not freed both: whoever gives way at one would be in the way at the other."""

    def __init__(self, each: Mapping[Interval, Hour]) -> None:
        self._each = {around: hour for around, hour in each.items() if hour.standing}
        self._in_order = sorted(self._each)

    def __bool__(self) -> bool:
        return bool(self._each)

    def frees(self, session: UUID, around: Interval) -> bool:
        """Whether somebody stands there who may give way, as far as others let them."""
        return around in self._each and self._each[around].may_leave(session)

    def admit(self, places: Collection[tuple[UUID, Interval]]) -> bool:
        """Whether all of these places (session and hour) can be had together: free ones and such as `frees` knows."""
        left = {around for session, around in places if self.frees(session, around)}
        if any(one.overlaps(other) for one, other in combinations(left, 2)):
            return False
        return all(
            make_room({session for session, around in places if around.overlaps(hour)}, self._each[hour]) is not None
            for hour in left
        )

    def sort(self, session: UUID, around: Interval) -> Hashable | None:
        """The same for places that can be exchanged, whatever others are had; nothing where nobody gives way."""
        met = tuple((hour, self._each[hour].sort(session)) for hour in self._meeting(around))
        return (around, met) if met else None

    def _meeting(self, around: Interval) -> Iterator[Interval]:
        at = bisect_left(self._in_order, around.start - around.length, key=_start)
        while at < len(self._in_order) and self._in_order[at].start < around.end:
            if self._in_order[at].overlaps(around):
                yield self._in_order[at]
            at += 1


def make_room(wanted: Collection[UUID], hour: Hour) -> list[tuple[UUID, UUID]] | None:
    """The moves (appointment, its new session) after which nobody who may float stands in a session that is wanted, in
    an order in which each finds its new session free; nothing when there is no way."""
    free, where = hour.free.difference(wanted), dict(hour.standing)
    for session in sorted(wanted):
        path = _path_from(session, free, where, hour.suits, wanted)
        if path is None:
            return None
        where |= path
        free -= set(path.values())
    return list(_in_order(hour.free, hour.standing, where))


def _path_from(
    wanted: UUID,
    free: Set[UUID],
    where: Mapping[UUID, UUID],
    suits: Mapping[UUID, Collection[UUID]],
    barred: Collection[UUID],
) -> dict[UUID, UUID] | None:
    """Where those go who make room for one session more, while nobody goes to those barred."""
    holder = {session: appointment for appointment, session in where.items()}
    came: dict[UUID, tuple[UUID, UUID]] = {}  # session: (who would come, from which session)
    reached, queue = {*barred}, deque([wanted])
    if wanted not in holder:
        return {}
    while queue:
        session = queue.popleft()
        mover = holder.get(session)
        if mover is None:
            continue  # somebody who stays
        for target in sorted(suits[mover]):
            if target in reached:
                continue
            reached.add(target)
            came[target] = mover, session
            if target in free:
                return dict(_back(target, wanted, came))
            queue.append(target)
    return None


def _back(end: UUID, wanted: UUID, came: Mapping[UUID, tuple[UUID, UUID]]) -> Iterator[tuple[UUID, UUID]]:
    while end != wanted:
        mover, origin = came[end]
        yield mover, end
        end = origin


def _in_order(
    free: Collection[UUID], before: Mapping[UUID, UUID], after: Mapping[UUID, UUID]
) -> Iterator[tuple[UUID, UUID]]:
    """The way of each from where it stood, those to free sessions first. Whoever would go round in a circle stays."""
    newcomers = {session: mover for mover, session in after.items() if before[mover] != session}
    for end in sorted(newcomers.keys() & set(free)):
        while end in newcomers:
            mover = newcomers[end]
            yield mover, end
            end = before[mover]


def _start(interval: Interval) -> datetime:
    return interval.start
