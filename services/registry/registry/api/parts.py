"""Pieces that several routes share: identifiers of bodies, answers of commands, warnings in words."""

from collections.abc import Iterable
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field

from registry.domain.rules import Warned
from registry.domain.sites import Address
from registry.settings import Settings
from smp.http import Body, Caller, ShortText
from smp.problems import Language
from smp.sealing import KeyEncryptionKeys

PersonName = Annotated[ShortText, Field(max_length=100)]
PhoneText = Annotated[ShortText, Field(min_length=4, max_length=25, examples=["02 49 49 07 36"])]
"""A number as people write it; 25 characters hold the longest international one with its spaces."""

_WORDS: dict[Warned, tuple[str, str]] = {
    Warned.RPPS_KEY: (
        "La clé du numéro RPPS est douteuse : vérifiez-le.",
        "The key of the RPPS number is doubtful: check it.",
    ),
    Warned.RPPS_MISSING: (
        "Ce professionnel devrait avoir un numéro RPPS.",
        "This professional should have an RPPS number.",
    ),
    Warned.FINESS_KEY: (
        "La clé du numéro FINESS est douteuse : vérifiez-le.",
        "The key of the FINESS number is doubtful: check it.",
    ),
    Warned.PHONE_NOT_MOBILE: (
        "Un numéro qui accepte les SMS n'est pas un mobile : il n'en recevra pas.",
        "A number that accepts texts is not a mobile: it will receive none.",
    ),
    Warned.NO_PHONE: (
        "Aucun numéro : ce patient ne pourra être ni prévenu ni rappelé.",
        "No number: this patient can be neither told nor called back.",
    ),
    Warned.UNDER_SIXTEEN: (
        "Moins de 16 ans : notez le numéro d'un responsable.",
        "Under 16: note the number of a responsible adult.",
    ),
    Warned.NOT_ELIGIBLE: (
        "Ce patient a un médecin traitant. Les soins urgents restent dus.",
        "This patient has a treating doctor. Urgent care is still given.",
    ),
}


class Warning(BaseModel):
    """Saved, with a word of caution."""

    code: str
    message: str

    @classmethod
    def all_of(cls, warned: Iterable[Warned], language: Language) -> tuple[Self, ...]:
        return tuple(cls(code=w.value, message=_WORDS[w][0 if language == "fr" else 1]) for w in warned)


class Done(BaseModel):
    """The answer to every command: what it was about, its new version, warnings. Never personal data, as it is kept."""

    id: UUID
    version: int
    warnings: tuple[Warning, ...] = ()

    @classmethod
    def of(cls, id: UUID, version: int, warned: Iterable[Warned], language: Language) -> Self:
        return cls(id=id, version=version, warnings=Warning.all_of(warned, language))


class AddressBody(Body):
    """A French postal address; `commune_code` is INSEE's."""

    line: Annotated[ShortText, Field(examples=["48 rue Marcel Cerdan"])]
    postal_code: Annotated[str, Field(pattern=r"^[0-9]{5}$", examples=["53000"])]
    city: Annotated[ShortText, Field(max_length=100, examples=["Laval"])]
    commune_code: Annotated[str, Field(min_length=5, max_length=5, pattern=r"^[0-9AB]{5}$", examples=["53130"])]

    def to_domain(self) -> Address:
        return Address(self.line, self.postal_code, self.city, self.commune_code)


def encryption_keys(caller: Caller) -> KeyEncryptionKeys:
    """The key-encryption keys of this process."""
    keys: KeyEncryptionKeys = caller.runtime.state["keys"]
    return keys


def settings(caller: Caller) -> Settings:
    """The settings of this process."""
    given: Settings = caller.runtime.settings
    return given
