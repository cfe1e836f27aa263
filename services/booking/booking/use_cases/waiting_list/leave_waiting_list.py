"""Somebody does not wait any more: they say so, registry has forgotten them, or their last wished day is over."""

from datetime import datetime, timedelta
from uuid import UUID

from booking.domain.rules import Rules
from booking.domain.waiting_list import Entry, EntryState
from booking.store import waiting_list
from booking.use_cases.access import require_sight_of_entry
from booking.use_cases.waiting_list import announcing_waiting
from booking.use_cases.waiting_list.ending_offers import withdraw
from booking.use_cases.waiting_list.join_waiting_list import entry_for
from smp.auth import Actor
from smp.postgres import Database, Scope, Transaction

BY = "booking.leave-waiting-list"
ERASED, OUTDATED = "patient_erased", "wishes_over"
_BATCH = 200


async def leave_waiting_list(
    tx: Transaction, id: UUID, reason: str, rules: Rules, *, actor: Actor, now: datetime
) -> Entry:
    """Off the list; an offer that runs is withdrawn, its place rests for the next.

    Raises Refusal: ENTRY_UNKNOWN, ENTRY_OVER, FORBIDDEN.
    """
    entry = await entry_for(tx, id, actor, now)
    require_sight_of_entry(actor, entry)
    return await _leave(tx, entry, reason, actor.subject, now, rules.cool_down)


async def leave_of_patient(tx: Transaction, patient: UUID, by: str, now: datetime) -> None:
    """Registry erased a patient: nothing is waited for under that id. Call it before appointments are locked."""
    for entry in await waiting_list.lock_of_patient(tx, patient, now.date()):
        await _leave(tx, entry, ERASED, by, now)


async def close_outdated(database: Database, now: datetime) -> int:
    """The job: whoever waited for days that are over, the last place on earth included. Returns how many left."""
    async with database.transaction(Scope.everywhere()) as tx:
        outdated = await waiting_list.lock_outdated(tx, (now - timedelta(hours=12)).date(), _BATCH)
        for entry in outdated:
            await _leave(tx, entry, OUTDATED, BY, now)
    return len(outdated)


async def _leave(
    tx: Transaction, entry: Entry, reason: str, by: str, now: datetime, cool_down: timedelta = timedelta()
) -> Entry:
    entry = await withdraw(tx, entry, by, now, cool_down)
    gone = entry.step("left", now, by, state=EntryState.LEFT, left_reason=reason)
    await waiting_list.save(tx, gone)
    announcing_waiting.left(tx, gone, now)
    return gone
