"""Who is who, and who is twice."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.identity import DuplicateKey, Identity, age, identity, latest_french_date
from registry.domain.rules import Rule, RuleBroken

NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


def person(
    birth_name: str = "Lefèvre",
    given: tuple[str, ...] = ("Anne", "Lise"),
    born: date = date(1950, 5, 1),
    used: str | None = None,
) -> Identity:
    return identity(birth_name, given, born, "female", used, now=NOW)


def test_the_same_person_typed_differently_has_the_same_key() -> None:
    assert person("LEFEVRE", ("anne",)).duplicate_key == person(" Lefèvre ", ("Anne", "Lise")).duplicate_key


def test_another_birth_date_is_another_person() -> None:
    assert person().duplicate_key != person(born=date(1950, 5, 2)).duplicate_key


def test_sex_and_used_name_do_not_make_another_person() -> None:
    other = identity("Lefèvre", ("Anne",), date(1950, 5, 1), "male", "Martin", now=NOW)
    assert other.duplicate_key == person().duplicate_key == DuplicateKey("lefevre", "anne", date(1950, 5, 1))


@pytest.mark.parametrize(
    ("born", "rule"),
    [
        (date(2026, 3, 3), Rule.BIRTH_DATE_FUTURE),
        (date(1900, 3, 1), Rule.BIRTH_DATE_TOO_OLD),
    ],
)
def test_an_impossible_birth_date_is_refused(born: date, rule: Rule) -> None:
    with pytest.raises(RuleBroken) as refused:
        person(born=born)
    assert refused.value.rule is rule


def test_a_person_of_125_years_is_registered() -> None:
    assert age(person(born=date(1900, 3, 3)).birth_date, NOW.date()) == 125


def test_a_child_born_today_far_east_is_registered() -> None:
    """At 13:00 UTC it is already tomorrow in Wallis-et-Futuna."""
    now = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
    assert latest_french_date(now) == date(2026, 3, 3)
    assert identity("Tuia", ("Malia",), date(2026, 3, 3), "female", None, now=now)


@pytest.mark.parametrize(("birth_name", "given"), [("-", ("Anne",)), ("Martin", ("'",)), ("Martin", ())])
def test_a_name_without_a_letter_is_refused(birth_name: str, given: tuple[str, ...]) -> None:
    with pytest.raises(RuleBroken) as refused:
        person(birth_name, given)
    assert refused.value.rule is Rule.NAME_EMPTY


def test_a_person_is_found_by_the_used_name_too() -> None:
    assert {"lefevre", "anne", "lise", "martin"} <= person(used="Martin").search_keys


@given(st.dates(date(1910, 1, 1), date(2026, 1, 1)), st.dates(date(2026, 1, 2), date(2040, 1, 1)))
def test_age_grows_by_one_from_birthday_to_birthday(born: date, on: date) -> None:
    years = age(born, on)
    assert (born.month, born.day) > (on.month, on.day) or on.year - born.year == years
    assert 0 <= on.year - born.year - years <= 1
