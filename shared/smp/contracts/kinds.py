"""How the kinds of appointment of a territory are given, from which day on. Published by booking; the key is the kind
of one territory."""

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from smp.contracts.base import Code, EventData, Part, Topic
from smp.contracts.vocabulary import CapacityClass, Compartment, Role

KINDS = Topic("smp.booking.kinds", "booking", "kind", "Kinds of appointment as each territory decides them.")

Minutes = Annotated[int, Field(ge=0)]


class PreparationOfKind(Part):
    """So many minutes of somebody of one of `roles` come right before the appointment, in the same room or another."""

    minutes: Annotated[int, Field(ge=1)]
    roles: tuple[Role, ...]
    same_room: bool


class KindDecided(EventData):
    """The territory decided this kind.

    What is said here counts from `valid_from` on and overrides, from that day on, every event of a lower sequence;
    appointments already booked keep their kind as it was. `modes` are AMB, HH, VR and TEL (by telephone); the buffers
    are the practitioner's alone.

    Booked `min_lead_minutes` ahead at least, `max_lead_days` at most (null = no bound). `equipment` and, with
    `wants_room`, a room are wanted of the session. `follow_up_only`: with a practitioner who has seen the patient.
    `running_cap`: most appointments of a patient still ahead (null = no bound). An event of before these were said has
    no `min_lead_minutes`, and nothing follows from the others being null.
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
    min_lead_minutes: Minutes | None = None
    max_lead_days: Annotated[int, Field(ge=1)] | None = None
    wants_eligibility: bool | None = None
    wants_room: bool | None = None
    equipment: tuple[str, ...] | None = None
    preparation: PreparationOfKind | None = None
    follow_up_only: bool | None = None
    running_cap: Annotated[int, Field(ge=1)] | None = None
