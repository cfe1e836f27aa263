"""Whether a text can reach a patient, and if not, why somebody has to call."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class CallReason(StrEnum):
    NO_MOBILE = "no_mobile"
    NO_CONSENT = "no_consent"
    REFUSED = "refused"
    INVALID_NUMBER = "invalid_number"
    UNDELIVERED = "undelivered"
    KEY_MISSING = "key_missing"
    TO_BE_DECIDED = "to_be_decided"


@dataclass(frozen=True, slots=True)
class Reachability:
    """What events said of a patient's contact. `by_text` is None while the patient is not known here yet."""

    by_text: bool | None = None
    consent: bool | None = None
    unusable: CallReason | None = None
    """Set when the provider said that the present number must not be used again."""

    def obstacle(self) -> CallReason | None:
        """Why no text may be planned; None when one may, or when nothing is known yet."""
        if self.by_text is None:
            return None
        if not self.by_text:
            return CallReason.NO_CONSENT if self.consent is False else CallReason.NO_MOBILE
        return self.unusable


@dataclass(frozen=True, slots=True)
class Number:
    """A telephone number in E.164."""

    e164: str


def choose_number(contact: dict[str, Any]) -> Number | CallReason:
    """The first mobile whose owner agreed to texts, from an unsealed `contact` compartment."""
    phones = contact.get("phones") or []
    mobiles = [phone for phone in phones if phone.get("mobile")]
    if not mobiles:
        return CallReason.NO_MOBILE
    for phone in mobiles:
        if phone.get("text_consent"):
            return Number(phone["number"])
    return CallReason.NO_CONSENT
