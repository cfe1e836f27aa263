"""Availability against a brute-force oracle that knows no interval arithmetic: it looks at every minute."""

import itertools
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from booking.domain import resources
from booking.domain.alternatives import nearest
from booking.domain.availability import Occupancy, Policy, Slot, available_slots
from booking.domain.intervals import Interval, covers, union
from booking.domain.kinds import DOCTORS, Kind
from booking.domain.sessions import Misfit, Session, fit
from booking.domain.supervision import Supervision, is_covered, supervised_periods
from tests.booking.world import PARIS

SITE = UUID(int=53)
MIDNIGHT = datetime(2027, 1, 11, tzinfo=UTC)
PEOPLE = [UUID(int=n) for n in range(1, 5)]
MINUTE = timedelta(minutes=1)


def at(minute: int) -> datetime:
    return MIDNIGHT + minute * MINUTE


def consultation(minutes: int = 20) -> Kind:
    return Kind("consultation", timedelta(minutes=minutes), DOCTORS, "desk", wants_eligibility=True)


def session(
    who: UUID, start: int, end: int, grid: int = 20, role: str = "gp", room: str | None = None, number: int = 0
) -> Session:
    return Session(
        id=UUID(int=1000 + number),
        territory="53",
        site=SITE,
        professional=who,
        role=role,
        room=room,
        kinds=frozenset({"consultation"}),
        day=date(2027, 1, 11),
        period=Interval(at(start), at(end)),
        grid=timedelta(minutes=grid),
    )


def starts(slots: list[Slot]) -> list[int]:
    return [int((slot.period.start - MIDNIGHT) / MINUTE) for slot in slots]


DAY = Interval(at(0), at(24 * 60))


def search(sessions: list[Session], busy: list[Occupancy] = [], **how: object) -> list[Slot]:  # noqa: B006
    policy = Policy(consultation(), **how)  # type: ignore[arg-type]
    return available_slots(sessions, busy, policy, at(0), DAY)


def occupied(who: UUID, start: int, end: int) -> Occupancy:
    return Occupancy(resources.practitioner(who).number, Interval(at(start), at(end)))


class TestTheGrid:
    def test_slots_start_on_the_grid_and_end_inside_the_session(self) -> None:
        assert starts(search([session(PEOPLE[0], 60, 130)])) == [60, 80, 100]

    def test_the_grid_does_not_slide_after_an_odd_occupancy(self) -> None:
        assert starts(search([session(PEOPLE[0], 60, 180)], [occupied(PEOPLE[0], 65, 75)])) == [80, 100, 120, 140, 160]

    def test_a_slot_may_touch_an_occupancy_on_both_sides(self) -> None:
        busy = [occupied(PEOPLE[0], 60, 80), occupied(PEOPLE[0], 100, 120)]
        assert starts(search([session(PEOPLE[0], 60, 120)], busy)) == [80]

    def test_nothing_starts_before_now(self) -> None:
        policy = Policy(consultation())
        found = available_slots([session(PEOPLE[0], 60, 130)], [], policy, at(61), DAY)
        assert starts(found) == [80, 100]

    def test_a_taken_room_closes_the_slot_of_whoever_works_there(self) -> None:
        room = Occupancy(resources.room(SITE, "Cabinet 1").number, Interval(at(60), at(80)))
        assert starts(search([session(PEOPLE[0], 60, 100, room="Cabinet 1")], [room])) == [80]

    def test_a_patient_who_is_expected_elsewhere_is_not_proposed_that_hour(self) -> None:
        patient = resources.patient(PEOPLE[3]).number
        busy = [Occupancy(patient, Interval(at(60), at(80)))]
        found = search([session(PEOPLE[0], 60, 100)], busy, also_free=frozenset({patient}))
        assert starts(found) == [80]


