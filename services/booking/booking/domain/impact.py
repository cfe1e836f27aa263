"""What a change of the agenda does to those who have an appointment: who is hit, who can be kept, where the others
could go.

Whoever booked first has the first claim to the places that are left: the latest booked are displaced, unless another
distribution of the places keeps everybody.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import IntEnum, StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.domain.intervals import Interval
from booking.domain.kinds import DOCTORS, INTERN, Compartment, Kind
from booking.domain.local_time import local_day

_SENIORS = DOCTORS - {INTERN}


class ChangeKind(StrEnum):
    ABSENCE = "absence"
    SUPERVISOR_GONE = "supervisor_gone"
    SESSION_CHANGE = "session_change"
    SITE_CLOSED = "site_closed"
    SITE_MOVED = "site_moved"


class Decision(StrEnum):
    """What becomes of one hit appointment."""

    KEEP = "keep"
    MOVE = "move"
    CANCEL = "cancel"
    CALL = "call"


class DefaultPolicy(StrEnum):
    """What becomes of the displaced whom nobody decided about one by one."""

    MOVE = "move_to_first_proposal"
    CANCEL = "cancel_and_tell"
    CALL = "call"


class Tier(IntEnum):
    """How far a place is from what the patient had, best first."""

    SAME_DAY_EQUAL = 0  # same site, practitioner of equal standing
    SAME_DAY = 1  # same site, another practitioner who does this kind
    VIDEO = 2
    OTHER_SITE = 3
    OTHER_DAY = 4
    OTHER_SITE_AND_DAY = 5


@dataclass(frozen=True, slots=True)
class Company:
    """Somebody wanted besides the practitioner: when, and the sessions of those who could come, each by itself."""

    period: Interval
    able: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Needs:
    """What a place takes besides its hour: `session`, when nobody else can be received there (buffers, a preparation in
    that room); `occupied`, the practitioner's time; `patient`, from the preparation on; whoever takes part besides."""

    session: Interval
    occupied: Interval
    patient: Interval
    company: tuple[Company, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A place that remains once the change is made; `kind` where the appointment becomes one of another kind. `needs`
    is known while a plan is made: without it nothing but the hour is taken."""

    session: UUID
    site: UUID
    professional: UUID
    role: str
    mode: str
    period: Interval
    kind: str | None = None
    needs: Needs | None = field(default=None, compare=False, repr=False)

    @property
    def taken(self) -> Interval:
        """When nobody else can be received in its session."""
        return self.needs.session if self.needs else self.period

    @property
    def attended(self) -> Interval:
        """When the patient is there."""
        return self.needs.patient if self.needs else self.period

    def meets(self, other: "Place") -> bool:
        """True when both cannot be given: same session, common time."""
        return self.session == other.session and self.taken.overlaps(other.taken)


@dataclass(frozen=True, slots=True)
class Change:
    """What is about to happen; `reason` is a code, never a health fact. An absence and the departure of a supervisor
    have `professional` and `period`, a session its new hours in `period`, a closed site `site` and `period`, a moved
    site `site` and the first day at the new address."""

    kind: ChangeKind
    reason: str
    professional: UUID | None = None
    session: UUID | None = None
    site: UUID | None = None
    period: Interval | None = None
    from_day: date | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """An appointment that loses its place. `since` is when it was booked; `options` are the places that suit its kind
    and in which its patient is free; `can_move` is false once the patient is there."""

    appointment: UUID
    patient: UUID
    site: UUID
    role: str
    mode: str
    period: Interval
    since: datetime
    options: tuple[Place, ...] = ()
    can_move: bool = True

    @property
    def claim(self) -> tuple[datetime, int]:
        """Whoever booked first goes first."""
        return (self.since, self.appointment.int)

    def promises(self, places: Iterable[Place]) -> list["Promise"]:
        """These places, as they could be promised to it."""
        return [Promise(self.appointment, self.patient, place) for place in places]


@dataclass(frozen=True, slots=True)
class Promise:
    """A place that an appointment may get."""

    appointment: UUID
    patient: UUID
    place: Place

    def meets(self, other: "Promise") -> bool:
        """True when both cannot be kept: the same place, or one patient expected twice at an hour."""
        if self.place.meets(other.place):
            return True
        is_twice_there = self.patient == other.patient and self.appointment != other.appointment
        return is_twice_there and self.place.attended.overlaps(other.place.attended)

    def is_near(self, other: "Promise") -> bool:
        """True when what is counted of the one may be what is counted of the other: one session, or one hour."""
        return self.place.session == other.place.session or self.place.attended.overlaps(other.place.attended)


Holds = Callable[[Promise, Sequence[Promise]], bool]
"""Whether a promise can be kept besides others, and these besides it, by what is counted: shares of a session, acts and
supervisors of interns, whoever takes part besides. Of fewer promises none is lost."""


@dataclass(frozen=True, slots=True)
class Seat:
    """What an appointment is to get: `kept` is its own hour with somebody else, and then nothing is proposed."""

    appointment: UUID
    kept: Place | None = None
    proposals: tuple[Place, ...] = ()


def _always(_promise: Promise, _others: Sequence[Promise]) -> bool:
    return True


def assign(hits: Sequence[Hit], zone: ZoneInfo, now: datetime, notice: timedelta, holds: Holds = _always) -> list[Seat]:
    """A seat for each hit appointment, those who booked first coming first; no place is given twice, no patient two
    places that overlap, and all that is given `holds` together.

    First as many as can be are kept at their hour, with a practitioner of equal standing at the same site. Then each
    of the others gets a first proposal if any distribution of what is left has one for it; then a second one, of
    another sort where there is one. `notice`: an earlier hour than the patient's own is proposed only so long ahead.
    """
    claims = sorted((hit for hit in hits), key=lambda hit: hit.claim)
    movable = [hit for hit in claims if hit.can_move]
    own_hour = {hit.appointment: hit.promises(p for p in hit.options if keeps(hit, p)) for hit in movable}
    kept = _Distribution(own_hour, (), holds).made()
    displaced = [hit for hit in movable if hit.appointment not in kept]
    wanted = {hit.appointment: hit.promises(ranked(hit, hit.options, zone, now, notice)) for hit in displaced}
    first = _Distribution(wanted, tuple(kept.values()), holds).made()
    given = [*kept.values(), *first.values()]
    second: dict[UUID, Promise] = {}
    for hit in displaced:
        if had := first.get(hit.appointment):
            free = (each for each in wanted[hit.appointment] if _fits(each, given, holds))
            if other := _another(hit, free, had, zone):
                second[hit.appointment] = other
                given.append(other)
    return [
        Seat(
            hit.appointment,
            kept[hit.appointment].place if hit.appointment in kept else None,
            tuple(promised[hit.appointment].place for promised in (first, second) if hit.appointment in promised),
        )
        for hit in claims
    ]


def keeps(hit: Hit, place: Place) -> bool:
    """True when the patient comes at the same hour to the same site and sees somebody of equal standing."""
    return (place.site, place.mode, place.period) == (hit.site, hit.mode, hit.period) and _is_equal(
        hit.role, place.role
    )


def instead_by_video(kind: Kind, by_video: Iterable[Kind]) -> list[Kind]:
    """The other kinds in which what a doctor sees on site can be done by video: they ask no more of the patient and
    are taken from the same share. What wants a room, a device or an assistant is done where these are."""
    wants_place = kind.wants_room or bool(kind.equipment) or kind.preparation is not None
    if wants_place or not kind.roles & DOCTORS or kind.compartment != Compartment.MEDICAL:
        return []
    return [other for other in by_video if other.code != kind.code and _asks_no_more(other, kind)]


def _asks_no_more(other: Kind, kind: Kind) -> bool:
    return (
        (other.compartment, other.capacity_class) == (kind.compartment, kind.capacity_class)
        and other.running_cap is None
        and other.preparation is None
        and other.wants_eligibility <= kind.wants_eligibility
        and other.follow_up_only <= kind.follow_up_only
    )


def tier(hit: Hit, place: Place, zone: ZoneInfo) -> Tier:
    """How far `place` is from what the patient had; days are those of `zone`."""
    same_day = _day(hit.period, zone) == _day(place.period, zone)
    if place.mode != hit.mode and same_day:
        return Tier.VIDEO
    if place.site != hit.site:
        return Tier.OTHER_SITE if same_day else Tier.OTHER_SITE_AND_DAY
    if not same_day:
        return Tier.OTHER_DAY
    return Tier.SAME_DAY_EQUAL if _is_equal(hit.role, place.role) else Tier.SAME_DAY


def decide(seat: Seat, policy: DefaultPolicy, *, by_text: bool = True) -> Decision:
    """What the default policy makes of a seat. Nobody is moved without a place, and nobody is cancelled whom a text
    may not tell: then somebody speaks with them."""
    if seat.kept:
        return Decision.KEEP
    if policy is DefaultPolicy.MOVE and seat.proposals:
        return Decision.MOVE
    return Decision.CANCEL if policy is DefaultPolicy.CANCEL and by_text else Decision.CALL


def shortlist(
    hit: Hit, places: Iterable[Place], zone: ZoneInfo, now: datetime, notice: timedelta, per_tier: int
) -> tuple[Place, ...]:
    """The best places of each tier, those that keep the hour among them: enough to choose from, few enough to try
    every distribution."""
    chosen: dict[Tier, list[Place]] = {}
    for place in ranked(hit, places, zone, now, notice):
        of_tier = chosen.setdefault(tier(hit, place, zone), [])
        if len(of_tier) < per_tier or keeps(hit, place):
            of_tier.append(place)
    return tuple(place for of_tier in chosen.values() for place in of_tier)


@dataclass(frozen=True, slots=True)
class _Distribution:
    """A place for each of `wanted` (in order of claim, places best first) besides those that are `closed`, such that as
    many as possible have one.

    Augmenting paths (Kuhn 1955): a later claim that finds nothing free may push an earlier one to another of its
    places, never off all of them. As long as places meet only when they are the same, no distribution serves more, and
    none serves an earlier claim that this one leaves out (a transversal matroid). Where something is counted besides,
    anybody of the same session or hour may be the one who gives way. Where places of unequal length meet several
    others, or one patient has two appointments, a claim never pushes two at once.
    """

    wanted: Mapping[UUID, Sequence[Promise]]
    closed: Sequence[Promise]
    holds: Holds
    seats: dict[UUID, Promise] = field(default_factory=dict)

    def made(self) -> dict[UUID, Promise]:
        served = -1
        while served < len(self.seats):  # who gives way to their own patient leaves a place to others
            served = len(self.seats)
            for claimant in self.wanted:
                if claimant not in self.seats:
                    self._seat(claimant, set(), ())
        return self.seats

    def _seat(self, claimant: UUID, seen: set[Place], claimed: tuple[Promise, ...]) -> bool:
        fixed = [*self.closed, *claimed]
        seated = [had for who, had in self.seats.items() if who != claimant]
        open_to_it = [each for each in self.wanted[claimant] if not any(each.meets(other) for other in fixed)]
        for promise in open_to_it:
            if not any(promise.meets(had) for had in seated) and self.holds(promise, [*fixed, *seated]):
                self.seats[claimant] = promise
                return True
        for promise in open_to_it:
            if promise.place in seen:
                continue
            for holder in self._in_the_way(promise, fixed, seated):
                seen.add(promise.place)
                if self._seat(holder.appointment, seen, (*claimed, promise)):
                    self.seats[claimant] = promise
                    return True
        return False

    def _in_the_way(self, promise: Promise, fixed: Sequence[Promise], seated: Sequence[Promise]) -> list[Promise]:
        """Those of whom one need only give way for the promise to hold."""
        meeting = [had for had in seated if had.meets(promise)]
        if len(meeting) > 1 or not self.holds(promise, fixed):
            return []
        near = meeting or [had for had in seated if had.is_near(promise)]
        return [had for had in near if self.holds(promise, [*fixed, *(each for each in seated if each is not had)])]


def _fits(promise: Promise, given: Sequence[Promise], holds: Holds) -> bool:
    return not any(promise.meets(other) for other in given) and holds(promise, given)


def ranked(hit: Hit, places: Iterable[Place], zone: ZoneInfo, now: datetime, notice: timedelta) -> list[Place]:
    """The places that can be proposed to the patient, best first: by tier, in the mode they had before another one,
    then nearest day, then nearest hour of the clock. None has begun, and none earlier than the patient's own hour is
    nearer than `notice`."""

    def rank(place: Place) -> tuple[int, bool, int, timedelta, datetime, int]:
        start, wanted = place.period.start.astimezone(zone), hit.period.start.astimezone(zone)
        away = abs(start.replace(tzinfo=None) - datetime.combine(start, wanted.time()))
        days = abs((start.date() - wanted.date()).days)
        return (tier(hit, place, zone), place.mode != hit.mode, days, away, place.period.start, place.session.int)

    early = max(now, min(hit.period.start, now + notice))
    return sorted((place for place in places if place.period.start >= early), key=rank)


def _another(hit: Hit, free: Iterable[Promise], first: Promise, zone: ZoneInfo) -> Promise | None:
    """The best of another sort than the first, else the best."""
    best = None
    for each in free:
        if tier(hit, each.place, zone) != tier(hit, first.place, zone):
            return each
        best = best or each
    return best


def _is_equal(had: str, offered: str) -> bool:
    """A doctor stands in for a doctor or an intern; others only for their like."""
    return offered in _SENIORS if had in _SENIORS else offered == had or (had == INTERN and offered in _SENIORS)


def _day(period: Interval, zone: ZoneInfo) -> date:
    return local_day(period.start, zone)
