"""What notifications needs to know of an appointment: when, where, how. Never why, never with whom."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Mode(StrEnum):
    """Where a text says that the patient is seen: the SAS value set, and two words of ours."""

    ON_SITE = "AMB"
    AT_HOME = "HH"
    BY_VIDEO = "VR"
    BY_TELEPHONE = "TEL"
    UNSAID = "UNSAID"
    """Neutral wording: the text names neither the place nor the centre."""


def mode_told(mode: str, remote_by: str | None, neutral_wording: bool | None) -> Mode:
    """What a text says of where, from what an event says of it."""
    if neutral_wording:
        return Mode.UNSAID
    return Mode.BY_TELEPHONE if remote_by == "telephone" else Mode(mode)


class AppointmentState(StrEnum):
    """The states that matter to somebody who writes texts."""

    EXPECTED = "expected"
    CANCELLED = "cancelled"
    OVER = "over"
    """The patient has come, was seen, or did not come: nothing is left to tell."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The moment and place a patient is told of. `start` is aware."""

    site: UUID
    start: datetime
    mode: Mode = Mode.ON_SITE