class TestSupervision:
    def test_an_intern_alone_has_no_slot(self) -> None:
        assert search([session(PEOPLE[0], 60, 120, role="intern")]) == []

    def test_the_presences_of_two_supervisors_add_up(self) -> None:
        intern, one, other = PEOPLE[:3]
        ties = (Supervision(intern, one, at(-1000)), Supervision(intern, other, at(-1000)))
        sessions = [session(intern, 60, 120, role="intern"), session(one, 60, 90), session(other, 90, 110)]
        found = [slot for slot in search(sessions, supervisions=ties) if slot.professional == intern]
        assert starts(found) == [60, 80]

    def test_a_supervision_counts_between_its_dates_only(self) -> None:
        intern, one = PEOPLE[:2]
        sessions = [session(intern, 60, 160, role="intern"), session(one, 60, 160)]
        tie = Supervision(intern, one, at(80), at(120))
        assert supervised_periods(intern, SITE, sessions, [tie]) == (Interval(at(80), at(120)),)

    def test_presence_at_another_site_does_not_cover(self) -> None:
        intern, one = PEOPLE[:2]
        tie = Supervision(intern, one, at(0))
        assert not is_covered(intern, UUID(int=72), Interval(at(60), at(80)), [session(one, 0, 200)], [tie])


class TestFit:
    def test_why_an_appointment_cannot_start_there(self) -> None:
        it = session(PEOPLE[0], 60, 120)
        assert fit(it, consultation(), at(80), at(0)) == Interval(at(80), at(100))
        assert fit(it, consultation(), at(81), at(0)) is Misfit.OFF_GRID
        assert fit(it, consultation(), at(110), at(0)) is Misfit.OUTSIDE_SESSION
        assert fit(it, consultation(), at(40), at(0)) is Misfit.OUTSIDE_SESSION
        assert fit(it, consultation(), at(80), at(81)) is Misfit.PAST
        social = Kind("social", timedelta(minutes=30), frozenset({"social_worker"}), "medico_social")
        assert fit(it, social, at(80), at(0)) is Misfit.KIND_NOT_OFFERED


minutes = st.integers(0, 300)
spans = st.tuples(minutes, st.integers(1, 120)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Session], list[Occupancy], Policy, datetime, Interval]:
    sessions = [
        session(
            draw(st.sampled_from(PEOPLE)), *draw(spans), draw(st.sampled_from([5, 15, 20])),
            draw(st.sampled_from(["gp", "intern", "social_worker"])), draw(st.sampled_from([None, "1", "2"])), n,
        )
        for n in range(draw(st.integers(0, 5)))
    ]  # fmt: skip
    patient = resources.patient(UUID(int=99)).number
    numbers = [resources.practitioner(who).number for who in PEOPLE]
    numbers += [resources.room(SITE, "1").number, resources.room(SITE, "2").number, patient]
    busy = [
        Occupancy(draw(st.sampled_from(numbers)), Interval(at(start), at(end)))
        for start, end in draw(st.lists(spans, max_size=8))
    ]
    ties = tuple(
        Supervision(
            draw(st.sampled_from(PEOPLE)),
            draw(st.sampled_from(PEOPLE)),
            at(start),
            draw(st.sampled_from([None, at(end)])),
        )
        for start, end in draw(st.lists(spans, max_size=4))
    )
    kind = consultation(draw(st.sampled_from([10, 20, 45])))
    also = frozenset({patient}) if draw(st.booleans()) else frozenset()
    return sessions, busy, Policy(kind, ties, also), at(draw(minutes)), Interval(*map(at, draw(spans)))


def oracle(
    sessions: list[Session], busy: list[Occupancy], policy: Policy, now: datetime, window: Interval
) -> list[tuple[datetime, UUID]]:
    """Every minute of the window is tried; every minute of the slot is looked at."""
    found = []
    for it in sessions:
        if it.role not in policy.kind.roles:
            continue
        needed = {resource.number for resource in it.resources} | policy.also_free
        start = it.period.start
        while start < it.period.end:
            instants = [start + n * MINUTE for n in range(int(policy.kind.duration / MINUTE))]
            good = (
                window.start <= start < window.end
                and start >= now
                and all(instant < it.period.end for instant in instants)
                and all(_is_free(instant, needed, busy) for instant in instants)
                and (it.role != "intern" or all(_is_supervised(instant, it, sessions, policy) for instant in instants))
            )
            if good:
                found.append((start, it.id))
            start += it.grid
    return sorted(found)


def _is_free(instant: datetime, needed: set[int], busy: list[Occupancy]) -> bool:
    return not any(o.resource in needed and o.period.start <= instant < o.period.end for o in busy)


