"""Whoever works at two sites on one day is booked at neither while on the way: not only searches know."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from booking import problems
from booking.domain.sessions import Session
from booking.use_cases.appointments.book_slot import BookRequest, book_slot
from booking.use_cases.appointments.move_appointment import MoveRequest, move_appointment
from tests.booking.desk import Desk
from tests.booking.test_company import ELSEWHERE, house
from tests.booking.test_company import book as prepare
from tests.booking.test_floating import book
from tests.booking.test_holds_and_steps import stored
from tests.booking.world import NOW, RULES, SECRETARY, Centre, joined, monday, refusal, starts
from tests.support.databases import ServiceDatabase

FAR = replace(RULES, way=timedelta(minutes=40))


@pytest.fixture
async def other(booking_database: ServiceDatabase) -> Centre:
    return await Centre(booking_database.database).open()


async def traveller(centre: Centre, other: Centre, role: str = "gp") -> UUID:
    """Somebody who works at both."""
    who = await centre.doctor(role)
    both = joined(who, centre.site, role).model_copy(update={"sites": (centre.site, other.site)})
    await centre.hear(who, both)
    return who


async def two_sessions(centre: Centre, other: Centre) -> Session:
    """Here from nine to noon, there from half past twelve on: half an hour away."""
    who = await traveller(centre, other)
    await other.session(who, "12:10", "15:00")
    return await centre.session(who, "09:00", "12:00")


async def test_nobody_is_booked_held_or_moved_to_an_hour_on_the_road(centre: Centre, other: Centre) -> None:
    session = await two_sessions(centre, other)
    early = (await centre.book(session, "11:00")).appointment
    for command in (
        centre.book(session, "11:40"),
        centre.hold(session, "11:40"),
        centre.book(await two_sessions(centre, other), "11:40"),
    ):
        refused = await refusal(command)
        assert refused.problem is problems.ON_THE_WAY
        assert monday("11:20").isoformat() in starts(refused)
        assert monday("11:40").isoformat() not in starts(refused)
    async with centre.transaction() as tx:
        move = move_appointment(tx, early.id, MoveRequest(session.id, monday("11:40")), RULES, actor=SECRETARY, now=NOW)
        assert (await refusal(move)).problem is problems.ON_THE_WAY
    await centre.book(session, "11:20")


async def test_the_way_is_as_long_as_the_settings_say(centre: Centre, other: Centre) -> None:
    session = await two_sessions(centre, other)
    patient = await centre.patient()
    async with centre.transaction() as tx:
        request = BookRequest(session.id, monday("11:20"), "consultation", patient)
        assert (await refusal(book_slot(tx, request, FAR, actor=SECRETARY, now=NOW))).problem is problems.ON_THE_WAY


async def test_what_can_be_found_can_be_booked_and_nothing_else(centre: Centre, other: Centre) -> None:
    session = await two_sessions(centre, other)
    found = {slot.period.start for slot in (await centre.find(monday("09:00"), monday("12:00"))).slots}
    for hour in ("09:00", "11:00", "11:20", "11:40"):
        if monday(hour) in found:
            await centre.book(session, hour)
        else:
            assert (await refusal(centre.book(session, hour))).problem is problems.ON_THE_WAY
    assert monday("11:20") in found


async def test_nobody_is_floated_onto_it(centre: Centre, other: Centre) -> None:
    await two_sessions(centre, other)
    here = await centre.session(await centre.doctor())
    anybody = await book(centre, here, "11:40", named=False)
    assert (await refusal(book(centre, here, "11:40"))).problem is problems.SLOT_TAKEN
    assert (await stored(centre, anybody.id)).session == here.id


async def test_no_assistant_prepares_on_the_road(centre: Centre, other: Centre) -> None:
    session, _ = await house(centre, assistants=0)
    helper = await traveller(centre, other, "medical_assistant")
    await other.session(helper, "12:10", "15:00", kinds=("preparation",))
    await centre.session(helper, kinds=("preparation",))
    assert (await refusal(prepare(centre, session, "11:40", rules=ELSEWHERE))).problem is problems.COMPANY_MISSING
    assert (await prepare(centre, session, "11:20", rules=ELSEWHERE)).others[0].professional == helper


async def test_over_http_where_bookings_are_combined(desk: Desk, other: Centre) -> None:
    session = await two_sessions(desk.centre, other)
    answer = await desk.book(str(session.id), "11:40")
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (409, "practitioner-on-the-way")
    assert len(answer.json()["alternatives"]) == 3
    assert (await desk.book(str(session.id), "11:20")).status_code == 201
