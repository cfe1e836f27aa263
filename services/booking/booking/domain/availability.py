"""Where there is room: one pure function over sessions, occupancies, policy and `now`.

`domain/agenda.py` gives the same answers from memory; tests hold the two against each other.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from booking.domain.intervals import Interval, intersection, meets, union, without
from booking.domain.kinds import Kind
from booking.domain.sessions import Session
from booking.domain.supervision import Coverage, Reach, Supervision
from booking.domain.travel import NOWHERE_ELSE, Travel


@dataclass(frozen=True, slots=True)
class Occupancy:
    """A resource that is taken."""

    resource: int
    period: Interval


@dataclass(frozen=True, slots=True)
class Partner:
    """Somebody else who must be free too, in an own session at the same site: from `offset` after the start of the
    appointment (before it, when negative), for `length`. A medical assistant who prepares: `offset` is minus the length
    of the preparation. A social worker who sits in: no offset, the length of the appointment.

    `same_room`: it happens in the room of the practitioner, who therefore must not receive anybody else meanwhile.
    """

    roles: frozenset[str]
    offset: timedelta
    length: timedelta
    same_room: bool = False

    def may_be(self, other: Session, practitioner: UUID) -> bool:
        """Whether whoever has that other session could be this partner of the practitioner."""
        return other.role in self.roles and other.professional != practitioner

    def needed(self, start: datetime) -> Interval:
        """When they are needed for an appointment that starts then."""
        return Interval(start + self.offset, start + self.offset + self.length)

    def together(self, period: Interval) -> Interval:
        """An appointment of that period, from when they are needed on."""
        return Interval(min(period.start, period.start + self.offset), period.end)


@dataclass(frozen=True, slots=True)
class Policy:
    """What is looked for, and by which rules.

    `also_free`: resources that must be free besides the session's own (the patient). `professionals`: nobody else.
    `withheld`: sessions that have no place for this caller's capacity class at `now`. `reaches`: supervisors who answer
    the telephone. How many interns a supervisor answers for: `use_cases/supervision/supervising.py`.
    """

    kind: Kind
    supervisions: tuple[Supervision, ...] = ()
    also_free: frozenset[int] = frozenset()
    partners: tuple[Partner, ...] = ()
    travel: Travel = NOWHERE_ELSE
    professionals: frozenset[UUID] | None = None
    withheld: frozenset[UUID] = frozenset()
    reaches: tuple[Reach, ...] = ()

    def __post_init__(self) -> None:
        roles = [role for partner in self.partners for role in partner.roles]
        if len(roles) != len(set(roles)):
            raise ValueError("two partners of one appointment have different roles")

    def wants(self, session: Session) -> bool:
        """Whether an appointment may be put into the session at all."""
        return (
            session.offers(self.kind)
            and (self.professionals is None or session.professional in self.professionals)
            and session.id not in self.withheld
        )


@dataclass(frozen=True, slots=True)
class Companion:
    """A partner of an appointment, and when they are needed; `able`: the sessions of all who could be it then, where
    that was asked live."""

    period: Interval
    session: UUID
    professional: UUID
    role: str
    able: frozenset[UUID] = field(default=frozenset(), compare=False)


@dataclass(frozen=True, slots=True)
class Slot:
    """A place where an appointment can be put. `open_ends` says how much of a free stretch it breaks: 0 fills it, 1
    touches one of its ends, 2 cuts it in two."""

    period: Interval
    session: UUID
    site: UUID
    professional: UUID
    role: str
    day: date = field(default=date.min, compare=False)
    open_ends: int = field(default=0, compare=False)
    companions: tuple[Companion, ...] = field(default=(), compare=False)

    def engages(self, kind: Kind) -> Iterator[tuple[UUID, Interval]]:
        """Whom an appointment of the kind takes there, and when; a session stands for its room."""
        yield self.professional, kind.around(self.period)
        in_room = self.companions if kind.preparation and kind.preparation.same_room else ()
        yield (
            self.session,
            Interval(min((each.period.start for each in in_room), default=self.period.start), self.period.end),
        )
        for each in self.companions:
            yield each.professional, each.period


def available_slots(
    sessions: Sequence[Session], occupancies: Iterable[Occupancy], policy: Policy, now: datetime, window: Interval
) -> list[Slot]:
    """Free slots that start inside `window` and keep the kind's leads from `now`, by start, then professional (see
    `domain/ranking.py` for the order that keeps half-days whole).

    `sessions` are the open ones of the sites looked at, those of supervisors and partners included. A slot starts on
    its session's grid (start of the session + n × grid), whatever is booked around it; lies inside the session, buffers
    included; meets no occupancy of the practitioner (buffers included), the room or `also_free`, nor the practitioner's
    way from another site; for an intern, lies in the presence of supervisors; and has every partner.
    """
    bookable = policy.kind.lead(now, window)
    if bookable is None:
        return []
    busy = busy_periods(occupancies)
    slots = [
        slot
        for session in sessions
        if policy.wants(session)
        for slot in _slots_of(session, sessions, busy, policy, bookable)
    ]
    return sorted(slots, key=chronological)


def chronological(slot: Slot) -> tuple[datetime, int, int]:
    """Sort key: earliest first; between practitioners the smaller id, so that the order is stable."""
    return slot.period.start, slot.professional.int, slot.session.int


@dataclass(frozen=True, slots=True)
class Presence:
    """When a session's professional is there, and when they may receive: for an intern, while supervised."""

    there: tuple[Interval, ...]
    supervised: tuple[Interval, ...]

    @classmethod
    def of(cls, session: Session, sessions: Iterable[Session], policy: Policy) -> "Presence":
        alone = cls.alone(session, policy.travel)
        if not session.needs_supervision:
            return alone
        coverage = Coverage(policy.supervisions, tuple(sessions), policy.reaches)
        return cls(alone.there, coverage.periods(session.professional, session.site))

    @classmethod
    def alone(cls, session: Session, travel: Travel) -> "Presence":
        """Of somebody who needs no supervision."""
        return cls(without((session.period,), travel.away(session)), (session.period,))


