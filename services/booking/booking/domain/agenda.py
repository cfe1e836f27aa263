"""The same answers as `available_slots` for one site, from memory: a session is a few whole numbers (`minutes.py`).

Cost: one short step for each session of the window that offers the kind, whatever is booked in it, and one for each
place told. A session keeps what it offers until something of it changes; a search stops where its limit is filled.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, groupby
from operator import attrgetter
from uuid import UUID

from booking.domain.availability import Companion, Partner, Policy, Presence, Slot, chronological, partner_order
from booking.domain.intervals import Interval
from booking.domain.kinds import Kind
from booking.domain.minutes import (
    MINUTE,
    each,
    every,
    instant_of,
    minute_from,
    minute_of,
    minutes_of,
    minutes_within,
    runs,
    shifted,
    span,
)
from booking.domain.ranking import Order, rank
from booking.domain.sessions import LONGEST_SESSION, Session

Starts = tuple[int, int, int]
"""Minutes of a session where an appointment may start: those that fill a free stretch, touch an end of one, cut one."""

Times = tuple[int, int, int]
"""Minutes of an appointment: the buffer before, the appointment itself, the buffer after."""

_LONGEST = LONGEST_SESSION // MINUTE
_NOTHING: Starts = (0, 0, 0)
NOTHING_BUSY: Mapping[int, Sequence[Interval]] = {}


@dataclass(slots=True)
class Line:
    """One session, in minutes from its start: when its professional is `there` and may receive (`supervised`, always
    for most), and when they and the room are `taken`."""

    session: Session
    first: int
    length: int
    there: int
    supervised: int
    taken: int = 0
    room_taken: int = 0
    _starts: dict[Times, Starts] = field(default_factory=dict)
    _places: dict[Times, int] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session, presence: Presence) -> "Line":
        """The line of a session, with nothing taken yet."""
        first = minute_of(session.period.start)
        length = minute_from(session.period.end) - first
        there = sum(minutes_within(period, first) for period in presence.there)
        supervised = sum(minutes_within(period, first) for period in presence.supervised)
        return cls(session, first, length, there & span(0, length), supervised)

    def take(self, practitioner: Iterable[Interval], room: Iterable[Interval]) -> None:
        """These are taken, and nothing else."""
        self.taken = self._met(practitioner)
        self.room_taken = self._met(room)
        self._starts.clear()
        self._places.clear()

    def with_taken(self, practitioner: Iterable[Interval], room: Iterable[Interval]) -> "Line":
        """The line when these are taken too."""
        taken, room_taken = self.taken | self._met(practitioner), self.room_taken | self._met(room)
        return Line(self.session, self.first, self.length, self.there, self.supervised, taken, room_taken)

    @property
    def free(self) -> int:
        return self.there & ~self.taken

    @property
    def usable(self) -> int:
        return self.free & self.supervised & ~self.room_taken

    def starts(self, times: Times) -> Starts:
        """Where an appointment of these times may start."""
        known = self._starts.get(times)
        if known is None:
            known = self._starts[times] = self._look(*times)
        return known

    def places(self, times: Times) -> int:
        """How many appointments of these times can be put into the session together."""
        known = self._places.get(times)
        if known is None:
            fill, touch, cut = self.starts(times)
            known = self._places[times] = _together(fill | touch | cut, sum(times))
        return known

    def _look(self, before: int, minutes: int, after: int) -> Starts:
        starts = runs(self.free, before + minutes + after) << before
        starts &= runs(self.supervised & ~self.room_taken, minutes)
        starts &= every(self.session.grid // MINUTE, self.length)
        if not starts:
            return _NOTHING
        usable = self.usable
        from_an_end, to_an_end = starts & ~(usable << (before + 1)), starts & ~(usable >> (minutes + after))
        fill, either = from_an_end & to_an_end, from_an_end | to_an_end
        return fill, either & ~fill, starts & ~either

    def _met(self, periods: Iterable[Interval]) -> int:
        met = 0
        for period in periods:
            met |= minutes_of(period, self.first)
        return met


def in_order(lines: Iterable[Line]) -> list[Line]:
    """Lines as `search` wants them."""
    return sorted(lines, key=lambda line: (line.first, line.session.professional.int, line.session.id.int))


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for, in minutes: starts in `[earliest, before)`. `policy` as for `available_slots`, but presence
    is already in the lines. `busy`: what takes the resources that the policy asks for besides those of sessions."""

    policy: Policy
    times: Times
    earliest: int
    before: int
    busy: Mapping[int, Sequence[Interval]]

    @property
    def is_plain(self) -> bool:
        """True when a session alone says what it offers."""
        policy = self.policy
        return not (policy.also_free or policy.partners)


