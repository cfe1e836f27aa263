"""How a patient is reached: telephone numbers, each with its label and its own consent to texts (DOMAIN §1.6)."""

from collections.abc import Sequence
from dataclasses import dataclass

from registry.domain.rules import Rule, RuleBroken


@dataclass(frozen=True, slots=True)
class Phone:
    """A number in E.164. `label` says whose it is (the patient's, a parent's, a social worker's)."""

    number: str
    label: str
    mobile: bool
    text_consent: bool

    @property
    def takes_texts(self) -> bool:
        return self.mobile and self.text_consent


@dataclass(frozen=True, slots=True)
class Contact:
    """The numbers of a patient in order of preference; one number may belong to many patients."""

    phones: tuple[Phone, ...] = ()

    @property
    def reachable_by_text(self) -> bool:
        return any(phone.takes_texts for phone in self.phones)

    @property
    def refuses_texts(self) -> bool:
        """There is a mobile number, and consent to texts on none: a refusal, not a lack of means."""
        return any(phone.mobile for phone in self.phones) and not self.reachable_by_text


def contact(phones: Sequence[Phone]) -> Contact:
    """The contact as it will be stored. Raises RuleBroken when a number comes twice (its consent would be unclear)."""
    if len({phone.number for phone in phones}) < len(phones):
        raise RuleBroken(Rule.PHONE_TWICE)
    return Contact(tuple(phones))
