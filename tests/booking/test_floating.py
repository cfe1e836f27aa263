"""An appointment that named nobody gives way to one that does."""

import asyncio
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from booking import problems
from booking.domain.appointments import Appointment
from booking.domain.floating import make_room
from booking.domain.sessions import Session
from booking.use_cases.appointments.book_slot import Booked, BookRequest, book_slot
from booking.use_cases.appointments.mark_arrived import mark_arrived
from smp.problems import Refusal
from tests.booking.test_company import payload
from tests.booking.test_holds_and_steps import stored
from tests.booking.world import NOW, RULES, SECRETARY, Centre, blocking, events_of, monday, refusal
from tests.support.databases import ServiceDatabase


def ids(*numbers: int) -> list[UUID]:
    return [UUID(int=number) for number in numbers]


@given(st.data())
def test_a_way_is_found_exactly_when_an_assignment_exists_and_moves_the_fewest(data: st.DataObject) -> None:
    """Against every way of giving the sessions to those who may float; some sessions have somebody who stays."""
    places = ids(*range(data.draw(st.integers(1, 5))))
    floating = data.draw(st.integers(0, len(places)))
    movers = ids(*range(100, 100 + floating))
    standing = dict(zip(movers, data.draw(st.permutations(places)), strict=False))
    left = [place for place in places if place not in standing.values()]
    free = data.draw(st.sets(st.sampled_from(left))) if left else set()
    suits = {mover: data.draw(st.sets(st.sampled_from(places))) | {standing[mover]} for mover in movers}
    wanted = data.draw(st.sampled_from(places))

    usable = [place for place in places if place in free or place in standing.values()]
    ways = [
        sum(place != standing[mover] for mover, place in zip(movers, chosen, strict=True))
        for chosen in permutations([place for place in usable if place != wanted], len(movers))
        if all(place in suits[mover] for mover, place in zip(movers, chosen, strict=True))
    ]
    possible = bool(ways) and wanted in usable
    found = make_room(wanted, free, standing, suits)
    assert (found is not None) == possible
    if found is None:
        return
    assert len(found) == min(ways)
    where, taken = dict(standing), set(standing.values())
    for mover, place in found:
        assert place in suits[mover]
        assert place not in taken, "each finds its new place free"
        taken = taken - {where[mover]} | {place}
        where[mover] = place
    assert wanted not in taken


async def book(centre: Centre, session: Session, hour: str = "09:00", now: Any = NOW, **how: Any) -> Appointment:
    request = BookRequest(session.id, monday(hour), "consultation", await centre.patient(), **how)
    async with centre.transaction() as tx:
        return (await book_slot(tx, request, RULES, actor=SECRETARY, now=now)).appointment


class TestFloating:
    async def test_whoever_named_nobody_gives_way_unnoticed(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        one = await centre.session(await centre.doctor(), room="1")
        other = await centre.session(await centre.doctor(), room="2")
        anybody = await book(centre, one, named=False)
        asked = await book(centre, one)
        floated = await stored(centre, anybody.id)
        assert (asked.session, floated.session, floated.professional) == (one.id, other.id, other.professional)
        assert (floated.period, floated.trail[-1].why) == (anybody.period, "floated")
        assert await events_of(booking_database, anybody.id) == [("SlotBooked", 1), ("SlotMoved", 2)]
        assert await blocking(booking_database, anybody.id, asked.id) == 6
        said = await payload(booking_database, anybody.id, 2)
        assert (said["floated"], said["previous_start"]) == (True, said["start"])

    async def test_a_chain_is_followed_as_far_as_needed(self, centre: Centre) -> None:
        first, second, third = [await centre.session(await centre.doctor()) for _ in range(3)]
        one, two = await book(centre, first, named=False), await book(centre, second, named=False)
        await book(centre, third)
        refused = await refusal(book(centre, first))
        assert refused.problem is problems.SLOT_TAKEN, "no assignment exists"
        await centre.session(await centre.doctor())
        assert (await book(centre, first)).session == first.id
        assert (await book(centre, second, "09:20")).session == second.id
        assert {(await stored(centre, each.id)).session for each in (one, two)} & {first.id} == set()

    async def test_neither_the_named_nor_those_of_tomorrow_nor_those_already_there_are_moved(
        self, centre: Centre
    ) -> None:
        one = await centre.session(await centre.doctor())
        await centre.session(await centre.doctor())
        await book(centre, one, "09:00")
        assert (await refusal(book(centre, one, "09:00"))).problem is problems.SLOT_TAKEN
        near = await book(centre, one, "10:00", named=False)
        late = monday("10:00") - timedelta(hours=23)
        assert (await refusal(book(centre, one, "10:00", now=late))).problem is problems.SLOT_TAKEN
        async with centre.transaction() as tx:
            await mark_arrived(tx, near.id, actor=SECRETARY, now=monday("09:50"))
        assert (await refusal(book(centre, one, "10:00"))).problem is problems.SLOT_TAKEN

    async def test_of_two_who_ask_for_it_at_once_one_has_it_and_nobody_is_lost(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        for hour in ("09:00", "09:20", "09:40"):
            one = await centre.session(await centre.doctor())
            await centre.session(await centre.doctor())
            anybody = await book(centre, one, hour, named=False)
            ends = await asyncio.gather(book(centre, one, hour), book(centre, one, hour), return_exceptions=True)
            assert sorted(isinstance(end, Refusal) for end in ends) == [False, True], ends
            assert (await stored(centre, anybody.id)).session != one.id
            assert await blocking(booking_database, anybody.id) == 2


async def test_a_booking_that_names_nobody_says_so(centre: Centre, booking_database: ServiceDatabase) -> None:
    booked = await book(centre, await centre.session(await centre.doctor()), named=False)
    assert (await payload(booking_database, booked.id))["named"] is False
    assert isinstance(await centre.book(await centre.session(await centre.doctor()), "09:00"), Booked)
