"""When rules of recurrence take place, in local time, through both changes of hour."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.domain.intervals import Interval
from booking.domain.local_time import instant, is_missing, is_zone, span, whole_day
from booking.domain.planning import Away, Calendar, Contract, Grid, Planned, Skip, Skipped, plan, remaining
from booking.domain.recurrence import Listed, Monthly, Rule, Weekly, occurrences
from booking.use_cases.calendar.public_holidays import public_holidays

PARIS = ZoneInfo("Europe/Paris")
REUNION = ZoneInfo("Indian/Reunion")
SPRING = date(2027, 3, 28)  # 02:00 becomes 03:00
AUTUMN = date(2027, 10, 31)  # 03:00 becomes 02:00
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ALWAYS = Contract(date(2020, 1, 1))
SOURCE = UUID(int=5)
GRID = Grid(timedelta(minutes=20), timedelta(minutes=20))


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
        (only,) = plan(rule, SPRING, SPRING, Calendar(PARIS, frozenset()), ALWAYS, GRID, LONG_AGO)
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
        closed = Away(whole_day(date(2027, 5, 10), PARIS), Skip.CLOSURE, SOURCE)
        calendar = Calendar(PARIS, public_holidays(None, [2027]), (closed,))
        found = list(plan(weekly(1), date(2027, 5, 3), date(2027, 5, 17), calendar, ALWAYS, GRID, LONG_AGO))
        assert [each.day for each in found if isinstance(each, Planned)] == [date(2027, 5, 3)]
        assert [each for each in found if isinstance(each, Skipped)] == [
            Skipped(date(2027, 5, 10), Skip.CLOSURE, None, SOURCE),
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
        calendar = Calendar(PARIS, frozenset())
        found = list(plan(weekly(1), date(2027, 1, 11), date(2027, 1, 18), calendar, contract, GRID, LONG_AGO))
        assert found[1] == Skipped(date(2027, 1, 18), Skip.OUT_OF_CONTRACT)

    def test_what_is_over_is_left_out(self) -> None:
        calendar = Calendar(PARIS, frozenset())
        noon = datetime(2027, 1, 4, 11, tzinfo=UTC)  # 12:00 in Paris, the very end
        assert list(plan(weekly(1), date(2027, 1, 4), date(2027, 1, 4), calendar, ALWAYS, GRID, noon)) == []


def test_a_site_closed_for_good_has_no_session_any_more() -> None:
    calendar = Calendar(PARIS, frozenset(), (), date(2027, 1, 11))
    found = list(plan(weekly(1), date(2027, 1, 4), date(2027, 1, 11), calendar, ALWAYS, GRID, LONG_AGO))
    assert [type(each) for each in found] == [Planned, Skipped]
    assert found[1] == Skipped(date(2027, 1, 11), Skip.CLOSURE)


class TestWhatIsLeftOfASession:
    def left(self, *away: tuple[str, str], hours: tuple[str, str] = ("08:00", "12:00")) -> list[object]:
        """Hours of a Monday, those that stay and those that are missing, written as 09:00-10:20."""
        day = date(2027, 1, 4)
        closed = tuple(Away(interval(day, each), Skip.ABSENCE, SOURCE) for each in away)
        found = plan(weekly(1, hours=hours), day, day, Calendar(PARIS, frozenset(), closed), ALWAYS, GRID, LONG_AGO)
        return [
            written(each.period) if isinstance(each, Planned) else (each.reason, each.period and written(each.period))
            for each in found
        ]

    def test_both_ends_stay_and_the_middle_is_missing(self) -> None:
        assert self.left(("09:00", "10:00")) == [
            "08:00-09:00", "10:00-12:00", (Skip.ABSENCE, "09:00-10:00"),
        ]  # fmt: skip

    def test_what_follows_begins_on_the_grid_of_the_whole(self) -> None:
        assert self.left(("07:00", "09:10")) == ["09:20-12:00", (Skip.ABSENCE, "08:00-09:20")]

    def test_too_short_for_any_appointment_it_is_lost(self) -> None:
        assert self.left(("08:15", "11:50")) == [(Skip.ABSENCE, None)]

    def test_several_absences_are_taken_together(self) -> None:
        assert self.left(("08:00", "09:00"), ("08:40", "10:00"))[0] == "10:00-12:00"

    def test_what_only_touches_takes_nothing(self) -> None:
        assert self.left(("07:00", "08:00"), ("12:00", "13:00")) == ["08:00-12:00"]


def interval(day: date, hours: tuple[str, str]) -> Interval:
    start, end = (instant(day, time.fromisoformat(hour), PARIS) for hour in hours)
    return Interval(start, end)


def written(period: Interval) -> str:
    return "-".join(each.astimezone(PARIS).strftime("%H:%M") for each in (period.start, period.end))


MINUTES = st.integers(0, 240)


@given(st.lists(st.tuples(MINUTES, st.integers(1, 90))), st.sampled_from([5, 15, 20]), st.sampled_from([15, 20, 30]))
def test_what_is_left_is_exactly_what_nothing_takes_and_has_room(
    taken: list[tuple[int, int]], step: int, shortest: int
) -> None:
    """Minute by minute: a grid point is the start of an appointment that fits if and only if it was one before and
    meets nothing that is taken."""
    start = instant(date(2027, 1, 4), time(8), PARIS)

    def between(first: int, last: int) -> Interval:
        return Interval(start + timedelta(minutes=first), start + timedelta(minutes=last))

    whole, away = between(0, 240), [between(first, first + length) for first, length in taken]
    parts = remaining(whole, away, Grid(timedelta(minutes=step), timedelta(minutes=shortest)))
    possible = {
        first
        for first in range(0, 240 - shortest + 1, step)
        if not any(between(first, first + shortest).overlaps(each) for each in away)
    }
    offered = {
        (part.start - start) // timedelta(minutes=1) + n
        for part in parts
        for n in range(0, (part.length - timedelta(minutes=shortest)) // timedelta(minutes=1) + 1, step)
    }
    assert offered == possible


class TestMonths:
    def test_the_first_and_third_tuesday(self) -> None:
        assert days(monthly({2}, {1, 3}), date(2027, 1, 1), date(2027, 2, 28)) == [
            date(2027, 1, 5), date(2027, 1, 19), date(2027, 2, 2), date(2027, 2, 16),
        ]  # fmt: skip

    def test_the_last_friday_may_be_the_fourth_or_the_fifth(self) -> None:
        found = days(monthly({5}, {-1}), date(2027, 1, 1), date(2027, 3, 31))
        assert found == [date(2027, 1, 29), date(2027, 2, 26), date(2027, 3, 26)]

    def test_a_month_without_a_fifth_monday_has_none(self) -> None:
        found = days(monthly({1}, {5}), date(2027, 1, 1), date(2027, 6, 30))
        assert found == [date(2027, 3, 29), date(2027, 5, 31)]

    @pytest.mark.parametrize("nth", [set(), {0}, {6}, {-2}])
    def test_the_nth_is_one_to_five_or_the_last(self, nth: set[int]) -> None:
        with pytest.raises(ValueError, match="nth weekday"):
            Monthly(frozenset({1}), frozenset(nth))

    @given(
        st.dates(date(2024, 1, 1), date(2032, 12, 31)),
        st.sets(st.integers(1, 7), min_size=1),
        st.sets(st.sampled_from([1, 2, 3, 4, 5, -1]), min_size=1),
    )
    def test_it_agrees_with_the_calendar_on_the_wall(self, day: date, weekdays: set[int], nth: set[int]) -> None:
        """The oracle lists the same weekdays of the month and looks where the day stands among them."""
        month = [date(day.year, day.month, n) for n in range(1, monthrange(day.year, day.month)[1] + 1)]
        same = [each for each in month if each.weekday() == day.weekday()]
        place = same.index(day)
        expected = day.weekday() + 1 in weekdays and (place + 1 in nth or (-1 in nth and day == same[-1]))
        assert Monthly(frozenset(weekdays), frozenset(nth)).falls_on(day) == expected


def monthly(weekdays: set[int], nth: set[int]) -> Rule:
    recurrence = Monthly(frozenset(weekdays), frozenset(nth))
    return Rule(recurrence, time(9), time(12), date(2027, 1, 1), date(2027, 12, 31))


@given(
    st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    st.integers(1, 53),
    st.sets(st.integers(1, 7), min_size=1),
    st.dates(date(2026, 1, 1), date(2028, 12, 31)),
)
def test_every_n_weeks_agrees_with_walking_from_the_anchor(
    anchor: date, every: int, weekdays: set[int], first: date
) -> None:
    """The oracle walks from the anchor's Monday, n weeks at a time, in both directions."""
    last = first + timedelta(days=60)
    monday = anchor - timedelta(days=anchor.weekday())
    while monday > first:
        monday -= timedelta(weeks=every)
    expected = []
    while monday <= last:
        expected += [monday + timedelta(days=weekday - 1) for weekday in sorted(weekdays)]
        monday += timedelta(weeks=every)
    rule = Rule(Weekly(frozenset(weekdays), anchor, every), time(9), time(12), first)
    assert days(rule, first, last) == [each for each in expected if first <= each <= last]


