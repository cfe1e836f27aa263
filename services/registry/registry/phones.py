"""Telephone numbers as typed become E.164 (DOMAIN §1.6)."""

from collections.abc import Sequence
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from registry.domain.contact import Phone
from registry.problems import PHONE_INVALID
from smp.problems import Refusal

_REGIONS = ("FR", "GP", "GF", "MQ", "RE", "YT")
"""In this order: overseas mobiles look like 06 numbers, and the first region where the number is valid counts."""

_TAKES_TEXTS = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


@dataclass(frozen=True, slots=True)
class TypedPhone:
    """A number as a person typed it."""

    number: str
    label: str
    text_consent: bool


def read_phone(text: str, position: int = 1) -> tuple[str, bool]:
    """The number in E.164 and whether it is a mobile. Refuses (PHONE_INVALID) without repeating the number."""
    for region in _REGIONS:
        try:
            number = phonenumbers.parse(text, region)
        except NumberParseException:
            continue
        if number.extension is None and phonenumbers.is_valid_number(number):
            mobile = phonenumbers.number_type(number) in _TAKES_TEXTS
            return phonenumbers.format_number(number, PhoneNumberFormat.E164), mobile
    raise Refusal(PHONE_INVALID, position=position)


def read_phones(typed: Sequence[TypedPhone]) -> tuple[Phone, ...]:
    """All numbers of a contact, in their order."""
    phones = []
    for position, phone in enumerate(typed, start=1):
        number, mobile = read_phone(phone.number, position)
        phones.append(Phone(number, phone.label, mobile, phone.text_consent))
    return tuple(phones)
