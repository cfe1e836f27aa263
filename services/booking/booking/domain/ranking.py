"""In which order free places are proposed, so that a half-day is not crumbled.

1. the day of the site, earliest first: nobody waits longer for the sake of a tidy agenda;
2. within a day, how much a place breaks of the free stretch around it: one that fills it exactly, then one that touches
   an end of it (taken time, the edge of the session, the way to another site), then one that would cut it in two;
3. the hour; 4. the professional's id; 5. the session's id: the same question gets the same order.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from booking.domain.availability import Slot, chronological


class Order(StrEnum):
    """`ranked` as above; `chronological` by start, then professional."""

    RANKED = "ranked"
    CHRONOLOGICAL = "chronological"


def rank(slot: Slot) -> tuple[date, int, datetime, int, int]:
    """Sort key of the ranked order."""
    return slot.day, slot.open_ends, slot.period.start, slot.professional.int, slot.session.int


def ordered(slots: Iterable[Slot], order: Order) -> list[Slot]:
    """The slots in that order."""
    return sorted(slots, key=rank if order is Order.RANKED else chronological)


def places(slots: Iterable[Slot], length: timedelta) -> list[Slot]:
    """As many slots as can be taken together, earliest first: of two that meet in a session, the earlier one; `length`
    is the kind's, buffers included.

    On a grid finer than the kind, 9:00, 9:05 and 9:10 are one place, not three.
    """
    ends: dict[UUID, datetime] = {}
    kept = []
    for slot in sorted(slots, key=chronological):
        if slot.session not in ends or slot.period.start >= ends[slot.session]:
            ends[slot.session] = slot.period.start + length
            kept.append(slot)
    return kept
