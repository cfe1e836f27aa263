"""Identifiers of professionals, structures and communes: the length blocks, the key only warns (DOMAIN §1.3–1.5)."""

import re
from dataclasses import dataclass

from registry.domain.rules import Rule, RuleBroken

_RPPS = re.compile(r"[0-9]{11}")
_PREFIXED_RPPS = re.compile(r"8[0-9]{11}")
_FINESS = re.compile(r"([0-9]{2}|2[AB])[0-9]{7}")
_COMMUNE = re.compile(r"([0-9]{2}|2[AB])[0-9]{3}")
_SPACING = re.compile(r"[\s.\u00a0\u202f]")


@dataclass(frozen=True, slots=True)
class Checked:
    """An identifier of the right shape; `key_ok` is False when its Luhn key is doubtful."""

    value: str
    key_ok: bool


def luhn_valid(digits: str) -> bool:
    """True when the last digit is the Luhn key of the others (from the right, every second digit doubled)."""
    total = 0
    for rank, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if rank % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def rpps(text: str) -> Checked:
    """An RPPS as stored: 11 digits. The wire form `8` + RPPS (12 digits) is accepted too.

    Raises RuleBroken(RPPS_LENGTH) for any other shape.
    """
    value = _SPACING.sub("", text)
    if _PREFIXED_RPPS.fullmatch(value):
        value = value[1:]
    if not _RPPS.fullmatch(value):
        raise RuleBroken(Rule.RPPS_LENGTH)
    return Checked(value, luhn_valid(value))


def finess(text: str) -> Checked:
    """A FINESS number: 9 characters, Corsican A and B count as 1 and 2 in the key.

    Raises RuleBroken(FINESS_LENGTH) for any other shape.
    """
    value = _SPACING.sub("", text).upper()
    if not _FINESS.fullmatch(value):
        raise RuleBroken(Rule.FINESS_LENGTH)
    return Checked(value, luhn_valid(value.replace("A", "1").replace("B", "2")))


def commune(text: str) -> str:
    """An INSEE commune code (5 characters, `2A004` in Corsica); not a postal code.

    Raises RuleBroken(COMMUNE_SHAPE).
    """
    value = text.strip().upper()
    if not _COMMUNE.fullmatch(value):
        raise RuleBroken(Rule.COMMUNE_SHAPE)
    return value


def departement_of(commune_code: str) -> str:
    """The département of a commune: two characters, three overseas (97x, 98x)."""
    return commune_code[:3] if commune_code[:2] in ("97", "98") else commune_code[:2]
