"""How long somebody has to answer: the clock of an offer runs only while the centre can be reached."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.domain.offers import OfferRules, Reachable, deadline, next_day, too_far
from tests.booking.world import PARIS, paris

RULES = OfferRules()
MONDAY, TUESDAY, FRIDAY, SATURDAY = date(2027, 1, 11), date(2027, 1, 12), date(2027, 1, 15), date(2027, 1, 16)
DAY_OFF = date(2027, 1, 13)
REACHABLE = Reachable(PARIS, time(8), time(20), frozenset({1, 2, 3, 4, 5, 6}), frozenset({DAY_OFF}))


@pytest.mark.parametrize(
    ("asked", "place", "answer_by"),
    [
        ((MONDAY, "10:00"), (date(2027, 1, 25), "09:00"), (TUESDAY, "10:00")),  # two weeks ahead: a day
        ((MONDAY, "10:00"), (date(2027, 1, 14), "09:00"), (MONDAY, "14:00")),  # three days: four hours
        ((MONDAY, "10:00"), (TUESDAY, "09:00"), (MONDAY, "11:00")),  # tomorrow: an hour
        ((MONDAY, "10:00"), (MONDAY, "16:00"), (MONDAY, "10:15")),  # today: a quarter
        ((MONDAY, "18:00"), (date(2027, 1, 14), "09:00"), (TUESDAY, "10:00")),  # two hours left today, two tomorrow
        ((TUESDAY, "10:00"), (date(2027, 1, 25), "09:00"), (date(2027, 1, 14), "10:00")),  # over a day off
        ((SATURDAY, "19:00"), (date(2027, 1, 19), "09:00"), (date(2027, 1, 18), "11:00")),  # over the Sunday
        ((MONDAY, "19:30"), (TUESDAY, "08:40"), (MONDAY, "19:45")),  # an hour would end after the place
    ],
)
def test_the_nearer_the_place_the_shorter_the_time_to_answer(
    asked: tuple[date, str], place: tuple[date, str], answer_by: tuple[date, str]
) -> None:
    assert deadline(paris(*place), paris(*asked), RULES, REACHABLE) == paris(*answer_by)


def test_nobody_is_offered_a_place_they_could_not_come_to() -> None:
    assert deadline(paris(MONDAY, "10:44"), paris(MONDAY, "10:00"), RULES, REACHABLE) is None
    assert deadline(paris(MONDAY, "10:45"), paris(MONDAY, "10:00"), RULES, REACHABLE) == paris(MONDAY, "10:15")


def test_at_night_one_waits_for_the_morning() -> None:
    assert REACHABLE.from_(paris(MONDAY, "22:00")) == paris(TUESDAY, "08:00")
    assert REACHABLE.from_(paris(TUESDAY, "20:00")) == paris(date(2027, 1, 14), "08:00")
    assert REACHABLE.from_(paris(SATURDAY, "20:00")) == paris(date(2027, 1, 18), "08:00")
    assert REACHABLE.from_(paris(MONDAY, "08:00")) == paris(MONDAY, "08:00")


def test_a_day_of_patience_ends_at_the_same_hour_across_the_change_of_hour() -> None:
    saturday, monday = date(2027, 3, 27), date(2027, 3, 29)
    assert REACHABLE.after(paris(saturday, "10:00"), timedelta(days=1)) == paris(monday, "10:00")


def test_a_calendar_without_any_day_is_a_fault_and_not_a_loop() -> None:
    never = Reachable(PARIS, time(8), time(20), frozenset())
    with pytest.raises(ValueError, match="reachable"):
        never.from_(paris(MONDAY, "10:00"))


def test_later_means_not_before_tomorrow_on_the_sites_clock() -> None:
    assert next_day(paris(MONDAY, "23:59"), PARIS) == paris(TUESDAY, "00:00")
    reunion = ZoneInfo("Indian/Reunion")
    assert next_day(paris(MONDAY, "22:00"), reunion) == datetime.combine(date(2027, 1, 13), time(), reunion)


def test_places_far_ahead_are_not_offered_one_by_one() -> None:
    now = paris(MONDAY, "10:00")
    assert not too_far(now + timedelta(days=42), now, RULES)
    assert too_far(now + timedelta(days=42, minutes=1), now, RULES)


moments = st.timedeltas(timedelta(), timedelta(days=364)).map(lambda since: paris(date(2027, 1, 1), "00:00") + since)


@given(moments, st.timedeltas(timedelta(hours=1), timedelta(days=60)))
def test_no_deadline_falls_outside_the_hours_in_which_somebody_answers(now: datetime, ahead: timedelta) -> None:
    asked = REACHABLE.from_(now)
    answer_by = deadline(asked + ahead, asked, RULES, REACHABLE)
    if answer_by is None:
        assert ahead < timedelta(days=8)
        return
    assert asked < answer_by <= asked + ahead - RULES.margin
    assert REACHABLE.at(answer_by) or REACHABLE.at(answer_by - timedelta(seconds=1))


@given(moments, st.timedeltas(timedelta(minutes=1), timedelta(days=3)))
def test_more_patience_never_ends_sooner(now: datetime, patience: timedelta) -> None:
    asked = REACHABLE.from_(now)
    shorter = patience - (patience % timedelta(days=1)) / 2  # same whole days, half of the rest
    assert REACHABLE.after(asked, shorter) <= REACHABLE.after(asked, patience)
