"""Opening hours, moves and closures of a site."""

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.opening_hours import OpeningRange, weekly_hours
from registry.domain.rules import Rule, RuleBroken
from registry.domain.sites import (
    SUBDIVISIONS,
    Address,
    Site,
    check_closure,
    check_hours_change,
    check_relocation,
    check_zone,
)
from smp.ids import new_id

PADERBORN = Address("avenue Paderborn", "72000", "Le Mans", "72181")
OPENED = date(2021, 11, 8)


def le_mans(closed_from: date | None = None, moved_on: date = OPENED, hours_on: date = OPENED) -> Site:
    return Site(new_id(), "72", OPENED, closed_from, moved_on, hours_on, 1)


def test_the_hours_of_le_mans_are_put_in_order() -> None:
    morning, afternoon = OpeningRange(1, time(9), time(13)), OpeningRange(1, time(14), time(19))
    assert weekly_hours([afternoon, morning]) == (morning, afternoon)


def test_two_ranges_may_touch() -> None:
    assert weekly_hours([OpeningRange(1, time(9), time(13)), OpeningRange(1, time(13), time(19))])


def test_two_ranges_of_one_day_may_not_overlap() -> None:
    with pytest.raises(RuleBroken) as refused:
        weekly_hours([OpeningRange(2, time(9), time(13)), OpeningRange(2, time(12), time(19))])
    assert (refused.value.rule, refused.value.facts) == (Rule.HOURS_OVERLAP, {"weekday": 2})


@pytest.mark.parametrize("closes", [time(9), time(8)])
def test_a_range_ends_after_it_starts(closes: time) -> None:
    with pytest.raises(RuleBroken, match="empty-range"):
        weekly_hours([OpeningRange(1, time(9), closes)])


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 23), st.integers(0, 23)), max_size=6))
def test_hours_are_accepted_exactly_when_no_minute_is_open_twice(ranges: list[tuple[int, int, int]]) -> None:
    week = [OpeningRange(day, time(opens), time(closes)) for day, opens, closes in ranges]
    hours = [(day, hour) for day, opens, closes in ranges for hour in range(opens, closes)]
    sound = all(opens < closes for _, opens, closes in ranges) and len(hours) == len(set(hours))
    try:
        assert set(weekly_hours(week)) == set(week)
        assert sound
    except RuleBroken:
        assert not sound


def test_le_mans_moves_inside_its_departement() -> None:
    check_relocation(le_mans(), PADERBORN, date(2022, 6, 1))


def test_a_move_out_of_the_departement_is_refused() -> None:
    with pytest.raises(RuleBroken, match="leaves-territory"):
        check_relocation(le_mans(), Address("48 rue Marcel Cerdan", "53000", "Laval", "53130"), date(2022, 6, 1))


@pytest.mark.parametrize("day", [date(2021, 11, 8), date(2022, 5, 31)])
def test_a_move_comes_after_the_opening_and_the_last_known_move(day: date) -> None:
    with pytest.raises(RuleBroken, match="out-of-order"):
        check_relocation(le_mans(moved_on=date(2022, 6, 1)), PADERBORN, day)


def test_nothing_changes_after_the_closure() -> None:
    closed = le_mans(closed_from=date(2025, 1, 1))
    with pytest.raises(RuleBroken, match="site-closed"):
        check_relocation(closed, PADERBORN, date(2025, 1, 1))
    with pytest.raises(RuleBroken, match="site-closed"):
        check_hours_change(closed, date(2025, 1, 1))
    with pytest.raises(RuleBroken, match="site-closed"):
        check_closure(closed, date(2026, 1, 1))


def test_hours_may_change_before_an_announced_closure() -> None:
    check_hours_change(le_mans(closed_from=date(2025, 1, 1)), date(2024, 12, 1))


def test_a_zone_must_be_known_to_iana() -> None:
    check_zone("Indian/Reunion", "974")
    with pytest.raises(RuleBroken, match="zone-unknown"):
        check_zone("Europe/Laval", None)


def test_a_subdivision_must_have_holidays_of_its_own() -> None:
    with pytest.raises(RuleBroken, match="subdivision-unknown"):
        check_zone("Europe/Paris", "53")


def test_the_known_subdivisions_are_those_of_the_holiday_calendar() -> None:
    from holidays import country_holidays

    assert set(country_holidays("FR").subdivisions) >= SUBDIVISIONS
