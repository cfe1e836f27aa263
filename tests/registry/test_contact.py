"""Telephone numbers: E.164, mobile or not, consent per number."""

import pytest

from registry.domain.contact import Phone, contact
from registry.domain.rules import RuleBroken
from registry.phones import TypedPhone, read_phone, read_phones
from smp.problems import Refusal


@pytest.mark.parametrize(
    ("typed", "number", "mobile"),
    [
        ("06 12 34 56 78", "+33612345678", True),
        ("07.55.12.34.56", "+33755123456", True),
        ("02 49 49 07 36", "+33249490736", False),
        ("+33 2 49 49 07 36", "+33249490736", False),
        ("0690 30 12 34", "+590690301234", True),
        ("0694 20 12 34", "+594694201234", True),
        ("0696 20 12 34", "+596696201234", True),
        ("0692 12 34 56", "+262692123456", True),
        ("0639 69 12 34", "+262639691234", True),
    ],
)
def test_a_number_is_read_in_the_first_region_where_it_is_valid(typed: str, number: str, mobile: bool) -> None:
    assert read_phone(typed) == (number, mobile)


@pytest.mark.parametrize("typed", ["", "15", "06 12 34", "0612345678901234567890123456789", "abc", "0700 00 00 00"])
def test_an_impossible_number_is_refused_without_being_repeated(typed: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_phones([TypedPhone("02 49 49 07 36", "patient", False), TypedPhone(typed, "patient", False)])
    assert refused.value.problem.slug == "phone-invalid"
    assert refused.value.extensions == {"position": 2}


def test_texts_need_a_mobile_and_consent_on_the_same_number() -> None:
    mobile = Phone("+33612345678", "patient", mobile=True, text_consent=False)
    landline = Phone("+33249490736", "fille", mobile=False, text_consent=True)
    reach = contact([mobile, landline])
    assert (reach.reachable_by_text, reach.refuses_texts) == (False, True)
    assert contact([Phone("+33612345678", "patient", mobile=True, text_consent=True)]).reachable_by_text


def test_a_number_given_twice_is_refused() -> None:
    phone = Phone("+33612345678", "patient", mobile=True, text_consent=True)
    with pytest.raises(RuleBroken, match="phone-twice"):
        contact([phone, phone])


def test_a_mobile_without_consent_is_a_refusal_and_a_landline_is_not() -> None:
    mobile = Phone("+33639980001", "patient", mobile=True, text_consent=False)
    landline = Phone("+33261910001", "patient", mobile=False, text_consent=False)
    assert contact([mobile]).refuses_texts
    assert not contact([landline]).refuses_texts
    assert not contact([]).refuses_texts
