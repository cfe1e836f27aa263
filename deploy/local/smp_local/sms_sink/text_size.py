"""What a text costs (GSM 03.38): the provider's own count, so that it can check its clients'."""

from dataclasses import dataclass
from typing import Literal

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
STOP_CLAUSE = 11  # characters added to a text sent without noStopClause


@dataclass(frozen=True, slots=True)
class TextSize:
    """Answer of `POST …/estimate`."""

    characters: int
    charactersClass: Literal["7bits", "unicode"]  # noqa: N815 - the provider's name
    maxCharactersPerPart: int  # noqa: N815 - the provider's name
    parts: int


def measure(message: str, *, stop_clause: bool) -> TextSize:
    """Count septets, or UTF-16 units as soon as one character is outside GSM-7; a pair is never cut."""
    simple = all(character in _BASIC or character in _EXTENSION for character in message)
    wide = _EXTENSION.__contains__ if simple else lambda character: ord(character) > 0xFFFF
    widths = [1] * (STOP_CLAUSE if stop_clause else 0) + [2 if wide(character) else 1 for character in message]
    single, several = (160, 153) if simple else (70, 67)
    parts = 1 if sum(widths) <= single else _count_parts(widths, several)
    return TextSize(sum(widths), "7bits" if simple else "unicode", single if parts == 1 else several, parts)


def _count_parts(widths: list[int], size: int) -> int:
    parts, used = 1, 0
    for width in widths:
        if used + width > size:
            parts, used = parts + 1, 0
        used += width
    return parts
