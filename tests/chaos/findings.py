"""What the checker looks at, as plain values: what people were told, and what each service holds."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from smp_local.worlds.history import Entry

Kind = Literal["lost", "doubled", "overlapping", "texts_missing", "texts_twice", "facts_wrong"]
KINDS: tuple[Kind, ...] = ("lost", "doubled", "overlapping", "texts_missing", "texts_twice", "facts_wrong")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong; `what` is a French sentence with opaque ids only."""

    kind: Kind
    what: str


@dataclass(frozen=True, slots=True)
class Appointment:
    """`trail` is its state at version 1, 2, 3…"""

    id: UUID
    state: str
    trail: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Occupied:
    """A practitioner, a room or a patient taken from `start` to `end` (excluded)."""

    appointment: UUID
    resource: Hashable
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """An event, in an outbox or in Kafka."""

    id: UUID
    topic: str
    subject: UUID
    sequence: int


@dataclass(frozen=True, slots=True)
class Text:
    """A planned text; `ends` counts the fates that were published."""

    id: UUID
    appointment: UUID
    version: int
    purpose: str
    state: str
    tag: str
    due_at: datetime
    sent: bool
    ends: int


@dataclass(frozen=True, slots=True)
class Owed:
    """A change of an appointment that its patient had to hear of by a text or by a call."""

    appointment: UUID
    version: int


@dataclass(frozen=True, slots=True)
class Projection:
    """What the owner knows of each thing, and what another service keeps of it."""

    name: str
    owner: Mapping[Hashable, tuple[object, ...]]
    copy: Mapping[Hashable, tuple[object, ...]]


@dataclass(frozen=True)
class Snapshot:
    """Everything at one quiet instant."""

    now: datetime
    entries: Sequence[Entry] = ()
    known: frozenset[UUID] = frozenset()  # ids of sites, people, rules, sessions, closures and absences that exist
    patients: frozenset[UUID] = frozenset()
    offered: frozenset[UUID] = frozenset()  # places that the waiting list keeps for somebody, by itself
    appointments: Mapping[UUID, Appointment] = field(default_factory=dict)
    occupied: Sequence[Occupied] = ()
    outbox: Sequence[Said] = ()
    kafka: Sequence[Said] = ()  # in the order of its partitions, repeated records included
    texts: Sequence[Text] = ()
    calls: Sequence[Owed] = ()
    owed: Sequence[Owed] = ()
    accepted: Sequence[str] = ()  # tags of the texts that the provider took, one per text
    projections: Sequence[Projection] = ()
    kept_of_erased: Sequence[str] = ()  # what is still to come for patients who are erased, in French
