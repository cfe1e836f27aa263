"""The fast search against the pure function in a hundred thousand cases, and both against an oracle that knows no
interval and no bit: it looks at every minute."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from random import Random
from uuid import UUID

from booking.domain import agenda
from booking.domain.agenda import Line
from booking.domain.availability import Occupancy, Partner, Presence, Slot, available_slots
from booking.domain.intervals import Interval
from booking.domain.pages import Page, first_of_pages
from booking.domain.ranking import Order, ordered, places
from booking.domain.sessions import Session
from tests.booking.cases import MINUTE, Case, case

SEED = 53
CASES = 100_000
CHANGES = 12  # bookings and cancellations that one agenda sees
ORACLE_SHARE = 0.01  # the oracle is slow


def lines_of(it: Case) -> list[Line]:
    """The agenda as the read model keeps it."""
    lines = [Line.of(each, Presence.of(each, it.sessions, it.policy)) for each in it.sessions]
    for line in lines:
        take(line, it.occupancies)
    return agenda.in_order(lines)


def take(line: Line, occupancies: Iterable[Occupancy]) -> None:
    practitioner, *rooms = (resource.number for resource in line.session.resources)
    line.take(
        [each.period for each in occupancies if each.resource == practitioner],
        [each.period for each in occupancies if each.resource in rooms],
    )


def fast(it: Case, lines: list[Line], order: Order = Order.CHRONOLOGICAL, limit: int | None = None) -> list[Slot]:
    return agenda.search(lines, asked(it), order, limit)


def asked(it: Case) -> agenda.Question:
    busy: dict[int, list[Interval]] = {}
    for each in it.occupancies:
        busy.setdefault(each.resource, []).append(each.period)
    return agenda.question(it.policy, it.window, it.now, busy)


def pure(it: Case) -> list[Slot]:
    return available_slots(it.sessions, it.occupancies, it.policy, it.now, it.window)


def told(slots: list[Slot]) -> list[tuple[object, ...]]:
    """All of each slot, what equality leaves out included."""
    return [(s.period, s.session, s.professional, s.day, s.open_ends, s.companions) for s in slots]


@dataclass
class Tally:
    """What was compared: answers of agendas, and those among them that are awkward."""

    compared: int = 0
    agendas: int = 0
    in_between: int = 0  # somebody had booked or cancelled since the last question
    change_of_hour: int = 0  # the clock is turned while somebody receives
    holiday: int = 0  # a rule has left one out
    counted: int = 0  # by weeks as they are kept, numbers of places included
    empty: int = 0
    found: int = 0

    def add(self, it: Case, expected: list[Slot], change: int) -> None:
        self.compared += 1
        self.agendas += not change
        self.in_between += change > 0
        self.change_of_hour += it.has_change_of_hour
        self.holiday += it.has_holiday
        self.counted += _is_everybodys(it)
        self.empty += not expected
        self.found += len(expected)


def test_the_fast_search_finds_what_the_pure_function_finds_in_a_hundred_thousand_cases() -> None:
    draw, tally = Random(SEED), Tally()
    while tally.compared < CASES:
        _compare(case(draw), draw, tally)
    print(f"seed {SEED}: {tally}")
    assert tally.found > tally.compared  # an agenda has more than one free slot on average,
    assert tally.empty < tally.compared / 2  # and few are full
    assert tally.agendas > 10_000
    assert tally.in_between > 50_000
    assert tally.change_of_hour > 5_000
    assert tally.holiday > 1_000
    assert tally.counted > 10_000, "by weeks as they are kept"


def _compare(it: Case, draw: Random, tally: Tally) -> None:
    """An agenda while others book and cancel in it: lines and weeks only hear of what has changed."""
    lines = lines_of(it)
    page = Page.of(lines)
    for change in range(CHANGES):
        expected = pure(it)
        assert told(fast(it, lines)) == told(expected)
        if change == 0:
            _compare_orders(it, lines, expected, draw)
        if _is_everybodys(it):
            _compare_week(it, page, expected, draw)
        if draw.random() < ORACLE_SHARE:
            assert [(s.period.start, s.session, s.open_ends) for s in expected] == oracle(it)
        tally.add(it, expected, change)
        if not expected and draw.random() < 0.5:
            return
        if expected and draw.random() < 0.8:
            it = it.with_booking(draw.choice(expected))
        elif it.occupancies:
            it = it.with_cancellation(draw)
        else:
            return
        for line in lines:
            take(line, it.occupancies)
        page.changed()


def _compare_orders(it: Case, lines: list[Line], expected: list[Slot], draw: Random) -> None:
    limit = draw.choice([1, 3, 20])
    assert told(fast(it, lines, Order.RANKED, limit)) == told(ordered(expected, Order.RANKED)[:limit])
    assert told(fast(it, lines, Order.CHRONOLOGICAL, limit)) == told(expected[:limit])
    assert told(list(islice(agenda.one_by_one(lines, asked(it)), limit))) == told(expected[:limit])
    together = places(expected, it.policy.kind.length)
    assert agenda.count_places(lines, asked(it)) == len(together)
    assert told(agenda.first_places(lines, asked(it), limit)) == told(together[:limit])


def _compare_week(it: Case, page: Page, expected: list[Slot], draw: Random) -> None:
    limit, together = draw.choice([1, 3, 20]), places(expected, it.policy.kind.length)
    assert page.places(asked(it)) == len(together)
    known = first_of_pages([page], asked(it), limit)
    assert known is None or told(known) == told(together[:limit])


def _is_everybodys(it: Case) -> bool:
    """Pages know of kinds, not of callers."""
    is_theirs = it.policy.withheld or it.policy.professionals is not None
    return not is_theirs and not any(each.needs_supervision or each.shares for each in it.sessions)


def oracle(it: Case) -> list[tuple[datetime, UUID, int]]:
    """Every start of every session is tried; every minute of every appointment is looked at."""
    found = []
    for session in it.sessions:
        if session.role not in it.policy.kind.roles or session.id in it.policy.withheld:
            continue
        start = session.period.start
        while start < session.period.end:
            if _may_start(it, session, start):
                found.append((start, session.professional.int, session.id, _open_ends(it, session, start)))
            start += session.grid
    return [(start, session, ends) for start, _, session, ends in sorted(found, key=lambda f: (f[0], f[1], f[2].int))]


def _may_start(it: Case, session: Session, start: datetime) -> bool:
    policy, kind = it.policy, it.policy.kind
    minutes = _minutes(start, kind.duration // MINUTE)
    return (
        it.window.start <= start < it.window.end
        and start >= it.now + kind.min_lead
        and (kind.max_lead is None or start <= it.now + kind.max_lead)
        and all(_is_free(it, session, m) for m in _minutes(start - kind.buffer_before, kind.length // MINUTE))
        and all(_may_receive(it, session, minute) for minute in minutes)
        and not any(_is_taken(it, number, minute) for number in policy.also_free for minute in minutes)
        and all(_has_partner(it, session, start, partner) for partner in policy.partners)
    )


def _has_partner(it: Case, session: Session, start: datetime, partner: Partner) -> bool:
    minutes = _minutes(start + partner.offset, partner.length // MINUTE)
    if partner.same_room:
        first = min(start, start + partner.offset)
        together = _minutes(first, (start + it.policy.kind.duration - first) // MINUTE)
        if not all(_can_receive(it, session, minute) for minute in together):
            return False
    return any(
        other.role in partner.roles
        and other.professional != session.professional
        and all(_can_receive(it, other, minute) for minute in minutes)
        for other in it.sessions
    )


def _can_receive(it: Case, session: Session, minute: datetime) -> bool:
    return _is_free(it, session, minute) and _may_receive(it, session, minute)


def _is_free(it: Case, session: Session, minute: datetime) -> bool:
    """Whether the professional of the session is there, with nobody."""
    return (
        session.period.start <= minute < session.period.end
        and not _is_taken(it, session.resources[0].number, minute)
        and not _is_on_the_way(it, session, minute)
    )


def _may_receive(it: Case, session: Session, minute: datetime) -> bool:
    """Whether the room is free, and an intern supervised."""
    return not any(_is_taken(it, room.number, minute) for room in session.resources[1:]) and (
        session.role != "intern" or _is_supervised(it, session, minute)
    )


def _is_taken(it: Case, number: int, minute: datetime) -> bool:
    return any(o.resource == number and o.period.start <= minute < o.period.end for o in it.occupancies)


def _is_on_the_way(it: Case, session: Session, minute: datetime) -> bool:
    """Whether they are elsewhere, or on the way between there and a session that was opened after that one."""
    travel = it.policy.travel
    for there in travel.elsewhere:
        way = travel.distances.between(session.site, there.site) if there.session < session.id else 0 * MINUTE
        if there.professional == session.professional and (there.period.start - way <= minute < there.period.end + way):
            return True
    return False


def _is_supervised(it: Case, session: Session, minute: datetime) -> bool:
    return any(
        tie.intern == session.professional
        and tie.start <= minute
        and (tie.end is None or minute < tie.end)
        and any(
            other.professional == tie.supervisor and other.period.start <= minute < other.period.end
            for other in it.sessions
        )
        for tie in it.policy.supervisions
    )


def _open_ends(it: Case, session: Session, start: datetime) -> int:
    """How many of the minutes just before and just after the appointment could still be given."""
    kind = it.policy.kind
    around = (start - kind.buffer_before - MINUTE, start + kind.duration + kind.buffer_after)
    return sum(_can_receive(it, session, minute) for minute in around)


def _minutes(start: datetime, count: int) -> list[datetime]:
    return [start + n * MINUTE for n in range(count)]
