"""What notifications needs to know of an appointment: when, where, how. Never why, never with whom."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Mode(StrEnum):
    """Where the patient is seen (SAS value set)."""

    ON_SITE = "AMB"
    AT_HOME = "HH"
    BY_VIDEO = "VR"


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
