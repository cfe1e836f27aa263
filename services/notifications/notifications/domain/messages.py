"""The life of one text, from planned to its single fate."""

from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID


class Purpose(StrEnum):
    CONFIRMATION = "confirmation"
    REMINDER = "reminder"
    CHANGE = "change"
    CANCELLATION = "cancellation"
    OFFER = "offer"
    """A place of the waiting list, to be answered by an hour."""
    OFFER_WITHDRAWN = "offer_withdrawn"
    ADDRESS = "address"
    """The site moves: the same hour, elsewhere."""


class State(StrEnum):
    PLANNED = "planned"
    SENDING = "sending"
    """Handed to a sender under a lease: whether the provider has it is not known yet."""
    ACCEPTED = "accepted"
    """The provider has it. This is not "delivered"."""
    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    """Accepted, and no receipt came in time: nobody knows, it is never called delivered nor sent again."""
    CANCELLED = "cancelled"
    """Never left: the appointment changed first."""


TRANSITIONS: dict[State, frozenset[State]] = {
    State.PLANNED: frozenset({State.SENDING, State.CANCELLED, State.FAILED, State.EXPIRED}),
    State.SENDING: frozenset({State.ACCEPTED, State.PLANNED, State.CANCELLED, State.FAILED, State.EXPIRED}),
    State.ACCEPTED: frozenset({State.DELIVERED, State.FAILED, State.EXPIRED, State.UNKNOWN}),
    State.UNKNOWN: frozenset(),
    State.DELIVERED: frozenset(),
    State.FAILED: frozenset(),
    State.EXPIRED: frozenset(),
    State.CANCELLED: frozenset(),
}

FATES = frozenset({State.DELIVERED, State.FAILED, State.EXPIRED, State.UNKNOWN, State.CANCELLED})
NEEDS_A_CALL = frozenset({State.FAILED, State.EXPIRED})
"""Fates that leave a patient untold: each raises a call task."""

LEFT = frozenset({State.SENDING, State.ACCEPTED, State.DELIVERED, State.UNKNOWN})
"""States in which the patient may have read the text."""


def can_become(state: State, wanted: State) -> bool:
    """Whether a text in `state` may go to `wanted`; the same state again is not a transition."""
    return wanted in TRANSITIONS[state]


def dedupe_key(appointment: UUID, purpose: Purpose, version: int, occasion: int = 0) -> str:
    """The provider's tag for the text of one appointment state: 20 characters (OVH's limit), 96 bits. `occasion` is the
    number of the site's event, where that one calls for the text.

    Computed from facts alone, so that a sender that lost everything else still finds its own text.
    """
    about = f"{appointment}/{purpose}/{version}" + (f"/{occasion}" if occasion else "")
    digest = sha256(about.encode()).digest()
    return b32encode(digest[:12]).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Retry:
    """How a text is tried again while the provider is busy, down or out of credit. Seconds."""

    first_pause: float
    longest_pause: float

    def pause(self, attempts: int, luck: float, asked: float | None = None) -> float:
        """Seconds before attempt `attempts` + 1; `luck` in [0, 1) spreads senders, `asked` is Retry-After."""
        ceiling = min(self.longest_pause, self.first_pause * 2.0 ** min(attempts - 1, 30))
        return max(asked or 0.0, ceiling * (0.5 + luck / 2))


@dataclass(frozen=True, slots=True)
class Patience:
    """When to stop trying and have somebody call instead."""

    longest: timedelta
    """Since the text was due."""
    before_start: timedelta
    """The appointment is near: a call is surer than another attempt."""

    def is_over(self, now: datetime, due_at: datetime, start: datetime) -> bool:
        return now - due_at >= self.longest or start - now < self.before_start
