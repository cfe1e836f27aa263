"""Lengths block, keys warn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.identifiers import commune, departement_of, finess, luhn_valid, rpps
from registry.domain.rules import Rule, RuleBroken


@pytest.mark.parametrize("number", ["10999000002", "10999000010", "10999000028"])
def test_a_valid_rpps_has_a_good_key(number: str) -> None:
    assert rpps(number).key_ok


def test_an_rpps_with_a_doubtful_key_is_kept_and_flagged() -> None:
    checked = rpps("10999000003")
    assert (checked.value, checked.key_ok) == ("10999000003", False)


def test_an_rpps_is_read_with_spaces_and_with_its_prefix_on_the_wire() -> None:
    assert rpps("10 999 000 002").value == "10999000002"
    assert rpps("810999000002").value == "10999000002"


@pytest.mark.parametrize("text", ["", "1099900000", "109990000020", "1099900000A", "910999000002", "１０999000002"])
def test_an_rpps_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        rpps(text)
    assert refused.value.rule is Rule.RPPS_LENGTH


@given(st.text(alphabet="0123456789", min_size=10, max_size=10))
def test_exactly_one_last_digit_is_the_key(body: str) -> None:
    assert sum(luhn_valid(body + digit) for digit in "0123456789") == 1


@given(st.text(alphabet="0123456789", min_size=11, max_size=11), st.integers(0, 10), st.integers(1, 9))
def test_a_single_wrong_digit_is_always_seen(number: str, place: int, shift: int) -> None:
    wrong = str((int(number[place]) + shift) % 10)
    assert luhn_valid(number) + luhn_valid(number[:place] + wrong + number[place + 1 :]) < 2


@pytest.mark.parametrize("number", ["010000024", "2A0000154", "539990002", "729990002"])
def test_finess_keys_count_the_corsican_letters(number: str) -> None:
    assert finess(number).key_ok


def test_a_finess_of_another_shape_is_refused() -> None:
    with pytest.raises(RuleBroken, match="finess"):
        finess("2C0000154")


@pytest.mark.parametrize(("code", "departement"), [("53130", "53"), ("2A004", "2A"), ("97411", "974"), ("01004", "01")])
def test_the_departement_of_a_commune(code: str, departement: str) -> None:
    assert departement_of(commune(code)) == departement


@pytest.mark.parametrize("code", ["5313", "531300", "2C004", "5 130", ""])
def test_a_commune_code_of_another_shape_is_refused(code: str) -> None:
    with pytest.raises(RuleBroken, match="commune"):
        commune(code)
