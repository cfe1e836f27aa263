"""Local days as instants."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.domain.period import InvalidPeriod, Period

PARIS = "Europe/Paris"
days = st.dates(date(2001, 1, 1), date(2099, 12, 30))


def test_a_day_goes_from_local_midnight_to_local_midnight() -> None:
    day = Period(date(2026, 11, 23), date(2026, 11, 24))
    assert day.instants(PARIS) == (datetime(2026, 11, 22, 23, tzinfo=UTC), datetime(2026, 11, 23, 23, tzinfo=UTC))
    assert day.instants("Indian/Reunion")[0] == datetime(2026, 11, 22, 20, tzinfo=UTC)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 7, 1), 24)])
def test_the_days_when_clocks_change_have_23_and_25_hours(day: date, hours: int) -> None:
    start, end = Period(day, day + timedelta(days=1)).instants(PARIS)
    assert end - start == timedelta(hours=hours)


@given(first=days, length=st.integers(1, 400))
def test_days_follow_each_other_without_gap_or_overlap(first: date, length: int) -> None:
    end = min(first + timedelta(days=length), date(2100, 1, 1))
    whole = Period(first, end).instants(PARIS)
    middle = first + (end - first) // 2
    if first < middle < end:
        assert Period(first, middle).instants(PARIS)[1] == Period(middle, end).instants(PARIS)[0]
    assert whole[0] < whole[1]


@pytest.mark.parametrize(
    ("first", "end"),
    [
        (date(2026, 11, 23), date(2026, 11, 23)),
        (date(2026, 11, 24), date(2026, 11, 23)),
        (date(1999, 12, 31), date(2000, 1, 2)),
        (date(2099, 12, 31), date(2100, 1, 2)),
        (date(2020, 1, 1), date(2026, 1, 1)),
    ],
)
def test_an_empty_reversed_endless_or_far_period_is_refused(first: date, end: date) -> None:
    with pytest.raises(InvalidPeriod):
        Period(first, end)


def test_the_rolling_year_ends_with_the_period_also_on_29_february() -> None:
    assert Period(date(2026, 11, 1), date(2026, 12, 1)).rolling_year() == Period(date(2025, 12, 1), date(2026, 12, 1))
    assert Period(date(2028, 2, 1), date(2028, 2, 29)).rolling_year() == Period(date(2027, 2, 28), date(2028, 2, 29))


def test_the_rolling_year_of_the_first_days_of_the_century_is_cut_short() -> None:
    assert Period(date(2000, 1, 1), date(2000, 2, 1)).rolling_year() == Period(date(2000, 1, 1), date(2000, 2, 1))


def test_whole_months_begin_and_end_on_a_first() -> None:
    assert Period(date(2026, 11, 1), date(2027, 1, 1)).is_whole_months
    assert not Period(date(2026, 11, 1), date(2026, 11, 30)).is_whole_months
    assert not Period(date(2026, 11, 2), date(2026, 12, 1)).is_whole_months
