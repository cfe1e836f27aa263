"""Whoever works at two sites on one day is booked at neither while on the way: not only searches know."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID

import pytest

from booking import problems
from booking.domain.appointments import Appointment
from booking.domain.availability import Slot, grid
from booking.domain.sessions import Session
from booking.use_cases.appointments.book_slot import BookRequest, book_slot
from booking.use_cases.appointments.cancel_appointment import CancelRequest, cancel_appointment
from booking.use_cases.appointments.move_appointment import MoveRequest, move_appointment
from smp.problems import Refusal
from tests.booking.desk import Desk
from tests.booking.impact import away, plan
from tests.booking.test_company import ELSEWHERE, house
from tests.booking.test_company import book as prepare
from tests.booking.test_floating import book
from tests.booking.test_holds_and_steps import stored
from tests.booking.test_kinds_enforced import BASIC
from tests.booking.world import MONDAY, NOW, RULES, SECRETARY, Centre, joined, monday, paris, refusal, starts
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


async def test_a_plan_keeps_nobody_with_who_is_on_the_way_by_then(centre: Centre, other: Centre) -> None:
    """Else the line would end as a call, whatever was told."""
    leaving = await centre.session(await centre.doctor(), "09:00", "12:00")
    await centre.book(leaving, "11:20")
    session = await two_sessions(centre, other)
    plans = [await plan(centre, away(leaving.professional), rules=rules) for rules in (RULES, FAR)]
    kept = [it.items[0].kept for it in plans]
    assert [place and place.session for place in kept] == [session.id, None]


async def test_what_can_be_found_can_be_booked_and_nothing_else(centre: Centre, other: Centre) -> None:
    session = await two_sessions(centre, other)
    found = {slot.period.start for slot in (await centre.find(monday("09:00"), monday("12:00"))).slots}
    for hour in ("09:00", "11:00", "11:20", "11:40"):
        if monday(hour) in found:
            await centre.book(session, hour)
        else:
            assert (await refusal(centre.book(session, hour))).problem is problems.ON_THE_WAY
    assert monday("11:20") in found


async def test_whatever_is_opened_and_booked_in_between_searches_and_bookings_agree(
    centre: Centre, other: Centre
) -> None:
    """Sessions of one doctor at two sites, opened in any order while others book: what is found is what can be had, and
    two appointments at different sites are as far from each other as the sites are."""
    draw, who = Random(53), await traveller(centre, other)
    at = {centre.site: centre, other.site: other}
    booked: list[Appointment] = []
    for n in range(12):
        day, times = MONDAY + timedelta(days=n), ["09:00", "10:00", "11:10", "12:00", "13:00"]
        for start, end in draw.sample(list(pairwise(times)), 4):
            here = draw.choice([centre, other])
            session = await here.session(who, start, end, day=day)
            free = {slot.period.start for slot in (await here.find(paris(day, start), paris(day, end))).slots}
            for period in grid(session, BASIC, session.period):
                assert (await bookable(here, session, period.start)) is (period.start in free)
        for _ in range(4):
            here = draw.choice([centre, other])
            whole_day = paris(day, "08:00"), paris(day, "18:00")
            if slots := (await here.find(*whole_day)).slots:
                booked.append(await take(here, draw.choice(slots)))
    assert len(booked) > 30
    apart = [
        later.period.start - earlier.period.end
        for earlier, later in pairwise(sorted(booked, key=lambda each: each.period.start))
        if at[earlier.site] is not at[later.site]
    ]
    assert len(apart) > 10
    assert min(apart) >= RULES.way


async def take(here: Centre, slot: Slot) -> Appointment:
    request = BookRequest(slot.session, slot.period.start, "consultation", await here.patient())
    async with here.transaction() as tx:
        return (await book_slot(tx, request, RULES, actor=SECRETARY, now=NOW)).appointment


async def bookable(here: Centre, session: Session, start: datetime) -> bool:
    """Whether a booking succeeds; it is given back."""
    request = BookRequest(session.id, start, "consultation", await here.patient())
    try:
        async with here.transaction() as tx:
            booked = (await book_slot(tx, request, RULES, actor=SECRETARY, now=NOW)).appointment
            await cancel_appointment(tx, booked.id, CancelRequest("patient"), RULES, actor=SECRETARY, now=NOW)
    except Refusal as refused:
        if refused.problem not in (problems.ON_THE_WAY, problems.SLOT_TAKEN):
            raise
        return False
    return True


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
