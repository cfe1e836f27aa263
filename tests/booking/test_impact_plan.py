"""Who keeps their hour, who is proposed what: the pure function, against every distribution there is."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations, product
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from booking.domain.impact import (
    Decision,
    DefaultPolicy,
    Hit,
    Place,
    Promise,
    Seat,
    Tier,
    assign,
    decide,
    keeps,
    tier,
)
from booking.domain.intervals import Interval
from tests.booking.world import MONDAY, PARIS, monday, paris

HERE, THERE = UUID(int=1), UUID(int=2)
LONG_AGO = paris(date(2027, 1, 1), "09:00")
NOW = monday("07:45")
NOTICE = timedelta(hours=2)


def twenty(start: str, day: date = MONDAY) -> Interval:
    first = paris(day, start)
    return Interval(first, first + timedelta(minutes=20))


def place(start: str, session: int = 7, **changes: object) -> Place:
    made = Place(UUID(int=session), HERE, UUID(int=100 + session), "gp", "AMB", twenty(start))
    return replace(made, **changes)  # type: ignore[arg-type]


def hit(number: int, start: str, *options: Place, **changes: object) -> Hit:
    """Booked in the order of their numbers, each for somebody else."""
    since = LONG_AGO + timedelta(minutes=number)
    made = Hit(UUID(int=number), UUID(int=number), HERE, "gp", "AMB", twenty(start), since, options)
    return replace(made, **changes)  # type: ignore[arg-type]


def seats(*hits: Hit) -> dict[int, Seat]:
    return {seat.appointment.int: seat for seat in assign(hits, PARIS, NOW, NOTICE)}


class TestKeeping:
    def test_somebody_free_at_the_same_hour_takes_over(self) -> None:
        colleague = place("09:00")
        assert seats(hit(1, "09:00", colleague))[1] == Seat(UUID(int=1), colleague)

    def test_of_two_at_one_hour_whoever_booked_first_is_kept(self) -> None:
        found = seats(hit(2, "09:00", place("09:00")), hit(1, "09:00", place("09:00")))
        assert found[1].kept == place("09:00")
        assert found[2].kept is None

    def test_a_better_distribution_keeps_both(self) -> None:
        both, only = place("09:00", 7), place("09:00", 8)
        found = seats(hit(1, "09:00", both, only), hit(2, "09:00", both))
        assert (found[1].kept, found[2].kept) == (only, both)

    def test_an_intern_does_not_stand_in_for_a_doctor_but_a_doctor_does_for_an_intern(self) -> None:
        doctor, intern = place("09:00"), place("09:00", role="intern")
        assert seats(hit(1, "09:00", intern))[1].kept is None
        assert seats(hit(1, "09:00", doctor, role="intern"))[1].kept == doctor

    def test_another_site_another_hour_or_video_is_not_the_same_appointment(self) -> None:
        for other in (place("09:00", site=THERE), place("09:20"), place("09:00", mode="VR")):
            assert seats(hit(1, "09:00", other))[1].kept is None

    def test_who_is_already_there_is_not_sent_elsewhere_by_a_plan(self) -> None:
        assert seats(hit(1, "09:00", place("09:00"), can_move=False))[1] == Seat(UUID(int=1))


class TestProposals:
    def test_two_of_different_sorts_the_nearest_of_the_best_first(self) -> None:
        near, far, tomorrow = place("10:00"), place("11:00"), place("09:00", period=twenty("09:00", date(2027, 1, 12)))
        assert seats(hit(1, "09:00", tomorrow, far, near))[1].proposals == (near, tomorrow)

    def test_two_of_one_sort_when_there_is_no_other(self) -> None:
        assert seats(hit(1, "09:00", place("11:00"), place("10:00")))[1].proposals == (place("10:00"), place("11:00"))

    def test_on_another_day_video_comes_after_every_place_in_their_own_mode(self) -> None:
        soon, later = [twenty("09:00", date(2027, 1, day)) for day in (12, 13)]
        remote, visit = place("09:00", period=soon, mode="VR"), place("09:00", period=later)
        assert seats(hit(1, "09:00", remote, visit))[1].proposals == (visit, remote)

    def test_everybody_has_a_first_one_before_anybody_a_second(self) -> None:
        found = seats(hit(1, "09:00", place("10:00"), place("10:20")), hit(2, "09:20", place("10:00")))
        assert found[1].proposals == (place("10:20"),)
        assert found[2].proposals == (place("10:00"),)

    def test_nobody_is_asked_to_come_earlier_at_short_notice(self) -> None:
        found = seats(hit(1, "11:00", place("09:40"), place("08:00")), hit(2, "11:20", place("09:40")))
        assert found[1].proposals == ()
        assert seats(hit(1, "11:00", place("09:45")))[1].proposals == (place("09:45"),)

    def test_no_place_that_has_begun_is_proposed(self) -> None:
        assert seats(hit(1, "07:00", place("07:40")))[1].proposals == ()

    def test_one_patient_is_not_promised_two_places_of_one_hour(self) -> None:
        there, later = [place(at, 8) for at in ("10:00", "11:00")]
        options = (place("10:00"), there, later)
        found = seats(*(hit(number, at, *options, patient=UUID(int=9)) for number, at in ((1, "09:00"), (2, "09:20"))))
        assert [found[1].proposals, found[2].proposals] == [(place("10:00"), there), (later,)]

    def test_an_earlier_claim_gives_way_to_another_one_of_its_patient(self) -> None:
        soon, later, only = place("10:00"), place("11:00"), place("10:00", 8)
        first, second = hit(1, "09:00", soon, later), hit(2, "09:20", only, patient=UUID(int=1))
        found = seats(first, second)
        assert [found[1].proposals, found[2].proposals] == [(later,), (only,)]

    def test_the_order_of_the_sorts(self) -> None:
        tomorrow = twenty("09:00", date(2027, 1, 12))
        patient = hit(1, "09:00")
        sorts = [
            place("10:00"),
            place("10:00", role="intern"),
            place("10:00", mode="VR", site=THERE),
            place("10:00", site=THERE),
            place("09:00", period=tomorrow),
            place("09:00", period=tomorrow, site=THERE),
        ]
        assert [tier(patient, each, PARIS) for each in sorts] == list(Tier)


class TestPolicies:
    kept, proposed, nothing = (
        Seat(UUID(int=1), place("09:00")),
        Seat(UUID(int=1), None, (place("10:00"),)),
        Seat(UUID(int=1)),
    )

    def test_whoever_is_kept_is_kept_under_every_policy(self) -> None:
        assert {decide(self.kept, policy) for policy in DefaultPolicy} == {Decision.KEEP}

    def test_nobody_is_moved_without_a_place(self) -> None:
        assert decide(self.proposed, DefaultPolicy.MOVE) is Decision.MOVE
        assert decide(self.nothing, DefaultPolicy.MOVE) is Decision.CALL

    def test_cancel_and_call_mean_it(self) -> None:
        for seat in (self.proposed, self.nothing):
            assert decide(seat, DefaultPolicy.CANCEL) is Decision.CANCEL
            assert decide(seat, DefaultPolicy.CALL) is Decision.CALL


HOURS = ("09:00", "09:20", "09:40")
_places = st.builds(place, st.sampled_from(HOURS), st.integers(7, 10))


@st.composite
def _hits(draw: st.DrawFn, lengths: Sequence[int] = (20,), patients: int | None = None) -> list[Hit]:
    """Each of somebody else, or of so few `patients` that some have several."""
    made = []
    for number in draw(st.permutations(range(1, draw(st.integers(1, 6)) + 1))):
        options = draw(st.lists(_places, max_size=6, unique=True))
        minutes = timedelta(minutes=draw(st.sampled_from(lengths)))
        expected = hit(number, draw(st.sampled_from(HOURS)))
        if patients:
            expected = replace(expected, patient=UUID(int=draw(st.integers(1, patients))))
        own = Interval(expected.period.start, expected.period.start + minutes)
        wide = [replace(each, period=Interval(each.period.start, each.period.start + minutes)) for each in options]
        made.append(replace(expected, period=own, options=tuple(wide)))
    return made


def _distributions(wanted: list[list[Place]]) -> Iterator[tuple[Place | None, ...]]:
    """Every way of giving each of them one of their places or none, no place twice."""
    if not wanted:
        yield ()
        return
    for rest in _distributions(wanted[1:]):
        yield (None, *rest)
        for option in wanted[0]:
            if not any(other and option.meets(other) for other in rest):
                yield (option, *rest)


def _best(wanted: list[list[Place]], most: int = 9) -> tuple[bool, ...]:
    """As many as possible, of each session at `most` so many; among those, the earliest claims."""
    return max(
        (
            tuple(given is not None for given in each)
            for each in _distributions(wanted)
            if all(count <= most for count in Counter(given.session for given in each if given).values())
        ),
        key=lambda served: (sum(served), served),
    )


@given(_hits())
@settings(max_examples=150)
def test_as_many_are_kept_as_any_distribution_keeps_the_earliest_booked_first(hits: list[Hit]) -> None:
    claims = sorted(hits, key=lambda each: each.claim)
    found = assign(hits, PARIS, NOW, NOTICE)
    wanted = [[option for option in each.options if keeps(each, option)] for each in claims]
    assert tuple(seat.kept is not None for seat in found) == _best(wanted)


@given(_hits(), st.integers(1, 2))
@settings(max_examples=150)
def test_nor_does_any_keep_more_where_less_is_left_of_a_session_than_its_hours(hits: list[Hit], most: int) -> None:
    def holds(promise: Promise, others: Sequence[Promise]) -> bool:
        return sum(each.place.session == promise.place.session for each in others) < most

    claims = sorted(hits, key=lambda each: each.claim)
    wanted = [[option for option in each.options if keeps(each, option)] for each in claims]
    found = assign(hits, PARIS, NOW, NOTICE, holds)
    assert tuple(seat.kept is not None for seat in found) == _best(wanted, most)


@given(_hits())
@settings(max_examples=150)
def test_as_many_have_a_first_proposal_as_any_distribution_gives(hits: list[Hit]) -> None:
    early = monday("06:00")  # every place is far enough ahead
    found = assign(hits, PARIS, early, NOTICE)
    kept = [seat.kept for seat in found if seat.kept]
    wanted = [
        [option for option in each.options if not any(option.meets(had) for had in kept)]
        for each, seat in zip(sorted(hits, key=lambda each: each.claim), found, strict=True)
        if seat.kept is None
    ]
    assert tuple(bool(seat.proposals) for seat in found if seat.kept is None) == _best(wanted)


@given(_hits(lengths=(20, 40, 60)))
@settings(max_examples=150)
def test_no_place_is_given_twice_whatever_the_lengths(hits: list[Hit]) -> None:
    given_ = [
        each for seat in assign(hits, PARIS, NOW, NOTICE) for each in (*seat.proposals, seat.kept) if each is not None
    ]
    assert not any(one.meets(other) for one, other in combinations(given_, 2))
    by_id = {each.appointment: each for each in hits}
    for seat in assign(hits, PARIS, NOW, NOTICE):
        assert {*seat.proposals, seat.kept} - {None} <= set(by_id[seat.appointment].options)


def _promised(hits: list[Hit], seat: Seat) -> list[Promise]:
    expected = next(each for each in hits if each.appointment == seat.appointment)
    return expected.promises(each for each in (seat.kept, *seat.proposals) if each)


@given(_hits(lengths=(20, 40, 60), patients=3))
@settings(max_examples=150)
def test_whatever_a_patient_of_several_appointments_accepts_they_are_expected_once_at_an_hour(hits: list[Hit]) -> None:
    found = [_promised(hits, seat) for seat in assign(hits, PARIS, NOW, NOTICE)]
    for one, other in combinations(found, 2):
        for first, second in product(one, other):
            if first.patient == second.patient:
                assert not first.place.period.overlaps(second.place.period)


@given(_hits(patients=3))
@settings(max_examples=150)
def test_nobody_is_left_without_a_proposal_that_could_be_made_beside_the_others(hits: list[Hit]) -> None:
    found = assign([replace(each, period=twenty("08:00")) for each in hits], PARIS, monday("06:00"), NOTICE)
    first = [promise for seat in found for promise in _promised(hits, seat)[:1]]
    for seat in found:
        left_out = next(each for each in hits if each.appointment == seat.appointment)
        if not seat.proposals:
            assert all(any(each.meets(had) for had in first) for each in left_out.promises(left_out.options))


@given(_hits(lengths=(20, 40, 60), patients=4), st.randoms())
def test_the_order_of_the_list_changes_nothing(hits: list[Hit], luck: object) -> None:
    shuffled = list(hits)
    luck.shuffle(shuffled)  # type: ignore[attr-defined]
    assert assign(shuffled, PARIS, NOW, NOTICE) == assign(hits, PARIS, NOW, NOTICE)
