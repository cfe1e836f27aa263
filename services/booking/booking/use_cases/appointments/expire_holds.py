"""What time alone decides: holds that are over become a state and an event, so that nobody has to guess; places that
have rested are free for all, at the hour that `SlotCancelled` had told (`released_at`)."""

from datetime import datetime, timedelta

from booking.store import appointments
from booking.use_cases.appointments.placing import expire
from smp.postgres import Database, Scope

BY = "booking.expire-holds"
_BATCH = 500


async def expire_holds(database: Database, now: datetime, cool_down: timedelta = timedelta()) -> int:
    """The job: expire every hold that is over, a batch a transaction; those a booking is busy with are left to it.
    The places of offers rest for `cool_down`, for the next who waits. Returns how many."""
    total = 0
    while True:
        async with database.transaction(Scope.everywhere()) as tx:
            over = await appointments.lock_expired(tx, now, _BATCH)
            await expire(tx, over, now, BY, cool_down)
        total += len(over)
        if len(over) < _BATCH:
            return total


async def end_rests(database: Database, now: datetime) -> int:
    """The job: free every place that has rested, a batch a transaction. Returns how many."""
    total = 0
    while True:
        async with database.transaction(Scope.everywhere()) as tx:
            freed = await appointments.end_rests(tx, now, _BATCH)
        total += freed
        if freed < _BATCH:
            return total
