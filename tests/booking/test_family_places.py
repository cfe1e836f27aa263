"""Where several patients who come together sit: against every way of giving places to them."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise, permutations
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from booking.domain.availability import Slot
from booking.domain.family import together
from booking.domain.floating import Hour, Hours
from booking.domain.intervals import Interval
from booking.domain.kinds import INTERN
from booking.domain.matching import assign

NINE = datetime(2027, 1, 11, 8, tzinfo=UTC)
TEN, TWENTY = timedelta(minutes=10), timedelta(minutes=20)
TEN_O_CLOCK = NINE + timedelta(hours=1)


def slot(session: int, place: int, grid: timedelta = TWENTY, role: str = "gp") -> Slot:
    """A place of twenty minutes."""
    start = NINE + place * grid
    return Slot(Interval(start, start + TWENTY), UUID(int=session), UUID(int=99), UUID(int=session), role)


def always(_: Slot, __: Sequence[Slot]) -> bool:
    return True


def family_of(count: int) -> list[UUID]:
    return [UUID(int=100 + n) for n in range(count)]


@given(st.dictionaries(st.integers(0, 6), st.lists(st.integers(0, 6), unique=True, max_size=5), max_size=6))
def test_an_assignment_is_found_exactly_when_there_is_one(wishes: dict[int, list[int]]) -> None:
    """Against every way of giving six goods to at most six askers."""
    exists = any(
        all(good in wishes[asker] for asker, good in zip(wishes, goods, strict=True))
        for goods in permutations(range(7), len(wishes))
    )
    found = assign(wishes)
    assert (found is not None) == exists
    if found is not None:
        assert len(set(found.values())) == len(wishes)
        assert all(good in wishes[asker] for asker, good in found.items())


@given(
    free=st.sets(st.tuples(st.integers(1, 3), st.integers(0, 7)), max_size=16),
    count=st.integers(2, 4),
    late=st.integers(0, 7),
)
def test_a_family_has_one_practitioner_whenever_one_has_room_for_all(
    free: set[tuple[int, int]], count: int, late: int
) -> None:
    """The first patient is expected elsewhere during one of the places."""
    first, *others = family_of(count)
    slots = {slot(*each) for each in free}
    elsewhere = slot(1, late).period
    wishes = {first: {each for each in slots if each.period != elsewhere}} | dict.fromkeys(others, slots)
    found = together(wishes, TWENTY, always)
    runs = [
        start for session in (1, 2, 3) for start in range(8) if all((session, start + n) in free for n in range(count))
    ]  # with two places or more, one of them is not the busy one
    if runs:
        assert found is not None
        assert len({each.session for each in found.values()}) == 1
        assert min(each.period.start for each in found.values()) == NINE + min(runs) * TWENTY
    if found is not None:
        assert len({(each.session, each.period.start) for each in found.values()}) == count
        assert found[first].period != elsewhere


@dataclass(frozen=True)
class Bounds:
    """What bounds a family besides free hours: places left of a session; acts left of an intern before ten and after;
    how many interns their supervisor answers for at once."""

    left: dict[int, int]
    acts: int
    ratio: int

    def hold(self, places: Collection[Slot]) -> bool:
        interns = [place for place in places if place.role == INTERN]
        return (
            all(sum(each.session.int == session for each in places) <= left for session, left in self.left.items())
            and all(self._acts(interns, each) <= self.acts for each in interns)
            and all(sum(each.period.overlaps(other.period) for other in interns) <= self.ratio for each in interns)
        )

    def admits(self, place: Slot, besides: Sequence[Slot]) -> bool:
        return self.hold([*besides, place])

    def _acts(self, places: Collection[Slot], like: Slot) -> int:
        return sum(
            each.session == like.session and (each.period.start < TEN_O_CLOCK) == (like.period.start < TEN_O_CLOCK)
            for each in places
        )


def comes_together(places: Collection[Slot]) -> bool:
    """As the rule is written: runs without room for one more between two, that begin together."""
    runs = [
        sorted(each.period.start for each in places if each.session == session)
        for session in {each.session for each in places}
    ]
    gaps = [later - earlier - TWENTY for run in runs for earlier, later in pairwise(run)]
    begins = [run[0] for run in runs]
    return all(timedelta() <= gap < TWENTY for gap in gaps) and max(begins) - min(begins) < TWENTY


def ways(wishes: dict[UUID, set[Slot]], hold: Callable[[Collection[Slot]], bool]) -> Iterator[tuple[Slot, ...]]:
    """Every choice of places on which they can be seated."""
    every = set[Slot]().union(*wishes.values())
    for chosen in combinations(every, len(wishes)):
        suits = any(
            all(place in wishes[who] for who, place in zip(wishes, seated, strict=True))
            for seated in permutations(chosen)
        )
        if suits and comes_together(chosen) and hold(chosen):
            yield chosen


def figures(places: Collection[Slot]) -> tuple[int, datetime]:
    return len({each.session for each in places}), min(each.period.start for each in places)


@settings(max_examples=400)
@given(
    free=st.sets(st.tuples(st.integers(1, 3), st.integers(3, 8)), min_size=2, max_size=9),
    count=st.integers(2, 4),
    elsewhere=st.lists(st.tuples(st.integers(0, 3), st.integers(3, 9)), max_size=5),
    strangers=st.sets(st.tuples(st.integers(0, 3), st.integers(1, 3)), max_size=8),
    interns=st.sets(st.integers(1, 3)),
    bounds=st.builds(
        Bounds,
        left=st.dictionaries(st.integers(1, 3), st.integers(0, 3)),
        acts=st.integers(1, 3),
        ratio=st.integers(1, 3),
    ),
)
def test_a_family_is_seated_exactly_when_there_is_a_way_by_the_fewest_and_the_earliest(
    free: set[tuple[int, int]],
    count: int,
    elsewhere: list[tuple[int, int]],
    strangers: set[tuple[int, int]],
    interns: set[int],
    bounds: Bounds,
) -> None:
    """Some are expected elsewhere, some are not followed up by everybody; half-days end at ten."""
    patients = family_of(count)
    slots = [slot(session, place, TEN, INTERN if session in interns else "gp") for session, place in free]
    wishes = {
        who: {
            each
            for each in slots
            if (at, each.session.int) not in strangers
            and not any(n == at and each.period.overlaps(slot(0, hour, TEN).period) for n, hour in elsewhere)
        }
        for at, who in enumerate(patients)
    }
    expected = min(map(figures, ways(wishes, bounds.hold)), default=None)
    found = together(wishes, TWENTY, bounds.admits)
    assert (found and figures(found.values())) == expected
    if found is None:
        return
    assert comes_together(found.values())
    assert bounds.hold(found.values())
    assert len(set(found.values())) == count
    assert list(found) == patients
    assert all(place in wishes[who] for who, place in found.items())


@dataclass(frozen=True)
class Drift:
    """Who stands where and may float: the place of each, and which sessions suit them at their hour."""

    free: frozenset[Slot]
    standing: dict[UUID, Slot]
    suits: dict[UUID, set[UUID]]

    @property
    def hours(self) -> Hours:
        return Hours({each.period: self._at(each.period) for each in self.standing.values()})

    def holds(self, places: Collection[Slot]) -> bool:
        """Whether all who stand there can go elsewhere, at hours that do not meet."""
        left = {place.period for place in places if place in self.standing.values()}
        return not any(one.overlaps(other) for one, other in combinations(left, 2)) and all(
            self._all_have_a_place(hour, places) for hour in left
        )

    def _at(self, period: Interval) -> Hour:
        return Hour(
            frozenset(each.session for each in self.free if each.period == period),
            {who: each.session for who, each in self.standing.items() if each.period == period},
            {who: self.suits[who] for who, each in self.standing.items() if each.period == period},
        )

    def _all_have_a_place(self, period: Interval, places: Collection[Slot]) -> bool:
        hour, barred = self._at(period), {each.session for each in places if each.period.overlaps(period)}
        usable = (hour.free | set(hour.standing.values())) - barred
        return any(
            all(session in hour.suits[who] for who, session in zip(hour.standing, chosen, strict=True))
            for chosen in permutations(usable, len(hour.standing))
        )


@settings(max_examples=600)
@given(
    free=st.sets(st.tuples(st.integers(1, 5), st.integers(0, 1)), min_size=2, max_size=7),
    standing=st.sets(st.tuples(st.integers(1, 5), st.sampled_from((0, 0, 0, 1, 2))), min_size=2, max_size=6),
    count=st.integers(2, 3),
    strangers=st.sets(st.tuples(st.integers(0, 2), st.integers(1, 5)), max_size=5),
    data=st.data(),
)
def test_a_family_is_seated_exactly_when_all_who_give_way_have_a_place(
    free: set[tuple[int, int]],
    standing: set[tuple[int, int]],
    count: int,
    strangers: set[tuple[int, int]],
    data: st.DataObject,
) -> None:
    """By the fewest and the earliest again. Those who float stand in one hour of five sessions, or in hours that
    meet."""
    held: list[Slot] = []
    for each in (slot(session, place, TEN) for session, place in sorted(standing)):
        if not any(each.session == other.session and each.period.overlaps(other.period) for other in held):
            held.append(each)
    drift = Drift(
        frozenset(
            each
            for each in (slot(session, place, TEN) for session, place in free)
            if not any(each.session == other.session and each.period.overlaps(other.period) for other in held)
        ),
        dict(zip((UUID(int=200 + at) for at in range(len(held))), held, strict=True)),
        {
            UUID(int=200 + at): {UUID(int=one) for one in data.draw(st.sets(st.integers(1, 5), min_size=1))}
            | {each.session}
            for at, each in enumerate(held)
        },
    )
    places = [*drift.free, *held]
    wishes = {
        who: {each for each in places if (at, each.session.int) not in strangers}
        for at, who in enumerate(family_of(count))
    }
    expected = min(map(figures, ways(wishes, drift.holds)), default=None)
    hours = drift.hours

    def admits(place: Slot, besides: Sequence[Slot]) -> bool:
        return hours.admit([(each.session, each.period) for each in (*besides, place)])

    found = together(wishes, TWENTY, admits, lambda place: hours.sort(place.session, place.period))
    assert (found and figures(found.values())) == expected
    if found is not None:
        assert comes_together(found.values())
        assert drift.holds(found.values())
        assert all(place in wishes[who] for who, place in found.items())


def test_a_family_too_large_for_one_goes_to_the_fewest_at_the_same_hour() -> None:
    patients = family_of(3)
    free = {slot(1, 0), slot(2, 0), slot(2, 1), slot(3, 1)}
    found = together(dict.fromkeys(patients, free), TWENTY, always)
    assert found is not None
    assert sorted((each.session.int, each.period.start) for each in found.values()) == [
        (1, NINE), (2, NINE), (2, NINE + TWENTY),
    ]  # fmt: skip
    assert found[patients[0]].period.start == NINE


def test_whoever_may_go_to_a_doctor_leaves_the_intern_to_whom_no_other_suits() -> None:
    """One intern at a time: the first patient, who could go to either, must not go to the other intern."""
    one, other = family_of(2)
    intern, doctor, second_intern = slot(1, 0, role=INTERN), slot(2, 0), slot(3, 0, role=INTERN)
    one_at_a_time = Bounds({}, acts=3, ratio=1)
    found = together({one: {intern, doctor}, other: {second_intern}}, TWENTY, one_at_a_time.admits)
    assert found == {one: doctor, other: second_intern}
