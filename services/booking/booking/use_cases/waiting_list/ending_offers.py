"""How an offer ends: by an answer, by its hold, with its entry. Entry before hold, everywhere the same order."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from booking.domain.appointments import GIVEN_BACK, Action, Appointment, State, rest_of
from booking.domain.offers import Offer, OfferState
from booking.domain.waiting_list import Entry, EntryState
from booking.store import appointments, impacts, offers, waiting_list
from booking.use_cases.appointments import announcing
from booking.use_cases.appointments.cancel_appointment import CENTRE, PATIENT
from booking.use_cases.one_by_one import one_by_one
from booking.use_cases.waiting_list import announcing_waiting
from smp.postgres import Database, Scope, Transaction

BY = "booking.end-offers"
_GIVEN_UP, _NOT_KEPT = "offer_declined", "session_unsupported"
_BATCH = 200


async def end_offers(database: Database, now: datetime, cool_down: timedelta) -> int:
    """The job: offers whose hold has ended without an answer, whoever ended it, end too; and those whose place could
    not be kept. Returns how many."""
    async with database.transaction(Scope.everywhere()) as tx:
        found = await offers.without_hold(tx, _BATCH)

    async def look(offer: UUID) -> None:
        async with database.transaction(Scope.everywhere()) as tx:
            await _end(tx, offer, now, cool_down)

    await one_by_one(BY, found, look)
    return len(found)


async def _end(tx: Transaction, id: UUID, now: datetime, cool_down: timedelta) -> None:
    offer = await offers.get(tx, id)
    entry = await waiting_list.lock(tx, offer.entry, now.date()) if offer else None
    offer = await offers.lock(tx, id)
    if offer is None or entry is None or offer.state is not OfferState.RUNNING:
        return
    hold = await appointments.get(tx, offer.appointment)
    if hold is not None and hold.state is State.HELD:
        hold = await _take_back(tx, hold.id, now, cool_down)
    if hold is None:
        return
    if hold.state is State.EXPIRED:
        await _end_without_answer(tx, entry, offer, OfferState.EXPIRED, now)
    elif hold.state is State.CANCELLED:
        await _end_without_answer(tx, entry, offer, OfferState.WITHDRAWN, now)
    else:  # it was confirmed as any hold is: that is an answer too
        await take(tx, entry, offer, await give_back(tx, entry, offer, BY, now, cool_down), BY, now)


async def _take_back(tx: Transaction, id: UUID, now: datetime, cool_down: timedelta) -> Appointment | None:
    """The hold of a place that could not be kept: nobody is put into its session any more, so that it rests for nobody.
    Nothing when somebody else has ended it meanwhile, for the next look."""
    hold = await appointments.lock(tx, id)
    if hold is None or hold.state is not State.HELD:
        return None
    return await _free(tx, hold, BY, now, cool_down, cancelled_by=CENTRE, cancel_reason=_NOT_KEPT)


async def take(
    tx: Transaction, entry: Entry, offer: Offer, replaced: Appointment | None, by: str, now: datetime
) -> Entry:
    """The hold has become the patient's appointment: the offer is accepted and the entry off the list."""
    await offers.end(tx, offer, OfferState.ACCEPTED, now, by)
    taken = entry.step("accepted", now, by, state=EntryState.BOOKED, appointment=offer.appointment)
    await waiting_list.save(tx, taken)
    announcing_waiting.accepted(tx, taken, offer, replaced, now)
    return taken


async def decline(
    tx: Transaction,
    entry: Entry,
    state: OfferState,
    by: str,
    now: datetime,
    cool_down: timedelta,
    paused_until: datetime | None = None,
) -> Entry:
    """The patient does not take the running offer of a locked entry: its place rests for the next, they go on
    waiting."""
    offer = await _free_running(tx, entry, by, now, cool_down)
    if offer is None:
        return entry
    after = await _close(tx, entry, offer, state, by, now, paused_until=paused_until)
    announcing_waiting.declined(tx, after, offer, state, now)
    return after


async def withdraw(tx: Transaction, entry: Entry, by: str, now: datetime, cool_down: timedelta) -> Entry:
    """Somebody leaves the list: the running offer of the locked entry, if there is one, ends and its place rests for
    the next."""
    offer = await _free_running(tx, entry, by, now, cool_down)
    if offer is None:
        return entry
    after = await _close(tx, entry, offer, OfferState.WITHDRAWN, by, now)
    announcing_waiting.expired(tx, after, offer, "left", now)
    return after


async def _end_without_answer(tx: Transaction, entry: Entry, offer: Offer, state: OfferState, now: datetime) -> None:
    after = await _close(tx, entry, offer, state, BY, now)
    reason = "deadline" if state is OfferState.EXPIRED else "withdrawn"
    announcing_waiting.expired(tx, after, offer, reason, now)


async def _close(
    tx: Transaction, entry: Entry, offer: Offer, state: OfferState, by: str, now: datetime, **changes: object
) -> Entry:
    """An offer without taker; the entry stays on the list."""
    await offers.end(tx, offer, state, now, by)
    after = entry.step(state, now, by, **changes)
    await waiting_list.save(tx, after)
    return after


async def _free_running(tx: Transaction, entry: Entry, by: str, now: datetime, cool_down: timedelta) -> Offer | None:
    """The running offer, its hold given up."""
    offer = await offers.lock_running(tx, entry.id)
    hold = await appointments.lock(tx, offer.appointment) if offer else None
    if hold is not None and hold.state is State.HELD:
        rest = rest_of(hold.period.start, now, cool_down)
        await _free(tx, hold, by, now, cool_down, cancelled_by=PATIENT, cancel_reason=_GIVEN_UP, rests_until=rest)
    return offer


async def _free(
    tx: Transaction, hold: Appointment, by: str, now: datetime, cool_down: timedelta, **how: Any
) -> Appointment:
    """The hold, given up; one whose time is over expires instead."""
    if hold.has_expired(now):
        freed = hold.expired(now, by, cool_down)
    else:
        freed = hold.step(Action.CANCEL, now, by, late=False, notify=False, **how)
    await appointments.save(tx, [freed])
    announcing.released(tx, freed, now)
    return freed


async def give_back(
    tx: Transaction, entry: Entry, offer: Offer, by: str, now: datetime, cool_down: timedelta
) -> Appointment | None:
    """What the patient had for later is free again, so that nobody keeps both: it rests for the next who waits, unless
    the centre had taken that place back. Locks it and the hold, by id."""
    found = await waiting_list.to_replace(tx, entry, now, offer)
    if found is None:
        return None
    locked = {id: await appointments.lock(tx, id) for id in sorted((found[0], offer.appointment))}
    later = locked[found[0]]
    if later is None or later.state is not State.BOOKED:
        return None
    has_place = not await impacts.lost_or_losing_place(tx, [later.id])
    given_back = later.step(
        Action.CANCEL, now, by, cancelled_by=PATIENT, cancel_reason=GIVEN_BACK, late=False, notify=False,
        rests_until=rest_of(later.period.start, now, cool_down) if has_place else None,
    )  # fmt: skip
    await appointments.save(tx, [given_back])
    announcing.released(tx, given_back, now)
    return given_back
