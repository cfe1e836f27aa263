"""People who wait at the centre of the tests, and the two jobs that make and end offers."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from booking.domain.appointments import Appointment
from booking.domain.offers import Offer
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.domain.waiting_list import Entry, Priority, Window, Wishes
from booking.store import appointments, offers, sessions, waiting_list
from booking.use_cases.appointments.cancel_appointment import CancelRequest, cancel_appointment
from booking.use_cases.appointments.expire_holds import end_rests, expire_holds
from booking.use_cases.waiting_list.answer_offer import Accepted, accept_offer, answer_later, decline_offer
from booking.use_cases.waiting_list.ending_offers import end_offers
from booking.use_cases.waiting_list.join_waiting_list import JoinRequest, join_waiting_list
from booking.use_cases.waiting_list.leave_waiting_list import leave_waiting_list
from booking.use_cases.waiting_list.offer_places import offer_places, reach_further
from booking.use_cases.waiting_list.set_priority import set_priority
from smp.auth import Actor
from tests.booking.world import MONDAY, NOW, RULES, SECRETARY, Centre, actor
from tests.support.api import FixedClock


async def join(
    centre: Centre,
    patient: UUID | None = None,
    *,
    kinds: tuple[str, ...] = ("consultation",),
    sites: tuple[UUID, ...] = (),
    priority: Priority | None = None,
    replaces: UUID | None = None,
    now: datetime = NOW,
    who: Actor = SECRETARY,
    **wishes: Any,
) -> Entry:
    """Somebody waits at the centre, for any hour unless told otherwise."""
    wished = Wishes(frozenset(kinds), frozenset(sites or {centre.site}), **wishes)
    request = JoinRequest(patient or await centre.patient(), wished, replaces=replaces)
    async with centre.transaction() as tx:
        entry = (await join_waiting_list(tx, request, RULES, actor=who, now=now)).entry
    if priority is None:
        return entry
    return await prioritise(centre, entry, priority, now)


async def prioritise(centre: Centre, entry: Entry, priority: Priority, now: datetime = NOW) -> Entry:
    """A doctor says how urgent it is."""
    async with centre.transaction() as tx:
        return await set_priority(tx, entry.id, priority, actor=actor("gp"), now=now)


async def cancel(centre: Centre, booked: Appointment, now: datetime = NOW) -> None:
    """The patient gives the appointment up."""
    async with centre.transaction() as tx:
        await cancel_appointment(tx, booked.id, CancelRequest("patient"), RULES, actor=SECRETARY, now=now)


async def run_jobs(centre: Centre, now: datetime = NOW, rules: Rules = RULES) -> None:
    """What the timers do at that instant."""
    await expire_holds(centre.database, now, rules.cool_down)
    await end_rests(centre.database, now)
    await end_offers(centre.database, now, rules.cool_down)
    await reach_further(centre.database, rules, now)
    await offer_places(centre.database, rules, FixedClock(now))


async def offers_to(centre: Centre, entry: Entry) -> list[Offer]:
    """Every offer made to somebody, oldest first."""
    async with centre.transaction() as tx:
        return await offers.of_entry(tx, entry.id)


async def offer_to(centre: Centre, entry: Entry) -> Offer:
    """The one offer made to somebody."""
    (offer,) = await offers_to(centre, entry)
    return offer


async def entry_now(centre: Centre, entry: Entry) -> Entry:
    async with centre.transaction() as tx:
        found = await waiting_list.get(tx, entry.id, NOW.date())
    assert found is not None
    return found


async def appointment_now(centre: Centre, id: UUID) -> Appointment:
    async with centre.transaction() as tx:
        found = await appointments.get(tx, id)
    assert found is not None
    return found


async def accept(centre: Centre, offer: Offer, now: datetime = NOW, rules: Rules = RULES) -> Accepted:
    async with centre.transaction() as tx:
        return await accept_offer(tx, offer.id, rules, actor=SECRETARY, now=now)


async def decline(centre: Centre, offer: Offer, now: datetime = NOW, rules: Rules = RULES) -> Entry:
    async with centre.transaction() as tx:
        return await decline_offer(tx, offer.id, rules, actor=SECRETARY, now=now)


async def later(centre: Centre, offer: Offer, now: datetime = NOW, rules: Rules = RULES) -> Entry:
    async with centre.transaction() as tx:
        return await answer_later(tx, offer.id, rules, actor=SECRETARY, now=now)


async def leave(centre: Centre, entry: Entry, now: datetime = NOW, rules: Rules = RULES) -> Entry:
    async with centre.transaction() as tx:
        return await leave_waiting_list(tx, entry.id, "found_treating_doctor", rules, actor=SECRETARY, now=now)


async def full(
    centre: Centre, hours: tuple[str, ...] = ("09:00", "09:20", "09:40"), day: date = MONDAY
) -> list[Appointment]:
    """A doctor's short session, with a patient at each of these hours."""
    session = await centre.session(await centre.doctor(), hours[0], "10:00", day=day)
    return [(await centre.book(session, hour)).appointment for hour in hours]


async def offered(centre: Centre, day: date = MONDAY) -> Entry:
    """Somebody who waits and has the offer of a place that was given back."""
    booked, *_ = await full(centre, day=day)
    entry = await join(centre)
    await cancel(centre, booked)
    await run_jobs(centre)
    return entry


def hours(start: str, end: str) -> Window:
    """Any day, between these hours."""
    return Window(frozenset(range(1, 8)), time.fromisoformat(start), time.fromisoformat(end))


async def session_of(centre: Centre, id: UUID) -> Session:
    async with centre.transaction() as tx:
        found = await sessions.get(tx, id)
    assert found is not None
    return found.session


async def queue(centre: Centre) -> int:
    """How many freed places of the centre's people wait to be looked at."""
    async with centre.transaction() as tx:
        count: int = await tx.fetchval(
            "SELECT count(*) FROM freed_place WHERE resource IN "
            "(SELECT practitioner_resource FROM session WHERE site = $1)",
            centre.site,
        )
    return count
