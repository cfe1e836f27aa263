"""What to offer instead when a slot is taken."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.domain.availability import Slot
from booking.domain.local_time import local_day


def nearest(
    slots: Iterable[Slot], wanted: datetime, role: str, professional: UUID | None, zone: ZoneInfo, count: int = 3
) -> list[Slot]:
    """The `count` best slots, one per hour of start: same day and same kind of practitioner first, then another
    practitioner of the site that day, then other days; nearest in time within each, the same person on a tie."""
    day = local_day(wanted, zone)

    def rank(slot: Slot) -> tuple[int, timedelta, bool, datetime, int]:
        return (
            _tier(slot, day, role, zone),
            abs(slot.period.start - wanted),
            slot.professional != professional,
            slot.period.start,
            slot.professional.int,
        )

    chosen: dict[datetime, Slot] = {}
    for slot in sorted(slots, key=rank):
        chosen.setdefault(slot.period.start, slot)
        if len(chosen) == count:
            break
    return list(chosen.values())


def _tier(slot: Slot, day: date, role: str, zone: ZoneInfo) -> int:
    if local_day(slot.period.start, zone) != day:
        return 2
    return 0 if slot.role == role else 1
