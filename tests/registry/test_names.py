"""Names are compared and found as people type them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.names import display_name, found_by, name_key, normalised_words, search_keys, search_terms

NAMES = st.text(min_size=1, max_size=40)
FRENCH = st.lists(st.text(alphabet="abcdeéèêëçœæoôuùñÿlïABCÉ", min_size=1, max_size=8), min_size=1, max_size=4).flatmap(
    lambda words: st.sampled_from([" ", "-", "'", "’"]).map(lambda joint: joint.join(words))
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("LE GOFF", "Legoff"),
        ("Le-Goff", "le goff"),
        ("Lefèvre", "LEFEVRE"),
        ("Œuvrard", "Oeuvrard"),
        ("D’Artagnan", "d'artagnan"),
        ("Jean-Pierre", "Jean Pierre"),
        ("Müller", "Mu\u0308ller"),
        ("Strauß", "Strauss"),
        ("Łukasz", "Lukasz"),
    ],
)
def test_spellings_of_one_name_have_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


def test_different_names_have_different_keys() -> None:
    assert name_key("Martin") != name_key("Martine")


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("fontaine", ["de La Fontaine"]),
        ("de la font", ["de La Fontaine"]),
        ("dupont", ["Martin-Dupont"]),
        ("marie dup", ["Dupont", "Marie"]),
        ("le goff yann", ["Legoff", "Yann"]),
        ("legoff", ["Le Goff"]),
        ("artagnan", ["d'Artagnan"]),
        ("dartagnan", ["d'Artagnan"]),
        ("oe", ["Œuvrard"]),
        ("le", ["Le", "Anh"]),
        ("van", ["Van", "Thi"]),
    ],
)
def test_a_person_is_found_by_the_beginning_of_any_name(typed: str, names: list[str]) -> None:
    assert found_by(search_terms(typed), search_keys(names))


@pytest.mark.parametrize(("typed", "names"), [("dupond", ["Dupont"]), ("marie", ["Dupont"]), ("ont", ["Dupont"])])
def test_a_person_is_not_found_by_something_else(typed: str, names: list[str]) -> None:
    assert not found_by(search_terms(typed), search_keys(names))


def test_a_search_without_a_letter_asks_for_nothing() -> None:
    assert search_terms(" -' ") == ()


@given(NAMES)
def test_normalising_twice_is_normalising_once(name: str) -> None:
    once = " ".join(normalised_words(name))
    assert " ".join(normalised_words(once)) == once


@given(NAMES)
def test_case_and_unicode_form_never_matter(name: str) -> None:
    assert name_key(unicodedata.normalize("NFD", name)) == name_key(unicodedata.normalize("NFC", name))


@given(FRENCH)
def test_capitals_never_matter(name: str) -> None:
    assert name_key(name.upper()) == name_key(name.lower())


@given(st.lists(FRENCH, min_size=1, max_size=3))
def test_everyone_is_found_by_their_own_full_names(names: list[str]) -> None:
    assert found_by(search_terms(" ".join(names)), search_keys(names))


def test_lists_show_the_used_name_first() -> None:
    assert display_name("Martin", ["Anne", "Lise"], "Le Roy") == "LE ROY Anne"
    assert display_name("Martin", ["Anne"], None) == "MARTIN Anne"
