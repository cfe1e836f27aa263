"""Who comes before whom, by example and for any list; and the words that say so."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise, permutations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.domain.eligibility import Declaration, Eligibility
from booking.domain.explaining import explain
from booking.domain.intervals import Interval
from booking.domain.kinds import Compartment
from booking.domain.waiting_list import (
    Criterion,
    Entry,
    Mobility,
    Priority,
    Window,
    Wishes,
    deciding,
    in_order,
    without_doctor_since,
)
from tests.booking.world import MONDAY, PARIS, paris

SITE, OTHER, DOCTOR = UUID(int=53), UUID(int=72), UUID(int=1)
JOINED = datetime(2027, 1, 4, 9, tzinfo=UTC)


def entry(number: int = 1, **changes: Any) -> Entry:
    return Entry(
        **{
            "id": UUID(int=number),
            "territory": "53",
            "patient": UUID(int=1000 + number),
            "wishes": Wishes(frozenset({"consultation"}), frozenset({SITE})),
            "compartment": Compartment.MEDICAL,
            "waiting_since": date(2027, 1, 4),
            "joined_at": JOINED,
            "without_doctor_since": date(2026, 1, 1),
            **changes,
        }
    )


few_days = st.dates(date(2027, 1, 4), date(2027, 1, 6))
entries = st.lists(
    st.builds(
        entry,
        number=st.integers(1, 10_000),
        priority=st.sampled_from(Priority),
        priority_set_at=st.just(JOINED),
        waiting_since=few_days,
        without_doctor_since=st.none() | few_days,
        joined_at=st.sampled_from([JOINED, JOINED + timedelta(minutes=1)]),
    ),
    min_size=2,
    max_size=6,
    unique_by=lambda each: each.id,
)


class TestOrder:
    def test_priority_comes_before_waiting_and_waiting_before_time_without_doctor(self) -> None:
        urgent = entry(1, priority=Priority.HIGH, waiting_since=date(2027, 1, 9), without_doctor_since=None)
        raised = entry(2, priority=Priority.RAISED, waiting_since=date(2027, 1, 8))
        long_waiting = entry(3, waiting_since=date(2026, 12, 1), without_doctor_since=None)
        long_without = entry(4, without_doctor_since=date(2020, 1, 1))
        shorter = entry(5)
        unknown = entry(6, without_doctor_since=None)
        expected = [urgent, raised, long_waiting, long_without, shorter, unknown]
        assert in_order(reversed(expected)) == expected

    def test_within_one_day_the_hour_of_the_call_does_not_pass_before_time_without_doctor(self) -> None:
        early = entry(1, joined_at=JOINED, without_doctor_since=date(2026, 6, 1))
        late = entry(2, joined_at=JOINED + timedelta(hours=1), without_doctor_since=date(2025, 6, 1))
        assert in_order([early, late]) == [late, early]

    @given(entries)
    def test_the_order_is_total_and_does_not_depend_on_who_was_read_first(self, some: list[Entry]) -> None:
        ordered = in_order(some)
        for other in list(permutations(some))[:24]:
            assert in_order(other) == ordered
        assert all(one.key < other.key for one, other in pairwise(ordered))

    @given(entries)
    def test_one_who_leaves_changes_nothing_for_the_others(self, some: list[Entry]) -> None:
        ordered = in_order(some)
        assert in_order(some[1:]) == [each for each in ordered if each != some[0]]

    @given(entries)
    def test_the_explanation_says_what_the_order_does(self, some: list[Entry]) -> None:
        ordered = in_order(some)
        for before, after in pairwise(ordered):
            assert explain(before, after).first_comes_first
            assert not explain(after, before).first_comes_first
            assert explain(before, after).criterion is explain(after, before).criterion is deciding(before, after)

    @given(entries)
    def test_the_criterion_that_decides_is_the_first_in_which_they_differ(self, some: list[Entry]) -> None:
        first, second = some[:2]
        same = [
            first.priority == second.priority,
            first.waiting_since == second.waiting_since,
            first.without_doctor_since == second.without_doctor_since,
        ]
        criteria = [Criterion.PRIORITY, Criterion.WAITING_SINCE, Criterion.WITHOUT_DOCTOR, Criterion.JOINED]
        assert deciding(first, second) is criteria[(*same, False).index(False)]


class TestWords:
    def test_a_priority_is_told_with_its_day(self) -> None:
        urgent = entry(1, priority=Priority.HIGH, priority_set_at=datetime(2027, 1, 1, 9, tzinfo=UTC))
        told = explain(entry(2), urgent)
        assert told.sentences[:2] == (
            "La seconde inscription passe avant la première.",
            "Sa priorité, fixée par un professionnel le 1er janvier 2027, est haute ; celle de l'autre est ordinaire.",
        )

    def test_what_is_equal_is_told_before_what_decides(self) -> None:
        told = explain(entry(1, without_doctor_since=date(2025, 3, 2)), entry(2, without_doctor_since=None))
        assert told.sentences[:-1] == (
            "La première inscription passe avant la seconde.",
            "Les deux ont la même priorité (ordinaire).",
            "Les deux attendent depuis le 4 janvier 2027.",
            "La personne est sans médecin traitant depuis le 2 mars 2025, pour l'autre, cette date n'est pas connue.",
        )

    def test_the_longer_wait_is_told_with_both_days(self) -> None:
        told = explain(entry(1, waiting_since=date(2026, 12, 31)), entry(2))
        assert told.sentences[2] == "Elle attend depuis le 31 décembre 2026, l'autre depuis le 4 janvier 2027."

    def test_one_entry_asked_twice_is_said_to_be_one(self) -> None:
        assert explain(entry(1), entry(1)).sentences[0] == "C'est deux fois la même inscription."

    @given(entries)
    def test_every_explanation_can_be_read_aloud(self, some: list[Entry]) -> None:
        for sentence in explain(some[0], some[1]).sentences:
            assert sentence.endswith(".")
            assert "None" not in sentence
            assert "{" not in sentence


class TestWishes:
    def place(self, start: str, end: str, day: date = MONDAY) -> Interval:
        return Interval(paris(day, start), paris(day, end))

    @pytest.mark.parametrize(
        ("start", "end", "wanted"),
        [("09:00", "09:20", True), ("11:40", "12:00", True), ("08:50", "09:10", False), ("11:50", "12:10", False)],
    )
    def test_a_place_lies_wholly_in_a_window_of_the_sites_clock(self, start: str, end: str, wanted: bool) -> None:
        window = Window(frozenset({1}), time(9), time(12))
        assert window.holds(self.place(start, end), PARIS) is wanted
        assert not window.holds(self.place(start, end, MONDAY + timedelta(days=1)), PARIS)

    def test_both_days_of_a_window_are_included(self) -> None:
        window = Window(frozenset(range(1, 8)), time(8), time(20), MONDAY, MONDAY + timedelta(days=1))
        held = [window.holds(self.place("09:00", "09:20", MONDAY + timedelta(days=n)), PARIS) for n in range(-1, 3)]
        assert held == [False, True, True, False]

    def test_nine_o_clock_is_nine_o_clock_in_summer_and_in_winter(self) -> None:
        window = Window(frozenset({1}), time(9), time(9, 20))
        for day in (date(2027, 3, 22), date(2027, 3, 29)):
            assert window.holds(self.place("09:00", "09:20", day), PARIS)

    def test_no_window_is_any_hour_and_no_practitioner_is_anyone(self) -> None:
        wishes = Wishes(frozenset({"consultation"}), frozenset({SITE}))
        place = self.place("09:00", "09:20")
        assert wishes.hold(SITE, DOCTOR, place, PARIS)
        assert not wishes.hold(OTHER, DOCTOR, place, PARIS)

    def test_a_named_practitioner_is_waited_for_alone(self) -> None:
        wishes = Wishes(frozenset({"consultation"}), frozenset({SITE}), frozenset({DOCTOR}))
        assert wishes.hold(SITE, DOCTOR, self.place("09:00", "09:20"), PARIS)
        assert not wishes.hold(SITE, UUID(int=2), self.place("09:00", "09:20"), PARIS)

    @pytest.mark.parametrize(
        ("mobility", "video", "modes", "seen"),
        [
            (Mobility.TRAVELS, False, {"AMB", "VR"}, "AMB"),
            (Mobility.TRAVELS, False, {"VR"}, None),
            (Mobility.TRAVELS, True, {"VR"}, "VR"),
            (Mobility.HOME, False, {"AMB"}, None),
            (Mobility.HOME, False, {"HH"}, "HH"),
            (Mobility.HOME, True, {"AMB", "VR"}, "VR"),
        ],
    )
    def test_who_cannot_travel_is_seen_at_home_or_by_video_only(
        self, mobility: Mobility, video: bool, modes: set[str], seen: str | None
    ) -> None:
        wishes = Wishes(frozenset({"x"}), frozenset({SITE}), mobility=mobility, video_accepted=video)
        assert wishes.mode_among(modes) == seen

    def test_the_last_day_is_that_of_the_last_window_if_all_have_one(self) -> None:
        def wishes(*last: date | None) -> Wishes:
            windows = tuple(Window(frozenset({1}), time(9), time(12), last_day=day) for day in last)
            return Wishes(frozenset({"x"}), frozenset({SITE}), windows=windows)

        assert wishes(date(2027, 1, 5), date(2027, 1, 9)).last_day == date(2027, 1, 9)
        assert wishes(date(2027, 1, 5), None).last_day is None
        assert wishes().last_day is None


class TestTimeWithoutDoctor:
    def since(self, *told: tuple[int, str, str]) -> date | None:
        declared = [Declaration(n, date.fromisoformat(day), Eligibility(status)) for n, day, status in told]
        return without_doctor_since(declared, date(2027, 1, 4))

    def test_it_runs_from_the_first_day_of_the_unbroken_time(self) -> None:
        assert self.since((1, "2025-01-01", "eligible"), (2, "2026-01-01", "eligible")) == date(2025, 1, 1)

    def test_a_doctor_in_between_starts_it_anew(self) -> None:
        told = (1, "2025-01-01", "eligible"), (2, "2025-06-01", "not_eligible"), (3, "2026-01-01", "eligible")
        assert self.since(*told) == date(2026, 1, 1)

    def test_what_was_declared_later_for_an_earlier_day_counts(self) -> None:
        assert self.since((1, "2026-01-01", "not_eligible"), (2, "2025-01-01", "eligible")) == date(2025, 1, 1)

    def test_it_is_not_known_of_who_was_never_verified_or_has_a_doctor_now(self) -> None:
        assert self.since() is None
        assert self.since((1, "2025-01-01", "unverified")) is None
        assert self.since((1, "2025-01-01", "eligible"), (2, "2026-01-01", "not_eligible")) is None

    def test_a_day_to_come_does_not_count_yet(self) -> None:
        assert self.since((1, "2025-01-01", "eligible"), (2, "2027-02-01", "not_eligible")) == date(2025, 1, 1)
