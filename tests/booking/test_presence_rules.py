"""Half-days of presence, their counters and caps."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.domain.intervals import Interval
from booking.domain.planning import Contract, in_turn
from booking.domain.presence import (
    Half,
    HalfDay,
    OverCap,
    PresencePlan,
    count_by_week,
    count_by_year,
    half_days,
    in_force,
    over_caps,
    unwished,
    whole_years_around,
)

PARIS = ZoneInfo("Europe/Paris")
MONDAY = date(2027, 1, 11)


def plan(weekly: int | None = None, yearly: int | None = None, *wished: int) -> PresencePlan:
    return PresencePlan(UUID(int=1), date(2027, 1, 1), None, frozenset(wished), weekly, yearly)


def session(start: str, end: str, day: date = MONDAY, zone: ZoneInfo = PARIS) -> Interval:
    first, last = (datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=zone) for hour in (start, end))
    return Interval(first, last)


@pytest.mark.parametrize(
    ("start", "end", "halves"),
    [
        ("08:00", "12:30", {Half.MORNING}),
        ("09:00", "13:00", {Half.MORNING}),
        ("13:00", "18:00", {Half.AFTERNOON}),
        ("09:00", "17:00", {Half.MORNING, Half.AFTERNOON}),
    ],
)
def test_a_session_touches_the_morning_the_afternoon_or_both(start: str, end: str, halves: set[Half]) -> None:
    assert {each.half for each in half_days(session(start, end), PARIS)} == halves


def test_the_half_day_is_read_on_the_clock_of_the_site() -> None:
    noumea = ZoneInfo("Pacific/Noumea")
    (only,) = half_days(session("08:00", "12:00", MONDAY, noumea), noumea)
    assert only == HalfDay(MONDAY, Half.MORNING), "in UTC it is still Sunday"


def test_two_sessions_of_one_morning_are_one_half_day() -> None:
    present = [*half_days(session("08:00", "10:00"), PARIS), *half_days(session("10:30", "12:00"), PARIS)]
    assert count_by_week(present) == {"2027-W02": 1}


def test_weeks_are_those_of_iso_and_years_those_of_the_calendar() -> None:
    friday = HalfDay(date(2027, 1, 1), Half.MORNING)
    assert count_by_week([friday]) == {"2026-W53": 1}
    assert count_by_year([friday]) == {"2027": 1}


def test_over_the_cap_says_by_how_much() -> None:
    present = [HalfDay(MONDAY + timedelta(days=n), half) for n in range(3) for half in Half]
    assert over_caps([plan(weekly=4)], present) == [OverCap("2027-W02", 6, 4)]
    assert over_caps([plan(weekly=4)], present)[0].over_by == 2
    assert over_caps([plan(yearly=5)], present) == [OverCap("2027", 6, 5)]
    assert over_caps([plan(weekly=6, yearly=6)], present) == []
    assert over_caps([plan()], present) == []


def test_days_that_were_not_wished_for_are_told() -> None:
    days = [MONDAY, MONDAY + timedelta(days=1)]
    assert unwished([plan(None, None, 1, 4)], days) == [MONDAY + timedelta(days=1)]
    assert unwished([plan()], days) == []


def test_a_week_that_two_agreements_share_is_held_against_the_later() -> None:
    one, two = replace(plan(weekly=1), contract_start=date(2026, 1, 1)), replace(plan(weekly=2), contract_start=MONDAY)
    days = [HalfDay(MONDAY + timedelta(days=n), Half.MORNING) for n in (-5, -6, 0, -700)]
    assert [in_force([one, two], each.day) for each in days] == [one, one, two, one]
    assert over_caps([one, two], days) == [OverCap("2027-W01", 2, 1)]
    tuesday = MONDAY + timedelta(days=1)
    later = replace(two, contract_start=tuesday)
    assert over_caps([one, later], [HalfDay(MONDAY, Half.MORNING), HalfDay(tuesday, Half.MORNING)]) == []


@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)), st.integers(0, 400))
def test_counting_around_a_period_counts_whole_weeks_and_whole_years(first: date, length: int) -> None:
    last = first + timedelta(days=length)
    start, end = whole_years_around(first, last)
    assert start <= date(first.year, 1, 1)
    assert end >= date(last.year, 12, 31)
    assert (start.isoweekday(), end.isoweekday()) == (1, 7)


@given(st.lists(st.tuples(st.dates(date(2026, 12, 1), date(2028, 1, 31)), st.sampled_from(Half))))
def test_nothing_is_lost_and_nothing_counted_twice(told: list[tuple[date, Half]]) -> None:
    present = [HalfDay(*each) for each in told]
    assert sum(count_by_week(present).values()) == sum(count_by_year(present).values()) == len(set(told))


def test_the_first_day_worked_is_in_the_contract_or_that_of_the_next_one() -> None:
    day = timedelta(days=1)
    known = in_turn([Contract(MONDAY, MONDAY + 2 * day), Contract(MONDAY + 6 * day, MONDAY + 8 * day)])
    for n, expected in {-9: 0, 0: 0, 2: 2, 3: 6, 5: 6, 8: 8}.items():
        assert known.first_from(MONDAY + n * day) == MONDAY + expected * day
    assert known.first_from(MONDAY + 9 * day) is None