def question(
    policy: Policy, window: Interval, now: datetime, busy: Mapping[int, Sequence[Interval]] = NOTHING_BUSY
) -> Question:
    """The question that `available_slots` would answer at `now`."""
    kind = policy.kind
    times = kind.buffer_before // MINUTE, kind.duration // MINUTE, kind.buffer_after // MINUTE
    bookable = kind.lead(now, window)
    if bookable is None:
        return Question(policy, times, 0, 0, busy)
    return Question(policy, times, minute_from(bookable.start), minute_from(bookable.end), busy)


def search(
    lines: Sequence[Line], asked: Question, order: Order = Order.CHRONOLOGICAL, limit: int | None = None
) -> list[Slot]:
    """The first `limit` free slots of a site, in that order. `lines`: its sessions, `in_order`."""
    key = rank if order is Order.RANKED else chronological
    found: list[Slot] = []
    for stage in _stages(_within(lines, asked), order):
        found += sorted((slot for line in stage for slot in _slots_of(line, lines, asked)), key=key)
        if limit is not None and len(found) >= limit:
            return found[:limit]
    return found


def one_by_one(lines: Sequence[Line], asked: Question) -> Iterator[Slot]:
    """The free slots, earliest first, each looked at when it is asked for."""
    for stage in _stages(_within(lines, asked), Order.CHRONOLOGICAL):
        starts = [
            (line.first + minute, line.session.professional.int, line.session.id.int, open_ends, line)
            for line in stage
            for open_ends, minutes in enumerate(_starts_of(line, lines, asked))
            for minute in each(minutes)
        ]
        for minute, _, _, open_ends, line in sorted(starts, key=lambda start: start[:3]):
            yield slot_at(line, minute - line.first, open_ends, lines, asked)


def with_booked(lines: Sequence[Line], booked: Iterable[Slot], kind: Kind) -> list[Line]:
    """The lines when these slots are given to appointments of the kind."""
    engaged: dict[UUID, list[Interval]] = {}
    for slot in booked:
        for whom, period in slot.engages(kind):
            engaged.setdefault(whom, []).append(period)

    def after(line: Line) -> Line:
        practitioner, room = engaged.get(line.session.professional, ()), engaged.get(line.session.id, ())
        return line.with_taken(practitioner, room) if practitioner or room else line

    return [after(line) for line in lines]


def first_places(
    lines: Sequence[Line], asked: Question, count: int, among: Iterable[Sequence[Line]] | None = None
) -> list[Slot]:
    """The first appointments that can be had together (see `ranking.places`), `count` at most; `among`: of some of the
    lines, in order. Days after the last of them are not looked at."""
    wanted = chain.from_iterable(_within(some, asked) for some in ([lines] if among is None else among))
    found: list[tuple[int, Line, int]] = []
    for stage in _stages(wanted, Order.CHRONOLOGICAL):
        firsts = [each for line in stage for each in _first_of(line, lines, asked, count)]
        found += sorted(firsts, key=lambda it: (it[0], it[1].session.professional.int, it[1].session.id.int))
        if len(found) >= count:
            break
    return [slot_at(line, minute - line.first, open_ends, lines, asked) for minute, line, open_ends in found[:count]]


def _first_of(line: Line, lines: Sequence[Line], asked: Question, count: int) -> Iterator[tuple[int, Line, int]]:
    """The first minutes of one line at which appointments can be had together, and what each breaks."""
    fill, touch, cut = _starts_of(line, lines, asked)
    starts, minutes = fill | touch | cut, sum(asked.times)
    while starts and count:
        first = starts & -starts
        minute = first.bit_length() - 1
        yield line.first + minute, line, 0 if first & fill else 1 if first & touch else 2
        starts = starts >> (minute + minutes) << (minute + minutes)
        count -= 1


def count_places(lines: Sequence[Line], asked: Question, among: Sequence[Line] | None = None) -> int:
    """How many appointments can be put together into the lines, or into some of them."""
    total = 0
    for line in _within(lines if among is None else among, asked):
        if asked.is_plain and asked.earliest <= line.first and line.first + line.length <= asked.before:
            total += line.places(asked.times)
        else:
            fill, touch, cut = _starts_of(line, lines, asked)
            total += _together(fill | touch | cut, sum(asked.times))
    return total


