"""When rules of recurrence take place, in local time, through both changes of hour."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.domain.intervals import Interval
from booking.domain.local_time import instant, is_missing, is_zone, span, whole_day
from booking.domain.planning import Calendar, Contract, Planned, Skip, Skipped, plan
from booking.domain.recurrence import Listed, Rule, Weekly, occurrences
from booking.use_cases.public_holidays import public_holidays

PARIS = ZoneInfo("Europe/Paris")
REUNION = ZoneInfo("Indian/Reunion")
SPRING = date(2027, 3, 28)  # 02:00 becomes 03:00
AUTUMN = date(2027, 10, 31)  # 03:00 becomes 02:00
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ALWAYS = Contract(date(2020, 1, 1))


def weekly(
    *weekdays: int, every: int = 1, anchor: date = date(2027, 1, 4), hours: tuple[str, str] = ("09:00", "12:00")
) -> Rule:
    start, end = map(time.fromisoformat, hours)
    return Rule(Weekly(frozenset(weekdays), anchor, every), start, end, date(2027, 1, 1), date(2027, 12, 31))


def days(rule: Rule, first: date, last: date) -> list[date]:
    return [each.day for each in occurrences(rule, first, last, PARIS)]


def test_a_rule_every_week_takes_place_on_its_weekdays() -> None:
    assert days(weekly(1, 3), date(2027, 1, 4), date(2027, 1, 17)) == [
        date(2027, 1, 4), date(2027, 1, 6), date(2027, 1, 11), date(2027, 1, 13),
    ]  # fmt: skip


def test_weeks_are_counted_from_the_week_of_the_anchor_also_backwards() -> None:
    rule = weekly(5, every=3, anchor=date(2027, 2, 3))
    assert days(rule, date(2027, 1, 1), date(2027, 3, 1)) == [date(2027, 1, 15), date(2027, 2, 5), date(2027, 2, 26)]


def test_validity_includes_both_days() -> None:
    rule = Rule(
        Listed(frozenset({date(2027, 1, d) for d in (4, 5, 6)})), time(9), time(12), date(2027, 1, 5), date(2027, 1, 5)
    )
    assert days(rule, date(2027, 1, 1), date(2027, 1, 31)) == [date(2027, 1, 5)]


@pytest.mark.parametrize("wrong", [{0}, {8}, set()])
def test_weekdays_are_numbers_of_iso(wrong: set[int]) -> None:
    with pytest.raises(ValueError, match="weekdays"):
        Weekly(frozenset(wrong), SPRING)


def test_nine_o_clock_stays_nine_o_clock_across_both_changes_of_hour() -> None:
    found = list(occurrences(weekly(1), date(2027, 1, 1), date(2027, 12, 31), PARIS))
    assert len(found) == 52
    for each in found:
        assert each.period is not None
        assert each.period.start.astimezone(PARIS).time() == time(9)
        assert each.period.length == timedelta(hours=3)
    assert {each.period.start.hour for each in found if each.period} == {7, 8}


def test_nine_o_clock_of_reunion_is_five_in_utc_all_year() -> None:
    found = occurrences(weekly(1), date(2027, 1, 1), date(2027, 12, 31), REUNION)
    assert {each.period.start.hour for each in found if each.period} == {5}


class TestTheMissingHourOfMarch:
    def test_a_start_that_does_not_exist_is_read_with_the_offset_before_the_gap(self) -> None:
        assert instant(SPRING, time(2, 30), PARIS).astimezone(PARIS).time() == time(3, 30)
        assert is_missing(SPRING, time(2, 30), PARIS)
        assert not is_missing(SPRING, time(3, 0), PARIS)
        assert not is_missing(SPRING, time(1, 59), PARIS)

    def test_a_session_over_the_gap_is_an_hour_shorter(self) -> None:
        found = span(SPRING, time(1), time(4), PARIS)
        assert found is not None
        assert found.length == timedelta(hours=2)

    def test_a_session_that_lies_in_the_gap_does_not_take_place(self) -> None:
        rule = weekly(7, hours=("02:00", "03:00"))
        (only,) = plan(rule, SPRING, SPRING, Calendar(PARIS, frozenset(), frozenset()), ALWAYS, LONG_AGO)
        assert only == Skipped(SPRING, Skip.NO_SUCH_HOUR)

    def test_the_day_has_twenty_three_hours(self) -> None:
        assert whole_day(SPRING, PARIS).length == timedelta(hours=23)


class TestTheTwoHoursOfOctober:
    def test_an_hour_that_exists_twice_is_the_first_one(self) -> None:
        assert instant(AUTUMN, time(2, 30), PARIS) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)

    def test_a_session_over_both_is_an_hour_longer(self) -> None:
        found = span(AUTUMN, time(1), time(4), PARIS)
        assert found is not None
        assert found.length == timedelta(hours=4)

    def test_the_day_has_twenty_five_hours(self) -> None:
        assert whole_day(AUTUMN, PARIS).length == timedelta(hours=25)


@given(
    st.dates(date(2020, 1, 1), date(2035, 12, 31)), st.times(), st.sampled_from(["Europe/Paris", "America/Miquelon"])
)
def test_a_local_time_that_exists_is_read_back_as_it_was_typed(day: date, at: time, name: str) -> None:
    zone = ZoneInfo(name)
    read = instant(day, at, zone).astimezone(zone).replace(tzinfo=None)
    assert (read == datetime.combine(day, at)) is not is_missing(day, at, zone)


@given(st.dates(date(2026, 1, 1), date(2028, 12, 31)), st.integers(1, 8), st.sets(st.integers(1, 7), min_size=1))
def test_a_cycle_repeats_exactly_after_its_weeks(day: date, every: int, weekdays: set[int]) -> None:
    rule = Weekly(frozenset(weekdays), date(2027, 1, 4), every)
    assert rule.falls_on(day) == rule.falls_on(day + timedelta(weeks=every))


class TestDaysOff:
    def test_public_holidays_and_closures_keep_their_reason(self) -> None:
        calendar = Calendar(PARIS, public_holidays(None, [2027]), frozenset({date(2027, 5, 10)}))
        found = list(plan(weekly(1), date(2027, 5, 3), date(2027, 5, 17), calendar, ALWAYS, LONG_AGO))
        assert [each.day for each in found if isinstance(each, Planned)] == [date(2027, 5, 3)]
        assert [each for each in found if isinstance(each, Skipped)] == [
            Skipped(date(2027, 5, 10), Skip.CLOSURE),
            Skipped(date(2027, 5, 17), Skip.PUBLIC_HOLIDAY),  # Pentecost Monday
        ]

    @pytest.mark.parametrize("name", ["57", "Moselle"])
    def test_moselle_also_rests_on_good_friday_and_saint_stephen(self, name: str) -> None:
        extra = public_holidays(name, [2027]) - public_holidays(None, [2027])
        assert extra == {date(2027, 3, 26), date(2027, 12, 26)}

    @pytest.mark.parametrize("name", ["974", "La Réunion", "Réunion"])
    def test_reunion_rests_on_the_day_of_the_abolition(self, name: str) -> None:
        assert date(2027, 12, 20) in public_holidays(name, [2027])

    def test_an_unknown_subdivision_has_the_national_days(self) -> None:
        assert public_holidays("Atlantide", [2027]) == public_holidays(None, [2027])

    def test_a_day_out_of_contract_has_no_session(self) -> None:
        contract = Contract(date(2027, 1, 1), date(2027, 1, 11))
        calendar = Calendar(PARIS, frozenset(), frozenset())
        found = list(plan(weekly(1), date(2027, 1, 11), date(2027, 1, 18), calendar, contract, LONG_AGO))
        assert found[1] == Skipped(date(2027, 1, 18), Skip.OUT_OF_CONTRACT)

    def test_what_is_over_is_left_out(self) -> None:
        calendar = Calendar(PARIS, frozenset(), frozenset())
        noon = datetime(2027, 1, 4, 11, tzinfo=UTC)  # 12:00 in Paris, the very end
        assert list(plan(weekly(1), date(2027, 1, 4), date(2027, 1, 4), calendar, ALWAYS, noon)) == []


def test_zones_are_checked_by_name() -> None:
    assert is_zone("Europe/Paris")
    assert not any(map(is_zone, ["Europe/Laval", "../etc/passwd", ""]))


def test_an_interval_that_ends_before_its_start_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="ends after"):
        Interval(LONG_AGO, LONG_AGO)
