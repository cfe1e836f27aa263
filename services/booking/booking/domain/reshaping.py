"""What open sessions become when their rule, their hours or the calendar change, and who can stay in them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from uuid import UUID

from booking.domain.appointments import Appointment, State
from booking.domain.intervals import Interval
from booking.domain.planning import Grid, remaining
from booking.domain.resources import Resource
from booking.domain.sessions import Session


def follow(
    existing: Sequence[Session], wanted: Sequence[Session]
) -> tuple[dict[Session, Session | None], list[Session]]:
    """What each existing session of a day becomes (nothing: it does not take place), and which are new.

    A session follows the wanted one that it overlaps, else the first that is left, and keeps its identity.
    """
    left = list(wanted)
    after: dict[Session, Session | None] = {}
    for session in existing:
        nearest = next((each for each in left if each.period.overlaps(session.period)), None)
        after[session] = nearest and goes_on_as(session, nearest)
        if nearest:
            left.remove(nearest)
    for session in [session for session, became in after.items() if became is None and left]:
        if left:
            after[session] = goes_on_as(session, left.pop(0))
    return after, left


def goes_on_as(session: Session, wanted: Session) -> Session:
    """With its identity, and with the hours of release it was opened with while its shares are the same."""
    same = session.day == wanted.day and session.kept == wanted.kept
    return replace(wanted, id=session.id, shares=session.shares if same else wanted.shares)


def parts_of(session: Session, taken: Iterable[Interval], grid: Grid) -> tuple[Session, ...]:
    """The parts of a session that a closure or an absence leaves; all have its identity."""
    return tuple(replace(session, period=part) for part in remaining(session.period, taken, grid))


def meeting(changed: Iterable[tuple[Session, Session]]) -> frozenset[UUID]:
    """Which of these sessions (before, after) must stay as they are, for as they are to become two of them would have
    the same professional or room at once: of two the one that meets the other as it is already, else the later by id.
    """
    in_order = sorted(changed, key=lambda pair: pair[0].id.int)
    by_resource: dict[Resource, list[tuple[Session, Session]]] = {}
    for pair in in_order:
        for resource in pair[1].resources:
            by_resource.setdefault(resource, []).append(pair)
    stay: set[UUID] = set()
    for sharing in by_resource.values():
        for (one_before, one), (other_before, other) in combinations(sharing, 2):
            if stay.isdisjoint((one.id, other.id)) and one.period.overlaps(other.period):
                is_hopeless = _meet(one, other_before) and not _meet(other, one_before)
                stay.add(one.id if is_hopeless else other.id)
    return frozenset(stay)


def _meet(one: Session, other: Session) -> bool:
    return one.period.overlaps(other.period) and not set(one.resources).isdisjoint(other.resources)


def home_of(
    it: Appointment, own: Session | None, others: Iterable[Session], seen_by: Collection[UUID] | None = None
) -> Session | None:
    """The session in which an appointment can stay as it is, its own first; nothing when it has lost its place.
    `seen_by`, of a kind that only follows up: who has received the patient already.

    Who is given another practitioner is told so, which only a booked appointment can be: nobody is moved from under a
    caller (held) or out of the waiting room.
    """
    candidates = (own, *others) if own else tuple(others)
    return next((each for each in candidates if _can_stay(it, each, seen_by)), None)


def comes_back_to(it: Appointment, homes: Iterable[Session]) -> Session | None:
    """The session in which somebody who has lost their place could have it again: with the same professional, at the
    hour that was agreed."""
    return home_of(it, None, (each for each in homes if each.professional == it.professional))


def loses_company(it: Appointment, before: Mapping[UUID, Session], after: Mapping[UUID, Session | None]) -> bool:
    """Whether somebody who takes part besides (who prepares, who sits in) was there and is not any more. `before` and
    `after`: the sessions that change, and what they become."""
    changed = ((each, before[each.session], after[each.session]) for each in it.others if each.session in before)
    return any(
        was.period.contains(each.period)
        and (left is None or left.professional != each.professional or not left.period.contains(each.period))
        for each, was, left in changed
    )


def is_elsewhere(it: Appointment, home: Session) -> bool:
    """True when the appointment must be written down again to stand in `home`."""
    return (it.session, it.professional, it.role) != (home.id, home.professional, home.role)


def _can_stay(it: Appointment, session: Session, seen_by: Collection[UUID] | None) -> bool:
    if seen_by is not None and session.professional not in (it.professional, *seen_by):
        return False
    taken = Interval(it.period.start - it.buffer_before, it.period.end + it.buffer_after)
    fits = it.site == session.site and session.period.contains(taken) and it.kind in session.kinds
    return fits and (it.state is State.BOOKED or not is_elsewhere(it, session))