class TestRulesThatNeverTakePlace:
    TODAY = date(2027, 1, 4)

    @pytest.mark.parametrize(
        "rule",
        [
            Rule(Listed(frozenset({date(2026, 12, 1)})), time(9), time(12), date(2026, 1, 1)),
            Rule(Listed(frozenset({date(2027, 3, 1)})), time(9), time(12), date(2026, 1, 1), date(2027, 2, 1)),
            Rule(Monthly(frozenset({1}), frozenset({5})), time(9), time(12), date(2027, 2, 1), date(2027, 2, 28)),
            Rule(Weekly(frozenset({1}), date(2027, 1, 4), 53), time(9), time(12), date(2027, 1, 5), date(2027, 12, 1)),
        ],
    )
    def test_they_are_known_as_such(self, rule: Rule) -> None:
        assert not rule.takes_place_from(self.TODAY)

    @given(st.sets(st.integers(1, 7), min_size=1), st.integers(1, 53), st.dates(date(2026, 1, 1), date(2028, 1, 1)))
    def test_without_end_a_weekly_rule_always_takes_place_again(
        self, weekdays: set[int], every: int, anchor: date
    ) -> None:
        assert Rule(Weekly(frozenset(weekdays), anchor, every), time(9), time(12), anchor).takes_place_from(self.TODAY)

    @pytest.mark.parametrize("nth", [1, 5, -1])
    def test_without_end_a_monthly_rule_always_takes_place_again(self, nth: int) -> None:
        rule = Rule(Monthly(frozenset({7}), frozenset({nth})), time(9), time(12), date(2027, 1, 1))
        assert rule.takes_place_from(self.TODAY)


