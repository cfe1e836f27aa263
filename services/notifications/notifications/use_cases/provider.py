"""The port to whoever carries texts. Adapters live in `notifications.providers`."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has the text under `reference`; `credits` is what it cost, in the provider's unit."""

    reference: str
    credits: float


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will never take this number; `reason` is our code."""

    reason: str


@dataclass(frozen=True, slots=True)
class Busy:
    """The provider certainly has nothing, and may take it later; `retry_after` in seconds when it says so."""

    cause: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Doubtful:
    """Nobody knows whether the provider has it: look for the tag before anything else."""

    cause: str


Outcome = Accepted | Refused | Busy | Doubtful


class ProviderUnavailable(ConnectionError):
    """The provider cannot say whether it has a text. Transient."""


class SmsProvider(Protocol):
    """Carries texts. Never raises from `send`: every ending is an `Outcome`."""

    @property
    def name(self) -> str:
        """A code for events and rows."""
        ...

    async def send(self, tag: str, number: str, text: str) -> Outcome:
        """Hand over one text (GSM-7) for one number (E.164); `tag` finds it again."""
        ...

    async def find_by_tag(self, tag: str) -> Accepted | None:
        """The text handed over with this tag, or None. Raises ProviderUnavailable."""
        ...
