"""How many segments a text costs, and how to write French so that it costs one (GSM 03.38)."""

import unicodedata
from dataclasses import dataclass
from typing import Literal

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")

GSM_SINGLE, GSM_PART = 160, 153
UCS2_SINGLE, UCS2_PART = 70, 67

Encoding = Literal["gsm7", "ucs2"]

_TYPOGRAPHY = str.maketrans(
    {
        "œ": "oe", "Œ": "OE", "’": "'", "‘": "'", "ʼ": "'", "«": '"', "»": '"', "“": '"', "”": '"',
        "–": "-", "—": "-", "‑": "-", "…": "...", "•": "-", "·": "-", "°": "o", "ß": "ss",
        "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\t": " ",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Size:
    """What one text costs: `units` are septets (gsm7) or UTF-16 code units (ucs2)."""

    encoding: Encoding
    units: int
    segments: int


def transliterate(text: str) -> str:
    """The same text in GSM-7 characters only: è é à ù stay, ê becomes e, œ becomes oe, « becomes "."""
    return "".join(_gsm(character) for character in text.translate(_TYPOGRAPHY))


def measure(text: str) -> Size:
    """The cost of `text` as it is, counted as operators do: no escape or surrogate pair is ever cut."""
    if all(character in BASIC or character in EXTENSION for character in text):
        widths = [2 if character in EXTENSION else 1 for character in text]
        return Size("gsm7", sum(widths), _parts(widths, GSM_SINGLE, GSM_PART))
    widths = [2 if ord(character) > 0xFFFF else 1 for character in text]
    return Size("ucs2", sum(widths), _parts(widths, UCS2_SINGLE, UCS2_PART))


def _gsm(character: str) -> str:
    if character in BASIC or character in EXTENSION:
        return character
    decomposed = unicodedata.normalize("NFKD", character)
    kept = "".join(part for part in decomposed if part in BASIC or part in EXTENSION)
    return kept or ("" if unicodedata.category(character)[0] in "MC" else "?")


def _parts(widths: list[int], single: int, part: int) -> int:
    if sum(widths) <= single:
        return 1
    parts, room = 1, part
    for width in widths:
        if width > room:
            parts, room = parts + 1, part
        room -= width
    return parts