@pytest.mark.parametrize(
    ("name", "utc_hour"),
    [("America/Martinique", 13), ("America/Cayenne", 12), ("Indian/Mayotte", 6), ("Pacific/Noumea", 22)],
)
def test_nine_o_clock_overseas_is_read_on_the_clock_over_there(name: str, utc_hour: int) -> None:
    zone = ZoneInfo(name)
    (only,) = occurrences(weekly(1), date(2027, 1, 4), date(2027, 1, 4), zone)
    assert only.period is not None
    assert only.period.start.hour == utc_hour
    assert only.period.start.astimezone(zone).date() == only.day


def test_saint_pierre_changes_its_hour_on_its_own_day() -> None:
    """Miquelon follows North America: 14 March 2027, two weeks before Paris."""
    zone = ZoneInfo("America/Miquelon")
    assert whole_day(date(2027, 3, 14), zone).length == timedelta(hours=23)
    found = occurrences(weekly(1), date(2027, 3, 8), date(2027, 3, 15), zone)
    assert [each.period.start.hour for each in found if each.period] == [12, 11]


def test_zones_are_checked_by_name() -> None:
    assert is_zone("Europe/Paris")
    assert not any(map(is_zone, ["Europe/Laval", "../etc/passwd", ""]))


def test_an_interval_that_ends_before_its_start_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="ends after"):
        Interval(LONG_AGO, LONG_AGO)
