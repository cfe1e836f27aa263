"""How the kinds of appointment of a territory are given, from which day on. Published by booking; the key is the kind
of one territory."""

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from smp.contracts.base import Code, EventData, Topic
from smp.contracts.vocabulary import CapacityClass, Compartment, Role

KINDS = Topic("smp.booking.kinds", "booking", "kind", "Kinds of appointment as each territory decides them.")

Minutes = Annotated[int, Field(ge=0)]


class KindDecided(EventData):
    """The territory decided this kind.

    What is said here counts from `valid_from` on and overrides, from that day on, every event of a lower sequence;
    appointments already booked keep their kind as it was. `modes` are AMB, HH, VR and TEL (by telephone); the buffers
    are the practitioner's alone.
    """

    topic: ClassVar[Topic] = KINDS

    kind: UUID
    code: Code
    valid_from: date
    duration_minutes: Minutes
    buffer_before_minutes: Minutes
    buffer_after_minutes: Minutes
    roles: tuple[Role, ...]
    modes: tuple[str, ...]
    capacity_class: CapacityClass
    compartment: Compartment
    unscheduled: bool
    neutral_wording: bool
