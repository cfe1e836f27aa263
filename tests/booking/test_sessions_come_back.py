"""A single or an edited session that a closure or an absence has cut comes back when that ends earlier."""

from dataclasses import replace
from datetime import timedelta

import pytest

from booking.domain.intervals import Interval
from booking.domain.reshaping import meeting
from booking.use_cases.calendar.following import Kept
from booking.use_cases.calendar.restoring import forget_past
from booking.use_cases.calendar.shutting import Days
from smp.contracts import ProfessionalLeft
from tests.booking.agenda import Planner, of_hours
from tests.booking.world import MONDAY, Centre, events_of, monday, said_of
from tests.support.databases import ServiceDatabase

TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
def planner(centre: Centre) -> Planner:
    return Planner(centre)


async def test_a_single_session_that_an_absence_cancelled_comes_back(
    planner: Planner, booking_database: ServiceDatabase
) -> None:
    doctor = await planner.centre.doctor()
    session = await planner.centre.session(doctor, room="Salle 1", shares={"same_day": 2})
    shut = await planner.absent(doctor, Days(MONDAY))
    assert await planner.hours(MONDAY) == []
    (again,) = (await planner.back(shut.closure.id)).done.opened
    assert await planner.hours(MONDAY) == ["2027-01-11 09:00-12:00"]
    assert (again.room, again.kinds, again.shares) == (session.room, session.kinds, session.shares)
    assert [name for name, _ in await events_of(booking_database, again.id)] == ["SessionOpened"]


async def test_a_single_session_that_was_cut_in_two_is_one_again(
    planner: Planner, booking_database: ServiceDatabase
) -> None:
    doctor = await planner.centre.doctor()
    session = await planner.centre.session(doctor)
    shut = await planner.absent(doctor, of_hours(MONDAY, "10:00-11:00"))
    (part,) = shut.done.opened
    await planner.back(shut.closure.id)
    assert await planner.hours(MONDAY) == ["2027-01-11 09:00-12:00"]
    told = await said_of(booking_database, session.id)
    assert [each["type"] for each in told] == ["SessionOpened", "SessionChanged", "SessionChanged"]
    assert [name for name, _ in await events_of(booking_database, part.id)] == ["SessionOpened", "SessionCancelled"]


async def test_an_edited_occurrence_comes_back_as_it_was_edited(planner: Planner) -> None:
    doctor = await planner.centre.doctor()
    opened = await planner.rule(doctor)
    edited = next(each for each in opened.materialised.opened if each.day == MONDAY)
    await planner.change(edited.id, hours="09:00-11:00")
    shut = await planner.close(Days(MONDAY))
    back = await planner.reopen(shut.closure.id)
    assert await planner.hours(MONDAY) == ["2027-01-11 09:00-11:00"]
    assert back.left_alone == ()
    await planner.change_rule(opened.id, MONDAY, room="Salle 2")
    assert await planner.hours(MONDAY) == ["2027-01-11 09:00-11:00"], "its rule leaves it alone still"


async def test_what_somebody_has_touched_since_stays_as_they_left_it(planner: Planner) -> None:
    doctor, other = await planner.centre.doctor(), await planner.centre.doctor()
    shortened = await planner.centre.session(doctor)
    cancelled = await planner.centre.session(other)
    shut = await planner.close(of_hours(MONDAY, "11:00-12:00"))
    await planner.change(shortened.id, hours="09:00-10:00")
    await planner.cancel(cancelled.id)
    await planner.reopen(shut.closure.id)
    assert await planner.hours(MONDAY) == ["2027-01-11 09:00-10:00"]


async def test_what_is_closed_still_does_not_come_back_before_that_ends_too(planner: Planner) -> None:
    doctor = await planner.centre.doctor()
    await planner.centre.session(doctor)
    away = await planner.absent(doctor, of_hours(MONDAY, "09:00-11:00"))
    closed = await planner.close(of_hours(MONDAY, "10:00-12:00"))
    assert await planner.hours(MONDAY) == []
    await planner.back(away.closure.id)
    assert await planner.hours(MONDAY) == ["2027-01-11 09:00-10:00"]
    await planner.reopen(closed.closure.id)
    assert await planner.hours(MONDAY) == ["2027-01-11 09:00-12:00"]