@dataclass(frozen=True, slots=True)
class _Time:
    """One session's own time: `free` of the practitioner; `fit` to receive, which wants the room and supervision;
    `usable`, both."""

    free: tuple[Interval, ...]
    fit: tuple[Interval, ...]
    usable: tuple[Interval, ...]

    @classmethod
    def of(
        cls, session: Session, sessions: Iterable[Session], busy: Mapping[int, Sequence[Interval]], policy: Policy
    ) -> "_Time":
        presence = Presence.of(session, sessions, policy)
        practitioner, *rooms = (resource.number for resource in session.resources)
        free = without(presence.there, busy.get(practitioner, ()))
        fit = without(presence.supervised, [period for room in rooms for period in busy.get(room, ())])
        return cls(free, fit, tuple(part for stretch in free for part in intersection(fit, stretch)))

    def has(self, period: Interval, around: Interval) -> bool:
        return _around(self.fit, period) is not None and _around(self.free, around) is not None

    def open_ends(self, around: Interval) -> int:
        """How many sides of it could still be given to somebody."""
        before = any(each.start < around.start <= each.end for each in self.usable)
        after = any(each.start <= around.end < each.end for each in self.usable)
        return before + after


def _slots_of(
    session: Session,
    sessions: Sequence[Session],
    busy: Mapping[int, list[Interval]],
    policy: Policy,
    bookable: Interval,
) -> Iterator[Slot]:
    time = _Time.of(session, sessions, busy, policy)
    partners = [_able(session, partner, sessions, busy, policy) for partner in policy.partners]
    barred = union(period for number in policy.also_free for period in busy.get(number, ()))
    for period in grid(session, policy.kind, bookable):
        around = policy.kind.around(period)
        if not time.has(period, around) or meets(barred, period):
            continue
        companions = _companions(period, policy.partners, partners, time)
        if companions is None:
            continue
        yield Slot(
            period, session.id, session.site, session.professional, session.role, session.day,
            time.open_ends(around), companions,
        )  # fmt: skip


def grid(session: Session, kind: Kind, bookable: Interval) -> Iterator[Interval]:
    """Periods of the kind on the session's grid that start when `bookable`, whatever is taken."""
    earliest = max(bookable.start, session.period.start + kind.buffer_before)
    steps = -((session.period.start - earliest) // session.grid)  # rounded up to the grid
    start = session.period.start + steps * session.grid
    while start < bookable.end and start + kind.duration + kind.buffer_after <= session.period.end:
        yield Interval(start, start + kind.duration)
        start += session.grid


def _able(
    session: Session,
    partner: Partner,
    sessions: Iterable[Session],
    busy: Mapping[int, Sequence[Interval]],
    policy: Policy,
) -> list[tuple[Session, _Time]]:
    """Who could be the partner, in the order in which they are asked, with their time."""
    able = [each for each in sessions if each.site == session.site and partner.may_be(each, session.professional)]
    return [(each, _Time.of(each, sessions, busy, policy)) for each in sorted(able, key=partner_order)]


def partner_order(session: Session) -> tuple[int, datetime, int]:
    """Who is asked first when several could be the partner."""
    return session.professional.int, session.period.start, session.id.int


def _companions(
    period: Interval, wanted: Sequence[Partner], able: Sequence[list[tuple[Session, _Time]]], own: _Time
) -> tuple[Companion, ...] | None:
    """One companion for each partner, or nothing when one is missing."""
    found = []
    for partner, candidates in zip(wanted, able, strict=True):
        needed = partner.needed(period.start)
        if partner.same_room and not _around(own.usable, partner.together(period)):
            return None
        free = [each for each, time in candidates if _around(time.usable, needed)]
        if not free:
            return None
        who = free[0]
        found.append(Companion(needed, who.id, who.professional, who.role, frozenset(each.id for each in free)))
    return tuple(found)


def _around(stretches: Sequence[Interval], period: Interval) -> Interval | None:
    """The stretch that holds the whole period."""
    at = bisect_right(stretches, period.start, key=_start) - 1
    return stretches[at] if at >= 0 and period.end <= stretches[at].end else None


def _start(interval: Interval) -> datetime:
    return interval.start


def busy_periods(occupancies: Iterable[Occupancy]) -> dict[int, list[Interval]]:
    """When each resource is taken, in the order of the occupancies."""
    busy: dict[int, list[Interval]] = {}
    for occupancy in occupancies:
        busy.setdefault(occupancy.resource, []).append(occupancy.period)
    return busy