def _within(lines: Sequence[Line], asked: Question) -> Iterator[Line]:
    """The lines that are wanted and have minutes between the bounds."""
    at = bisect_left(lines, asked.earliest - _LONGEST, key=first_minute)
    until = bisect_left(lines, asked.before, lo=at, key=first_minute)
    wants = asked.policy.wants
    for number in range(at, until):
        line = lines[number]
        if line.first + line.length > asked.earliest and wants(line.session):
            yield line


def _stages(lines: Iterable[Line], order: Order) -> Iterator[list[Line]]:
    """Groups of lines such that every slot of a group comes before every slot of the next ones."""
    if order is Order.RANKED:
        for _, day in groupby(lines, key=lambda line: line.session.day):
            yield list(day)
        return
    together: list[Line] = []
    end = 0
    for line in lines:
        if together and line.first >= end:
            yield together
            together = []
        together.append(line)
        end = max(end, line.first + line.length)
    if together:
        yield together


def _slots_of(line: Line, lines: Sequence[Line], asked: Question) -> Iterator[Slot]:
    for open_ends, starts in enumerate(_starts_of(line, lines, asked)):
        for minute in each(starts):
            yield slot_at(line, minute, open_ends, lines, asked)


def _starts_of(line: Line, lines: Sequence[Line], asked: Question) -> Starts:
    fill, touch, cut = line.starts(asked.times)
    if not (fill or touch or cut):
        return _NOTHING
    allowed = span(asked.earliest - line.first, min(asked.before - line.first, line.length))
    if not asked.is_plain:
        allowed &= _allowed(line, lines, asked)
    return fill & allowed, touch & allowed, cut & allowed


def _allowed(line: Line, lines: Sequence[Line], asked: Question) -> int:
    """Minutes of the line where the rest of the policy lets an appointment start."""
    policy, minutes = asked.policy, asked.times[1]
    allowed = span(0, line.length)
    for number in policy.also_free:
        for period in asked.busy.get(number, ()):
            allowed &= ~_meeting(line, period, minutes)
    for partner in policy.partners:
        allowed &= _with_partner(line, partner, lines, minutes)
    return allowed


def _meeting(line: Line, period: Interval, minutes: int) -> int:
    """Starts whose appointment would meet the period."""
    return span(minute_of(period.start) - line.first - minutes + 1, minute_from(period.end) - line.first)


def _with_partner(line: Line, partner: Partner, lines: Sequence[Line], minutes: int) -> int:
    """Starts for which somebody can be the partner."""
    offset, length = partner.offset // MINUTE, partner.length // MINUTE
    possible = 0
    for other in _able(line, partner, lines):
        possible |= shifted(runs(other.usable, length), other.first - line.first - offset)
    if partner.same_room:
        before = max(0, -offset)
        possible &= runs(line.usable, before + minutes) << before
    return possible


def _able(line: Line, partner: Partner, lines: Sequence[Line]) -> list[Line]:
    """Lines of whoever could be the partner, in the order in which they are asked."""
    start = line.first + partner.offset // MINUTE
    at = bisect_left(lines, start - _LONGEST, key=first_minute)
    until = bisect_left(lines, line.first + line.length, lo=at, key=first_minute)
    able = [other for other in lines[at:until] if partner.may_be(other.session, line.session.professional)]
    return sorted(able, key=lambda other: partner_order(other.session))


def slot_at(line: Line, minute: int, open_ends: int, lines: Sequence[Line], asked: Question) -> Slot:
    start = instant_of(line.first + minute)
    session = line.session
    companions = tuple(_companion(line, minute, partner, lines) for partner in asked.policy.partners)
    return Slot(
        Interval(start, start + asked.policy.kind.duration), session.id, session.site, session.professional,
        session.role, session.day, open_ends, companions,
    )  # fmt: skip


def _companion(line: Line, minute: int, partner: Partner, lines: Sequence[Line]) -> Companion:
    start = line.first + minute + partner.offset // MINUTE
    wanted = span(0, partner.length // MINUTE)
    who = next(
        other.session
        for other in _able(line, partner, lines)
        if start >= other.first and not (wanted << (start - other.first)) & ~other.usable
    )
    period = Interval(instant_of(start), instant_of(start) + partner.length)
    return Companion(period, who.id, who.professional, who.role)


def _together(starts: int, minutes: int) -> int:
    """How many of the starts can be kept when each takes that many minutes."""
    count, end = 0, 0
    while starts := starts >> end << end:
        end = (starts & -starts).bit_length() - 1 + minutes
        count += 1
    return count


first_minute: Callable[[Line], int] = attrgetter("first")