async def test_only_the_days_that_are_free_again_come_back(planner: Planner) -> None:
    doctor = await planner.centre.doctor()
    for day in (MONDAY, TUESDAY):
        await planner.centre.session(doctor, day=day)
    shut = await planner.absent(doctor, Days(MONDAY, TUESDAY))
    await planner.back(shut.closure.id, TUESDAY)
    assert await planner.hours(MONDAY, TUESDAY) == ["2027-01-12 09:00-12:00"]


async def test_what_would_meet_another_session_is_listed(planner: Planner) -> None:
    doctor, other = await planner.centre.doctor(), await planner.centre.doctor()
    await planner.centre.session(doctor, room="Salle 1")
    shut = await planner.absent(doctor, Days(MONDAY))
    await planner.centre.session(other, "10:00", "11:00", room="Salle 1")
    back = await planner.back(shut.closure.id)
    assert [(each.day, each.reason) for each in back.left_alone] == [(MONDAY, Kept.OVERLAP)]
    assert await planner.hours(MONDAY) == ["2027-01-11 10:00-11:00"]


async def test_who_has_left_meanwhile_has_no_session_back(planner: Planner) -> None:
    doctor = await planner.centre.doctor()
    await planner.centre.session(doctor)
    shut = await planner.close(Days(MONDAY))
    await planner.centre.hear(doctor, ProfessionalLeft(professional=doctor, from_date=MONDAY))
    await planner.reopen(shut.closure.id)
    assert await planner.hours(MONDAY) == []


async def test_of_two_that_would_meet_as_both_come_back_one_stays_and_the_closure_ends(planner: Planner) -> None:
    """In the hour that an absence freed another doctor has opened the room; a closure has cut both."""
    doctor, other = await planner.centre.doctor(), await planner.centre.doctor()
    first = await planner.centre.session(doctor, room="Salle 1")
    away = await planner.absent(doctor, of_hours(MONDAY, "10:00-12:00"))
    second = await planner.centre.session(other, "10:00", "12:00", room="Salle 1")
    closed = await planner.close(of_hours(MONDAY, "11:00-12:00"))
    assert await planner.hours(MONDAY) == ["2027-01-11 09:00-10:00", "2027-01-11 10:00-11:00"]
    back = await planner.back(away.closure.id)
    assert [each.sessions[0].id for each in back.left_alone] == [first.id]
    back = await planner.reopen(closed.closure.id)
    assert [(each.sessions[0].id, each.reason) for each in back.left_alone] == [(first.id, Kept.OVERLAP)]
    assert [each.id for each in back.done.changed] == [second.id]
    assert await planner.hours(MONDAY) == ["2027-01-11 09:00-10:00", "2027-01-11 10:00-12:00"]


async def test_of_two_that_meet_only_as_they_are_to_become_the_later_stays_as_it_is(centre: Centre) -> None:
    early, late = [
        await centre.session(await centre.doctor(), start, end, room="Salle 1")
        for start, end in (("09:00", "10:00"), ("11:00", "12:00"))
    ]
    longer = replace(early, period=Interval(monday("09:00"), monday("10:40")))
    sooner = replace(late, period=Interval(monday("10:20"), monday("12:00")))
    assert meeting([(late, sooner), (early, longer)]) == {max(early.id, late.id)}
    assert meeting([(late, sooner), (early, replace(longer, room="Salle 2"))]) == frozenset()


async def test_what_is_over_is_not_remembered_for_ever(planner: Planner) -> None:
    doctor = await planner.centre.doctor()
    session = await planner.centre.session(doctor)
    await planner.absent(doctor, of_hours(MONDAY, "10:00-11:00"))

    async def remembered() -> int:
        async with planner.centre.transaction() as tx:
            count: int = await tx.fetchval("SELECT count(*) FROM cut_session WHERE whole = $1", session.id)
        return count

    for days, left in ((0, 2), (7, 2), (8, 0)):
        await forget_past(planner.centre.database, monday("09:00") + timedelta(days=days))
        assert await remembered() == left
