import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.domain.gsm import BASIC, EXTENSION, GSM_PART, measure, transliterate

GSM_TEXT = st.text(alphabet=sorted(BASIC | EXTENSION), max_size=800)


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", "gsm7", 0, 1),
        ("a" * 160, "gsm7", 160, 1),
        ("a" * 161, "gsm7", 161, 2),
        ("a" * 306, "gsm7", 306, 2),
        ("a" * 307, "gsm7", 307, 3),
        ("€" * 80, "gsm7", 160, 1),
        ("€" * 81, "gsm7", 162, 2),
        ("ê" * 70, "ucs2", 70, 1),
        ("ê" * 71, "ucs2", 71, 2),
        ("😀" * 35, "ucs2", 70, 1),
        ("éèàùìòäöüñÉÇ", "gsm7", 12, 1),
    ],
)
def test_a_text_costs_what_operators_bill(text: str, encoding: str, units: int, segments: int) -> None:
    size = measure(text)
    assert (size.encoding, size.units, size.segments) == (encoding, units, segments)


def test_an_escape_pair_is_never_cut_between_two_segments() -> None:
    """152 letters, then a two-septet sign: it does not fit the 153rd place and opens the next part."""
    assert measure("a" * 152 + "€" + "a" * 152).segments == 3
    assert measure("a" * 151 + "€" + "a" * 153).segments == 2


@pytest.mark.parametrize("letter", "âêîôûëïçœÿÀÂÈÊÎÔÙŒ’«»–—…°")
def test_french_characters_outside_gsm_cost_a_segment_until_they_are_transliterated(letter: str) -> None:
    assert measure(letter).encoding == "ucs2"
    assert measure(transliterate(letter)).encoding == "gsm7"


def test_transliteration_keeps_what_gsm_has_and_rewrites_the_rest() -> None:
    assert transliterate("Hôtel-Dieu, île d’Yeu : «cœur» à l’été…") == "Hotel-Dieu, ile d'Yeu : \"coeur\" à l'été..."


@given(st.text(max_size=300))
def test_whatever_is_written_transliterates_to_gsm_and_stays_so(text: str) -> None:
    once = transliterate(text)
    assert measure(once).encoding == "gsm7"
    assert transliterate(once) == once


@given(GSM_TEXT)
def test_the_number_of_segments_is_enough_and_not_wasteful(text: str) -> None:
    size = measure(text)
    if size.units <= 160:
        assert size.segments == 1
        return
    assert size.segments * GSM_PART >= size.units
    assert (size.segments - 1) * (GSM_PART - 1) < size.units