def _is_supervised(instant: datetime, it: Session, sessions: list[Session], policy: Policy) -> bool:
    return any(
        tie.intern == it.professional
        and tie.start <= instant
        and (tie.end is None or instant < tie.end)
        and any(
            other.professional == tie.supervisor and other.period.start <= instant < other.period.end
            for other in sessions
        )
        for tie in policy.supervisions
    )


@settings(max_examples=400)
@given(worlds())
def test_the_function_finds_exactly_what_looking_at_every_minute_finds(
    world: tuple[list[Session], list[Occupancy], Policy, datetime, Interval],
) -> None:
    found = available_slots(*world)
    assert sorted((slot.period.start, slot.session) for slot in found) == oracle(*world)
    assert [slot.period.start for slot in found] == sorted(slot.period.start for slot in found)


@given(worlds(), st.data())
def test_booking_a_found_slot_removes_it_and_moves_no_other(
    world: tuple[list[Session], list[Occupancy], Policy, datetime, Interval], data: st.DataObject
) -> None:
    sessions, busy, policy, now, window = world
    before = available_slots(*world)
    if not before:
        return
    taken = data.draw(st.sampled_from(before))
    occupancy = Occupancy(resources.practitioner(taken.professional).number, taken.period)
    after = available_slots(sessions, [*busy, occupancy], policy, now, window)
    same = [
        slot for slot in before if slot.professional != taken.professional or not slot.period.overlaps(taken.period)
    ]
    assert after == same


@given(st.lists(spans), spans)
def test_a_union_holds_the_same_minutes_and_nothing_touches(
    parts: list[tuple[int, int]], wanted: tuple[int, int]
) -> None:
    joined = union(Interval(at(start), at(end)) for start, end in parts)
    held = {minute for start, end in parts for minute in range(start, end)}
    assert {
        m for part in joined for m in range(*(int((i - MIDNIGHT) / MINUTE) for i in (part.start, part.end)))
    } == held
    assert all(one.end < other.start for one, other in itertools.pairwise(joined))
    assert covers(joined, Interval(*map(at, wanted))) == set(range(*wanted)).issubset(held)


class TestAlternatives:
    def slot(self, start: int, role: str = "gp", who: UUID = PEOPLE[0]) -> Slot:
        return Slot(Interval(at(start), at(start + 20)), UUID(int=1), SITE, who, role)

    def test_same_kind_of_practitioner_first_then_others_of_the_day_then_other_days(self) -> None:
        other_day = self.slot(24 * 60 + 600)
        slots = [other_day, self.slot(600, "social_worker"), self.slot(700), self.slot(900, "social_worker")]
        assert starts(nearest(slots, at(610), "gp", PEOPLE[0], PARIS, 4)) == [700, 600, 900, 24 * 60 + 600]

    def test_an_hour_is_proposed_once_and_by_the_same_person_when_possible(self) -> None:
        slots = [self.slot(600, who=PEOPLE[1]), self.slot(600), self.slot(620, who=PEOPLE[1])]
        found = nearest(slots, at(600), "gp", PEOPLE[0], PARIS)
        assert [(slot.professional, start) for slot, start in zip(found, starts(found), strict=True)] == [
            (PEOPLE[0], 600),
            (PEOPLE[1], 620),
        ]

    def test_three_are_enough(self) -> None:
        assert len(nearest([self.slot(600 + 20 * n) for n in range(9)], at(600), "gp", None, PARIS)) == 3


class TestResources:
    @given(st.uuids(), st.uuids())
    def test_kinds_never_collide_and_numbers_fit_a_range_of_int8(self, one: UUID, other: UUID) -> None:
        numbers = [
            resources.practitioner(one).number,
            resources.patient(other).number,
            resources.room(one, "Cabinet 1").number,
        ]
        assert len(set(numbers)) == 3
        assert all(-(2**63) <= number < 2**63 - 1 for number in numbers)

    def test_a_room_has_one_number_however_it_is_written(self) -> None:
        assert resources.room(SITE, "Cabinet 1") == resources.room(SITE, " cabinet  1")
        assert resources.room(SITE, "Cabinet 1") != resources.room(SITE, "Cabinet 2")
        assert resources.room(SITE, "Cabinet 1") != resources.room(UUID(int=72), "Cabinet 1")
