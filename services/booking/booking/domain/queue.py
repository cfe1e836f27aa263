"""Who is called next at a site: walk-ins and appointments in one queue.

The rule, for all alike: the hour agreed, or the arrival of whoever came after that hour; then the arrival. A walk-in's
hour is the free place found at the arrival. Severity (CCMU) is what the doctor judges when the visit ends, no triage:
nobody who waits has one. Whoever looks worse is put before the others by hand, with the reason.
By hand, somebody is put right before another one, or last; decisions count in the order in which they were taken.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

BEFORE, LAST = "before", "last"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody in the queue; `place`, `before` and `decided_at` say what was decided by hand."""

    appointment: UUID
    start: datetime
    arrived_at: datetime
    place: str | None = None
    before: UUID | None = None
    decided_at: datetime | None = None


def call_order(queue: Iterable[Waiting]) -> list[Waiting]:
    """The queue, next one first."""
    order = sorted(queue, key=_by_rule)
    moved = sorted(
        ((each.decided_at, each.appointment.int, each) for each in order if each.place and each.decided_at),
        key=lambda decision: decision[:2],
    )
    for _, _, each in moved:
        order.remove(each)
        order.insert(_position(each, order), each)
    return order


def _by_rule(each: Waiting) -> tuple[datetime, datetime, int]:
    return max(each.start, each.arrived_at), each.arrived_at, each.appointment.int


def _position(moved: Waiting, order: list[Waiting]) -> int:
    """Where it goes among the others: at the end when the one it was put before has been called meanwhile and it was
    put last, else where the rule has it."""
    if moved.place == LAST:
        return len(order)
    for at, each in enumerate(order):
        if each.appointment == moved.before:
            return at
    return next((at for at, each in enumerate(order) if _by_rule(moved) < _by_rule(each)), len(order))
