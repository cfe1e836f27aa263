"""Booking: what is written, what is said, what is refused."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from booking import problems
from booking.domain.appointments import State
from booking.store import appointments
from booking.use_cases.appointments.book_slot import BookRequest, book_slot
from booking.use_cases.appointments.placing import UNVERIFIED
from smp.ids import new_id
from smp.problems import FORBIDDEN, ProblemType
from tests.booking.world import (
    MONDAY,
    NOW,
    RULES,
    SECRETARY,
    Centre,
    actor,
    at,
    blocking,
    count_at,
    eligibility,
    events_of,
    monday,
    refusal,
    registered,
    starts,
)
from tests.support.databases import ServiceDatabase


async def test_a_booking_occupies_practitioner_room_and_patient_and_says_so_once(
    centre: Centre, booking_database: ServiceDatabase
) -> None:
    session = await centre.session(await centre.doctor(), room="Cabinet 1")
    booked = (await centre.book(session, "09:20")).appointment
    assert booked.state is State.BOOKED
    assert booked.period.start == monday("09:20")
    assert booked.period.length == timedelta(minutes=20)
    assert booked.day == MONDAY
    assert await blocking(booking_database, booked.id) == 3
    assert await events_of(booking_database, booked.id) == [("SlotBooked", 1)]


async def test_what_was_written_is_what_is_read(centre: Centre) -> None:
    booked = (await centre.book(await centre.session(await centre.doctor()), "09:20")).appointment
    async with centre.transaction() as tx:
        assert await appointments.get(tx, booked.id) == booked


async def test_a_taken_slot_is_refused_with_the_three_nearest_places_of_the_same_kind_of_doctor(
    centre: Centre, booking_database: ServiceDatabase
) -> None:
    doctor, colleague = await centre.doctor(), await centre.doctor()
    session = await centre.session(doctor)
    other = await centre.session(colleague)
    await centre.book(session, "10:00")
    refused = await refusal(centre.book(session, "10:00"))
    assert refused.problem is problems.SLOT_TAKEN
    proposed = [(each["start"], each["session"]) for each in refused.extensions["alternatives"]]
    assert proposed == [
        (monday("10:00").isoformat(), str(other.id)),
        (monday("09:40").isoformat(), str(session.id)),
        (monday("10:20").isoformat(), str(session.id)),
    ]
    assert await count_at(booking_database, centre.site) == 1


async def test_a_patient_cannot_be_in_two_places_even_in_two_sessions(centre: Centre) -> None:
    first, second = await centre.session(await centre.doctor()), await centre.session(await centre.doctor())
    patient = await centre.patient()
    await centre.book(first, "10:00", patient)
    refused = await refusal(centre.book(second, "10:00", patient))
    assert refused.problem is problems.PATIENT_BUSY
    assert starts(refused) == at("09:40", "10:20", "09:20")


async def test_a_room_serves_one_session_at_a_time(centre: Centre) -> None:
    await centre.session(await centre.doctor(), room="Cabinet 1")
    refused = await refusal(centre.session(await centre.doctor(), room="cabinet  1", start="11:00", end="13:00"))
    assert refused.problem is problems.SESSION_OVERLAP


@pytest.mark.parametrize(
    ("hour", "kind", "problem"),
    [
        ("08:40", "consultation", problems.OUTSIDE_SESSION),
        ("11:50", "consultation", problems.OUTSIDE_SESSION),
        ("12:00", "consultation", problems.OUTSIDE_SESSION),
        ("09:10", "consultation", problems.OFF_GRID),
        ("09:00", "social", problems.KIND_NOT_OFFERED),
    ],
)
async def test_a_place_that_is_none_is_refused(centre: Centre, hour: str, kind: str, problem: ProblemType) -> None:
    session = await centre.session(await centre.doctor())
    refused = await refusal(centre.book(session, hour, kind=kind))
    assert refused.problem is problem
    assert len(refused.extensions["alternatives"]) == (0 if kind == "social" else 3)


async def test_the_past_is_refused_with_what_is_still_to_come(centre: Centre) -> None:
    session = await centre.session(await centre.doctor())
    refused = await refusal(centre.book(session, "09:00", now=monday("09:05")))
    assert refused.problem is problems.SLOT_PAST
    assert starts(refused) == at("09:20", "09:40", "10:00")


async def test_an_unknown_session_and_an_unknown_patient_are_told_apart(centre: Centre) -> None:
    session = await centre.session(await centre.doctor())
    refused = await refusal(centre.book(session, "09:00", patient=new_id()))
    assert refused.problem is problems.PATIENT_UNKNOWN
    object.__setattr__(session, "id", new_id())
    assert (await refusal(centre.book(session, "09:00"))).problem is problems.SESSION_UNKNOWN


async def test_a_consultation_wants_an_eligible_patient_on_that_day(centre: Centre) -> None:
    session = await centre.session(await centre.doctor())
    patient = await centre.patient("not_eligible")
    assert (await refusal(centre.book(session, "09:00", patient))).problem is problems.NOT_ELIGIBLE
    await centre.hear(patient, eligibility(patient, "eligible", MONDAY))
    assert (await centre.book(session, "09:00", patient)).warnings == ()


async def test_an_eligibility_that_starts_after_the_appointment_does_not_count(centre: Centre) -> None:
    session = await centre.session(await centre.doctor())
    patient = await centre.patient("not_eligible")
    await centre.hear(patient, eligibility(patient, "eligible", MONDAY + timedelta(days=1)))
    assert (await refusal(centre.book(session, "09:00", patient))).problem is problems.NOT_ELIGIBLE


async def test_an_unverified_patient_is_booked_with_a_warning(centre: Centre) -> None:
    session = await centre.session(await centre.doctor())
    assert (await centre.book(session, "09:00", await centre.patient("unverified"))).warnings == (UNVERIFIED,)


async def test_a_minor_emergency_is_never_refused_for_eligibility(centre: Centre) -> None:
    session = await centre.session(await centre.doctor())
    patient = await centre.patient("not_eligible")
    booked = (await centre.book(session, "09:00", patient, kind="minor_emergency")).appointment
    assert booked.capacity_class == "same_day"


async def test_somebody_of_another_site_is_forbidden(centre: Centre) -> None:
    session = await centre.session(await centre.doctor())
    refused = await refusal(centre.book(session, "09:00", who=actor("secretary", site=new_id())))
    assert refused.problem is FORBIDDEN


async def test_another_territory_does_not_even_see_the_session(
    centre: Centre, booking_database: ServiceDatabase
) -> None:
    session = await centre.session(await centre.doctor())
    sarthe = await Centre(booking_database.database, territory="72").open()
    refused = await refusal(sarthe.book(session, "09:00"))
    assert refused.problem is problems.SESSION_UNKNOWN


class TestInterns:
    """An intern receives only while a supervisor is present at the same site."""

    async def test_an_intern_is_refused_when_no_supervisor_is_present(self, centre: Centre) -> None:
        supervisor = await centre.doctor()
        session = await centre.session(await centre.intern_of(supervisor))
        refused = await refusal(centre.book(session, "09:00"))
        assert refused.problem is problems.NO_SUPERVISOR

    async def test_an_intern_is_booked_while_a_supervisor_consults(self, centre: Centre) -> None:
        supervisor = await centre.doctor()
        await centre.session(supervisor, "09:00", "10:00")
        session = await centre.session(await centre.intern_of(supervisor))
        assert (await centre.book(session, "09:40")).appointment.role == "intern"
        refused = await refusal(centre.book(session, "10:00"))
        assert refused.problem is problems.NO_SUPERVISOR
        assert starts(refused) == at("09:20", "09:00", "09:40")

    async def test_two_supervisors_may_relieve_each_other_in_the_middle_of_an_appointment(self, centre: Centre) -> None:
        one, other = await centre.doctor(), await centre.doctor()
        await centre.session(one, "09:00", "10:10")
        await centre.session(other, "10:10", "12:00")
        session = await centre.session(await centre.intern_of(one, other))
        assert (await centre.book(session, "10:00")).appointment.state is State.BOOKED

    async def test_a_supervisor_at_another_site_does_not_count(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        elsewhere = await Centre(booking_database.database).open()
        supervisor = await elsewhere.doctor()
        await elsewhere.session(supervisor)
        session = await centre.session(await centre.intern_of(supervisor))
        assert (await refusal(centre.book(session, "09:00"))).problem is problems.NO_SUPERVISOR


async def test_booking_waits_for_a_registration_that_is_on_its_way(centre: Centre) -> None:
    session = await centre.session(await centre.doctor())
    patient = new_id()
    patient_rules = replace(RULES, patience=timedelta(seconds=30))

    async def book() -> UUID:
        request = BookRequest(session.id, monday("09:00"), "consultation", patient)
        async with centre.transaction() as tx:
            return (await book_slot(tx, request, patient_rules, actor=SECRETARY, now=NOW)).appointment.id

    booking = asyncio.create_task(book())
    await centre.hear(patient, registered(patient))
    assert await booking


async def test_a_registration_that_is_never_heard_is_not_waited_for_for_ever(centre: Centre) -> None:
    session = await centre.session(await centre.doctor())
    rules = replace(RULES, patience=timedelta(seconds=0.2))
    request = BookRequest(session.id, monday("09:00"), "consultation", new_id())
    async with asyncio.timeout(30):  # it ends at all: how soon is the machine's affair
        async with centre.transaction() as tx:
            refused = await refusal(book_slot(tx, request, rules, actor=SECRETARY, now=NOW))
    assert refused.problem is problems.PATIENT_UNKNOWN
    assert "Renvoyez la demande" in refused.problem.detail_fr


def test_the_days_of_these_tests_are_ordinary() -> None:
    assert date(2027, 1, 11) == MONDAY
    assert MONDAY.isoweekday() == 1
