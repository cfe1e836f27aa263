"""What registry says of sites and professionals is followed by the sessions still to come."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from smp.contracts import ProfessionalLeft, ProfessionalRoleChanged, SiteClosed
from smp.contracts.base import EventData
from tests.booking.agenda import Planner
from tests.booking.world import MONDAY, Centre, events_of, joined, refusal, said_of
from tests.support.databases import ServiceDatabase

NEXT = MONDAY + timedelta(weeks=1)


@pytest.fixture
def planner(centre: Centre) -> Planner:
    return Planner(centre)


async def hear(planner: Planner, subject: UUID, *told: EventData) -> None:
    await planner.centre.hear(subject, *told)
    await planner.follow()


async def test_who_leaves_takes_the_sessions_nobody_is_expected_in(
    planner: Planner, booking_database: ServiceDatabase
) -> None:
    doctor = await planner.centre.doctor()
    opened = await planner.rule(doctor)
    gone = next(each for each in opened.materialised.opened if each.day == NEXT)
    single = await planner.centre.session(doctor, day=NEXT + timedelta(days=1))
    await hear(planner, doctor, ProfessionalLeft(professional=doctor, from_date=NEXT))
    assert await planner.hours(MONDAY, date(2027, 3, 1)) == ["2027-01-11 09:00-12:00"]
    for each in (gone, single):
        told = await said_of(booking_database, each.id)
        assert [event["type"] for event in told] == ["SessionOpened", "SessionCancelled"]
        assert told[-1]["data"]["reason"] == "out_of_contract"


async def test_where_patients_are_expected_the_session_stays_and_is_listed(
    planner: Planner, booking_database: ServiceDatabase
) -> None:
    doctor = await planner.centre.doctor()
    opened = await planner.rule(doctor)
    session = next(each for each in opened.materialised.opened if each.day == NEXT)
    booked = (await planner.centre.book(session, "09:00")).appointment
    await hear(planner, doctor, ProfessionalLeft(professional=doctor, from_date=NEXT))
    (listed,) = (await planner.see(MONDAY, date(2027, 3, 1), unsupported=True)).sessions
    assert (listed.session.id, listed.unsupported) == (session.id, "out_of_contract")
    assert await events_of(booking_database, booked.id) == [("SlotBooked", 1)]
    assert await events_of(booking_database, session.id) == [("SessionOpened", 1), ("SessionUnsupported", 2)]


async def test_who_comes_back_has_their_days_again_and_no_flag(planner: Planner) -> None:
    doctor = await planner.centre.doctor()
    opened = await planner.rule(doctor)
    session = next(each for each in opened.materialised.opened if each.day == NEXT)
    await planner.centre.book(session, "09:00")
    before = await planner.hours(MONDAY, date(2027, 3, 1))
    await hear(planner, doctor, ProfessionalLeft(professional=doctor, from_date=NEXT))
    await hear(planner, doctor, joined(doctor, planner.centre.site))
    assert await planner.hours(MONDAY, date(2027, 3, 1)) == before
    assert (await planner.see(MONDAY, date(2027, 3, 1), unsupported=True)).sessions == []


async def test_a_site_that_closes_for_good_ends_its_sessions_from_that_day(
    planner: Planner, booking_database: ServiceDatabase
) -> None:
    doctor = await planner.centre.doctor()
    opened = await planner.rule(doctor)
    gone = next(each for each in opened.materialised.opened if each.day == NEXT)
    expected = await planner.centre.session(await planner.centre.doctor(), day=NEXT)
    await planner.centre.book(expected, "09:00")
    await hear(planner, planner.centre.site, SiteClosed(site=planner.centre.site, from_date=NEXT))
    assert (await said_of(booking_database, gone.id))[-1]["data"]["reason"] == "site_closed"
    (listed,) = (await planner.see(MONDAY, date(2027, 3, 1), unsupported=True)).sessions
    assert (listed.session.id, listed.unsupported) == (expected.id, "site_closed")


async def test_a_role_that_allows_the_kinds_is_written_down_and_said(
    planner: Planner, booking_database: ServiceDatabase
) -> None:
    doctor = await planner.centre.doctor()
    single = await planner.centre.session(doctor, day=NEXT)
    retired = ProfessionalRoleChanged(professional=doctor, role="retired_gp", from_date=NEXT)
    await hear(planner, doctor, retired)
    told = await said_of(booking_database, single.id)
    assert [(each["type"], each["data"]["role"]) for each in told] == [
        ("SessionOpened", "gp"), ("SessionChanged", "retired_gp"),
    ]  # fmt: skip


async def test_a_role_that_does_not_ends_the_session(planner: Planner, booking_database: ServiceDatabase) -> None:
    doctor = await planner.centre.doctor()
    opened = await planner.rule(doctor)
    gone = next(each for each in opened.materialised.opened if each.day == NEXT)
    await hear(planner, doctor, ProfessionalRoleChanged(professional=doctor, role="secretary", from_date=NEXT))
    assert (await said_of(booking_database, gone.id))[-1]["data"]["reason"] == "role_changed"


async def test_facts_heard_once_more_are_not_followed_once_more(
    planner: Planner, booking_database: ServiceDatabase
) -> None:
    """A rebuild hears the whole past again: half-way through it somebody who came back has left."""
    doctor = await planner.centre.doctor()
    await planner.rule(doctor)
    left = ProfessionalLeft(professional=doctor, from_date=NEXT)
    await hear(planner, doctor, left, joined(doctor, planner.centre.site))
    before = await planner.hours(MONDAY, date(2027, 3, 1))
    async with booking_database.admin() as connection:
        await connection.execute("DELETE FROM professional WHERE id = $1", doctor)
    await planner.centre.hear(doctor, joined(doctor, planner.centre.site), left, sequences=[1, 2])
    await planner.follow()
    assert await planner.hours(MONDAY, date(2027, 3, 1)) == before
    assert (
        await refusal(planner.centre.session(doctor, day=NEXT + timedelta(days=1)))
    ).problem.slug == "out-of-contract"
