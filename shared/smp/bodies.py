"""What request bodies are made of: strict, bounded, without characters that no field should hold."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, Strict
from pydantic_core import PydanticCustomError

from smp.problems import Language


class Body(BaseModel):
    """Base of request bodies: unknown fields are refused, spaces around texts removed."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, str_max_length=2000)


_DIGITS = re.compile(r"[+-]?[0-9.]+")


def _no_controls(text: str, allowed: str = "") -> str:
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in allowed for c in text):
        raise PydanticCustomError("control_character", "control characters are not accepted")
    return text


def _no_number(value: Any) -> Any:
    """pydantic would read a number, or its digits, as seconds since 1970: a day that nobody has written."""
    digits = isinstance(value, str) and _DIGITS.fullmatch(value.strip())
    if digits or isinstance(value, int | float):
        raise PydanticCustomError("number_for_time", "a date or an hour is written out, not given as a number")
    return value


def _bounded(instant: datetime) -> datetime:
    if not 1900 <= instant.year <= 2200:
        raise PydanticCustomError("instant_out_of_range", "the year must be between 1900 and 2200")
    return instant.astimezone(UTC)


def _bounded_day(day: date) -> date:
    if not 1880 <= day.year <= 2200:
        raise PydanticCustomError("day_out_of_range", "the year must be between 1880 and 2200")
    return day


ShortText = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_no_controls)]
"""One line, 1 to 200 characters."""
LongText = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(lambda t: _no_controls(t, "\n\t"))]
"""Lines, 1 to 2000 characters."""
WrittenOut = BeforeValidator(_no_number)
"""Of dates and hours: as text, never as a number."""
Instant = Annotated[AwareDatetime, WrittenOut, AfterValidator(_bounded)]
"""A moment with its offset, turned into UTC; years 1900 to 2200."""
Day = Annotated[date, WrittenOut, AfterValidator(_bounded_day)]
"""A calendar day; years 1880 to 2200."""
Flag = Annotated[bool, Strict()]
"""true or false, no word or number for it."""
Whole = Annotated[int, Strict()]
"""A whole number, no text or truth for it."""

_FRENCH = {
    "missing": "champ obligatoire",
    "extra_forbidden": "champ inconnu",
    "string_type": "du texte est attendu",
    "string_too_short": "texte trop court",
    "string_too_long": "texte trop long",
    "string_pattern_mismatch": "format non reconnu",
    "control_character": "caractères de contrôle non acceptés",
    "uuid_parsing": "identifiant (UUID) non valide",
    "uuid_type": "identifiant (UUID) attendu",
    "date_from_datetime_parsing": "date non valide (AAAA-MM-JJ attendu)",
    "date_parsing": "date non valide (AAAA-MM-JJ attendu)",
    "date_type": "date attendue (AAAA-MM-JJ)",
    "datetime_parsing": "date et heure non valides (ISO 8601 avec décalage attendu)",
    "datetime_from_date_parsing": "date et heure non valides (ISO 8601 avec décalage attendu)",
    "timezone_aware": "le décalage horaire manque (par exemple +01:00)",
    "time_parsing": "heure non valide (HH:MM attendu)",
    "number_for_time": "une date ou une heure s'écrit AAAA-MM-JJ ou HH:MM, non comme un nombre",
    "instant_out_of_range": "date hors des limites",
    "day_out_of_range": "date hors des limites",
    "enum": "valeur hors de la liste",
    "literal_error": "valeur hors de la liste",
    "int_type": "nombre entier attendu",
    "int_parsing": "nombre entier attendu",
    "bool_type": "vrai ou faux attendu",
    "bool_parsing": "vrai ou faux attendu",
    "greater_than": "nombre trop petit",
    "greater_than_equal": "nombre trop petit",
    "less_than": "nombre trop grand",
    "less_than_equal": "nombre trop grand",
    "too_short": "liste trop courte",
    "too_long": "liste trop longue",
    "list_type": "liste attendue",
    "model_attributes_type": "objet attendu",
    "model_type": "objet attendu",
    "dict_type": "objet attendu",
    "value_error": "valeur non valide",
}


def explain(errors: Sequence[Any], language: Language) -> list[dict[str, str]]:
    """pydantic's errors for a person: where (JSON pointer), code, sentence. The input is never quoted."""
    explained = []
    for error in errors:
        place, *path = error["loc"] or ("body",)
        code = str(error["type"])
        english = str(error.get("msg", code))
        # A validator of ours may carry a French sentence of its own in the error's context.
        context = error.get("ctx") or {}
        french = context.get("fr") or _FRENCH.get(code, "valeur non valide")
        if "fr" not in context and code in ("enum", "literal_error"):
            french = f"{french} : {context['expected'].replace(' or ', ' ou ')}"
        explained.append(
            {
                "in": str(place),
                "pointer": "".join(f"/{part}" for part in path),
                "code": code,
                "message": str(french) if language == "fr" else english,
            }
        )
    return explained
