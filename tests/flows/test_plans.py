"""The plan of a day, without any service: repeatable, and of the size that the centre really has."""

from collections import Counter
from datetime import date

import pytest

from smp_local.day import calendar
from smp_local.day.plan import CAST, LAVAL_SIZE, NOT_ELIGIBLE, Visit, plan_day
from smp_local.worlds.laval import LAVAL
from smp_local.worlds.people import person, rpps

MONDAY = date(2026, 11, 23)


@pytest.fixture(scope="module", params=[(MONDAY, 53), (date(2026, 12, 1), 1), (date(2027, 3, 26), 2)])
def visits(request: pytest.FixtureRequest) -> tuple[Visit, ...]:
    day, seed = request.param
    return plan_day(LAVAL, day, seed, LAVAL_SIZE).visits


def test_the_same_seed_gives_the_same_day() -> None:
    assert plan_day(LAVAL, MONDAY, 53, LAVAL_SIZE) == plan_day(LAVAL, MONDAY, 53, LAVAL_SIZE)
    assert plan_day(LAVAL, MONDAY, 53, LAVAL_SIZE) != plan_day(LAVAL, MONDAY, 54, LAVAL_SIZE)


def test_sixty_are_seen_ten_of_them_as_same_day_emergencies_and_eight_percent_do_not_come() -> None:
    visits = [v for v in plan_day(LAVAL, MONDAY, 53, LAVAL_SIZE).visits if v.kind != "social"]
    fates = Counter(visit.fate for visit in visits)
    assert fates["comes"] == 60
    assert round(100 * fates["absent"] / (fates["absent"] + fates["comes"])) == 8
    assert sum(v.kind == "minor_emergency" and not v.walks_in for v in visits) == 10
    assert sum(visit.moves_to is not None for visit in visits) == 1


def test_nobody_has_two_visits_and_no_slot_is_given_twice(visits: tuple[Visit, ...]) -> None:
    assert len({visit.person.index for visit in visits}) == len(visits)
    places = [place for visit in visits for place in (visit.place, visit.moves_to) if place]
    assert len(set(places)) == len(places)


def test_those_whom_texts_reach_badly_are_all_there(visits: tuple[Visit, ...]) -> None:
    assert {*CAST, NOT_ELIGIBLE} <= {visit.person.index for visit in visits}


def test_whoever_changes_does_so_before_the_hour(visits: tuple[Visit, ...]) -> None:
    changing = [visit for visit in visits if visit.changes_at and visit.place]
    assert changing
    assert all(visit.changes_at < visit.place.start for visit in changing if visit.changes_at and visit.place)


@pytest.mark.parametrize(
    ("day", "word"),
    [
        (date(2026, 11, 22), "fermés"),
        (date(2026, 12, 25), "férié"),
        (date(2019, 11, 25), "2026"),
    ],
)
def test_a_day_without_patients_is_refused_in_a_sentence(day: date, word: str) -> None:
    sentence = calendar.refusal(day)
    assert sentence is not None
    assert word in sentence


def test_the_patients_of_a_monday_called_on_thursday() -> None:
    assert calendar.calling_day(MONDAY) == date(2026, 11, 19)
    assert calendar.calling_day(date(2026, 11, 16)) == date(2026, 11, 12)  # the 11th is a holiday, the 12th is not


def test_invented_people_are_many_and_their_registers_have_valid_keys() -> None:
    people = [person(LAVAL.town, index) for index in range(2000)]
    assert len({(who.birth_name, who.given_names[0], who.birth_date) for who in people}) > 1990
    assert [rpps(number) for number in range(3)] == ["10999000002", "10999000010", "10999000028"]
