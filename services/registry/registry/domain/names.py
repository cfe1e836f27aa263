"""How names are compared and found: accents, case, hyphens, apostrophes, ligatures and particles do not matter."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i"})

PARTICLES = frozenset({"d", "da", "de", "del", "della", "den", "der", "des", "di", "do", "dos", "du",
                       "el", "l", "la", "le", "les", "van", "von"})  # fmt: skip


def normalised_words(text: str) -> tuple[str, ...]:
    """The words of a name in small letters without accents; anything that is not a letter or digit separates."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    letters = (c for c in decomposed if not unicodedata.combining(c))
    # Lower case again: a compatibility letter (Ⅷ, ℳ) may decompose into capitals.
    spaced = "".join(c if c.isalnum() else " " for c in letters).casefold()
    return tuple(spaced.split())


def name_key(text: str) -> str:
    """The name as one word: `Le Goff`, `LE-GOFF` and `Legoff` have the same key."""
    return "".join(normalised_words(text))


def search_keys(names: Iterable[str]) -> frozenset[str]:
    """Every key under which a person with these names is found: each name as one word, with and without its
    leading particles, and each of its words (a particle counts only in last place, where it is none).
    """
    keys: set[str] = set()
    for name in names:
        words = normalised_words(name)
        keys.add("".join(words))
        keys.add("".join(_without_leading_particles(words)))
        keys.update(word for word in words if word not in PARTICLES)
        keys.update(words[-1:])
    return frozenset(key for key in keys if key)


def _without_leading_particles(words: tuple[str, ...]) -> tuple[str, ...]:
    for rank, word in enumerate(words):
        if word not in PARTICLES:
            return words[rank:]
    return words


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that was asked for: a person answers it when one of their keys starts with one of `prefixes`."""

    prefixes: frozenset[str]


def search_terms(text: str) -> tuple[Term, ...]:
    """What a typed name asks for, in any order of names: one term per word, particles joined to the word they precede.

    `le goff yann` asks for (goff or legoff) and (yann). Empty when nothing can be searched.
    """
    words = normalised_words(text)
    terms: list[Term] = []
    particles = ""
    for word in words:
        if word in PARTICLES:
            particles += word
            continue
        terms.append(Term(frozenset({word, particles + word})))
        particles = ""
    if particles:
        # Someone is still typing, or the family name is itself a particle (`Le`, `Van`).
        terms.append(Term(frozenset({particles, words[-1]})))
    return tuple(terms)


def found_by(terms: Iterable[Term], keys: frozenset[str]) -> bool:
    """True when a person with these search keys answers every term."""
    return all(any(key.startswith(prefix) for key in keys for prefix in term.prefixes) for term in terms)


def display_name(birth_name: str, given_names: Iterable[str], used_name: str | None) -> str:
    """How a person is called in lists: `LEROY Anne`, under the used name when there is one."""
    family = used_name or birth_name
    first = next(iter(given_names), "")
    return f"{family.upper()} {first}".strip()
