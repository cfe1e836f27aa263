"""Where there is room: one pure function over sessions, occupancies, policy and `now`."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking.domain.intervals import Interval, covers, union
from booking.domain.kinds import Kind
from booking.domain.sessions import Session
from booking.domain.supervision import Supervision, supervised_periods


@dataclass(frozen=True, slots=True)
class Occupancy:
    """A resource that is taken."""

    resource: int
    period: Interval


@dataclass(frozen=True, slots=True)
class Policy:
    """What is looked for: the kind; who may supervise whom; resources that must be free besides the session's own
    (the patient's number)."""

    kind: Kind
    supervisions: tuple[Supervision, ...] = ()
    also_free: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Slot:
    """A place where an appointment can be put."""

    period: Interval
    session: UUID
    site: UUID
    professional: UUID
    role: str


def available_slots(
    sessions: Sequence[Session], occupancies: Iterable[Occupancy], policy: Policy, now: datetime, window: Interval
) -> list[Slot]:
    """Free slots that start inside `window` and not before `now`, ordered by start, then professional.

    `sessions` are the open ones of the sites looked at, supervisors' included. A slot starts on its session's grid
    (start of the session + n × grid), whatever is booked around it; lies inside the session; meets no occupancy of
    the practitioner, the room or `also_free`; and, for an intern, lies in the presence of supervisors.
    """
    busy = _busy_periods(occupancies)
    slots = [
        slot
        for session in sessions
        if session.offers(policy.kind)
        for slot in _slots_of(session, sessions, busy, policy, now, window)
    ]
    return sorted(slots, key=lambda slot: (slot.period.start, slot.professional.int))


def _slots_of(
    session: Session,
    sessions: Sequence[Session],
    busy: Mapping[int, list[Interval]],
    policy: Policy,
    now: datetime,
    window: Interval,
) -> Iterable[Slot]:
    needed = {resource.number for resource in session.resources} | policy.also_free
    taken = union(period for number in needed for period in busy.get(number, ()))
    ends = [period.end for period in taken]
    covered = (
        supervised_periods(session.professional, session.site, sessions, policy.supervisions)
        if session.needs_supervision
        else (session.period,)
    )
    for period in _grid(session, policy.kind, max(now, window.start), window.end):
        after = bisect_right(ends, period.start)  # the first busy period that ends after the slot has begun
        if after < len(taken) and taken[after].start < period.end:
            continue
        if covers(covered, period):
            yield Slot(period, session.id, session.site, session.professional, session.role)


def _grid(session: Session, kind: Kind, earliest: datetime, before: datetime) -> Iterable[Interval]:
    steps = max(0, -((session.period.start - earliest) // session.grid))  # rounded up to the grid
    start = session.period.start + steps * session.grid
    while start < before and start + kind.duration <= session.period.end:
        yield Interval(start, start + kind.duration)
        start += session.grid


def _busy_periods(occupancies: Iterable[Occupancy]) -> dict[int, list[Interval]]:
    busy: dict[int, list[Interval]] = {}
    for occupancy in occupancies:
        busy.setdefault(occupancy.resource, []).append(occupancy.period)
    return busy
