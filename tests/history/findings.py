"""What the judge looks at, as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Outcome = Literal["ok", "fail", "unknown"]
Kind = Literal["lost", "doubled", "overlapping", "unresolved", "out_of_order", "stale", "refused_wrongly"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an accepted command says of an appointment. Whoever cancels a session is not told the version: its event
    is of the same transaction (`Said.cause`)."""

    appointment: str
    version: int | None
    state: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One command. `invoked` and `returned` are real seconds of one clock; an unknown one has no return.

    `session`, `start`, `patient` say the place that it wanted, where it wanted one. A family, or a session, is
    answered for several appointments at once.
    """

    key: str
    what: str
    invoked: float
    outcome: Outcome
    returned: float | None = None
    answers: tuple[Answer, ...] = ()
    problem: str | None = None
    session: str | None = None
    start: datetime | None = None
    patient: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """What an appointment takes, from `start` to `end` (excluded)."""

    session: str
    start: datetime
    end: datetime
    resources: frozenset[str]


@dataclass(frozen=True, slots=True)
class Said:
    """One event, as the outbox numbered it; `place` where the event says one. `cause`: the command that cancelled a
    session in its transaction; `state`: the one it says, of a correction; `gives_back`: the time of whoever left before
    the hour agreed is free. `transaction`: events of one take effect at one instant; an event without one is alone."""

    position: int
    appointment: str
    version: int
    event: str
    place: Place | None = None
    cause: str | None = None
    state: str | None = None
    gives_back: bool = False
    transaction: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """An appointment as it stands in the end; `taken` is what it blocks."""

    state: str
    version: int
    session: str
    start: datetime
    taken: frozenset[str]


@dataclass(frozen=True)
class Evidence:
    """`settled` tells of each unknown command's key what was kept of it: its answers, or none."""

    operations: Sequence[Operation]
    said: Sequence[Said]
    rows: Mapping[str, Row]
    settled: Mapping[str, tuple[Answer, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    kind: Kind
    what: str
