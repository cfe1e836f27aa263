"""Shares whose hour has come are everybody's: the rule has said so already, the event follows."""

from datetime import datetime

from booking.domain.capacity import first_release, released
from booking.store import capacity
from booking.store.capacity import Due
from booking.use_cases.appointments import announcing
from smp.postgres import Database, Scope, Transaction

_BATCH = 50


async def release_capacity(database: Database, now: datetime) -> int:
    """The job: tell every release that is due, a batch a transaction; done twice it tells nothing again, and late it
    tells the same hours. Returns how many sessions were looked at."""
    total = 0
    while True:
        async with database.transaction(Scope.everywhere()) as tx:
            due = await capacity.lock_due(tx, now, _BATCH)
            for each in sorted(due, key=lambda each: each.stored.session.id):
                await _release(tx, each, now)
        total += len(due)
        if len(due) < _BATCH:
            return total


async def _release(tx: Transaction, due: Due, now: datetime) -> None:
    session, version = due.stored.session, due.stored.version
    if due.stored.is_open:
        await capacity.one_booking_at_a_time(tx, session.id)
        taken = (await capacity.taken(tx, [session.id], now))[session.id]
        for share, slots in released(session.period, session.grid, session.shares, taken, due.since, now):
            version += 1
            announcing.capacity_released(tx, session, version, share, slots, now)
    await capacity.released(tx, session.id, version, first_release(session.shares, now))
