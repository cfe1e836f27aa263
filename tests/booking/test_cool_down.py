"""A place given up rests: the waiting list has first call, then it is offered to all."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from booking import problems
from booking.domain.appointments import Appointment, State, rest_of
from booking.domain.intervals import Interval
from booking.domain.platform_kinds import platform_kinds
from booking.domain.sessions import Session
from booking.store import appointments
from booking.use_cases.appointments.cancel_appointment import CancelRequest, cancel_appointment
from booking.use_cases.appointments.expire_holds import end_rests
from booking.use_cases.appointments.hold_slot import HoldRequest, hold_slot
from booking.use_cases.availability.search_availability import free_slots
from booking.use_cases.calendar.cancel_session import cancel_session
from booking.use_cases.calendar.reshaping import Consent
from smp.problems import Refusal
from tests.booking.desk import Desk
from tests.booking.test_corrections_and_closing import correct
from tests.booking.test_holds_and_steps import stored
from tests.booking.world import NOW, RULES, SECRETARY, Centre, at, blocking, monday, refusal, starts
from tests.support.databases import ServiceDatabase

MINUTE = timedelta(minutes=1)
RESTING = replace(RULES, cool_down=10 * MINUTE)
RESTED = NOW + 10 * MINUTE
CONSULTATION = next(kind for kind in platform_kinds() if kind.code == "consultation")


async def give_up(centre: Centre, appointment: Appointment, now: datetime = NOW) -> Appointment:
    async with centre.transaction() as tx:
        request = CancelRequest("patient")
        return await cancel_appointment(tx, appointment.id, request, RESTING, actor=SECRETARY, now=now)


async def first_call(centre: Centre, session: Session, hour: str, now: datetime = NOW) -> Appointment:
    async with centre.transaction() as tx:
        request = HoldRequest(session.id, monday(hour), "consultation", first_call=True)
        return await hold_slot(tx, request, RESTING, actor=SECRETARY, now=now)


async def free(centre: Centre, now: datetime) -> list[str]:
    async with centre.transaction() as tx:
        window = Interval(monday("00:00"), monday("23:00"))
        found = await free_slots(tx, centre.site, CONSULTATION, window, now, rules=RULES)
        return [slot.period.start.isoformat() for slot in found]


@given(st.integers(-600, 600), st.integers(0, 600))
def test_a_place_rests_for_the_cool_down_unless_it_begins_before(notice: int, cool_down: int) -> None:
    now = datetime(2027, 1, 11, 8, tzinfo=UTC)
    start = now + notice * MINUTE
    until = rest_of(start, now, cool_down * MINUTE)
    assert until == (now + cool_down * MINUTE if 0 < cool_down < notice else None)


class TestAPlaceThatRests:
    async def test_is_hidden_and_refused_but_the_patient_is_free_at_once(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        patient = await centre.patient()
        session = await centre.session(await centre.doctor(), "09:00", "10:00", room="2")
        gone = await give_up(centre, (await centre.book(session, "09:20", patient)).appointment)
        assert gone.rests_until == RESTED
        assert await blocking(booking_database, gone.id) == 2, "practitioner and room, no longer the patient"
        assert await free(centre, NOW) == at("09:00", "09:40")
        refused = await refusal(centre.book(session, "09:20"))
        assert refused.problem is problems.SLOT_RESTING
        assert (refused.extensions["released_at"], starts(refused)) == (RESTED.isoformat(), at("09:00", "09:40"))
        elsewhere = await centre.session(await centre.doctor())
        assert (await centre.book(elsewhere, "09:20", patient)).appointment.state is State.BOOKED

    async def test_goes_to_the_waiting_list_before_all(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        gone = await give_up(centre, (await centre.book(session, "09:20")).appointment)
        offered = await first_call(centre, session, "09:20")
        assert offered.state is State.HELD
        assert (await stored(centre, gone.id)).rests_until is None
        assert (await refusal(centre.book(session, "09:20"))).problem is problems.SLOT_TAKEN

    async def test_is_taken_by_a_booking_that_meets_it_once_it_has_rested(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        gone = await give_up(centre, (await centre.book(session, "09:20")).appointment)
        assert (await refusal(centre.book(session, "09:20", now=RESTED - MINUTE))).problem is problems.SLOT_RESTING
        assert (await centre.book(session, "09:20", now=RESTED)).appointment.state is State.BOOKED
        assert (await stored(centre, gone.id)).rests_until is None

    async def test_is_freed_by_the_job_when_it_has_rested_and_not_before(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor(), "09:00", "10:00")
        await give_up(centre, (await centre.book(session, "09:20")).appointment)
        await end_rests(centre.database, RESTED - MINUTE)
        assert await free(centre, NOW) == at("09:00", "09:40")
        assert await end_rests(centre.database, RESTED) >= 1
        assert await free(centre, NOW) == at("09:00", "09:20", "09:40")

    async def test_is_freed_at_once_when_nobody_on_the_list_wants_it(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor(), "09:00", "10:00")
        gone = await give_up(centre, (await centre.book(session, "09:20")).appointment)
        async with centre.transaction() as tx:
            assert [each.id for each in await appointments.resting(tx, centre.site, NOW)] == [gone.id]
            assert await appointments.end_rest(tx, gone.id)
            assert not await appointments.end_rest(tx, gone.id)
        assert await free(centre, NOW) == at("09:00", "09:20", "09:40")

    async def test_is_had_again_by_whoever_gave_it_up_by_mistake(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session = await centre.session(await centre.doctor())
        gone = await give_up(centre, (await centre.book(session, "09:20")).appointment)
        again = await correct(centre, gone.id)
        assert (again.state, again.rests_until) == (State.BOOKED, None)
        await end_rests(centre.database, RESTED)
        assert await blocking(booking_database, gone.id) == 2

    async def test_goes_to_one_of_many_who_reach_for_it_at_the_hour(self, centre: Centre) -> None:
        for _ in range(3):
            session = await centre.session(await centre.doctor())
            await give_up(centre, (await centre.book(session, "09:20")).appointment)
            ends = await asyncio.gather(
                end_rests(centre.database, RESTED),
                first_call(centre, session, "09:20", RESTED - MINUTE),
                *(centre.book(session, "09:20", now=RESTED) for _ in range(4)),
                return_exceptions=True,
            )
            refused = [end for end in ends if isinstance(end, Refusal)]
            assert len(refused) == 4, ends
            assert {end.problem for end in refused} == {problems.SLOT_TAKEN}


async def test_neither_a_hold_nor_a_place_about_to_begin_nor_one_without_a_session_rests(centre: Centre) -> None:
    session = await centre.session(await centre.doctor())
    hold = await give_up(centre, await centre.hold(session, "09:00"))
    late = await give_up(centre, (await centre.book(session, "09:20")).appointment, monday("09:10"))
    stays = (await centre.book(session, "10:00")).appointment
    async with centre.transaction() as tx:
        request = Consent("practitioner_away", cancel_appointments=True)
        await cancel_session(tx, session.id, request, RESTING, actor=SECRETARY, now=NOW)
    assert {each.rests_until for each in (hold, late, await stored(centre, stays.id))} == {None}


async def test_over_http_a_place_given_up_says_when_it_is_offered_to_all(desk: Desk) -> None:
    session = await desk.open_session()
    id = (await desk.book(session, "09:00")).json()["appointment"]
    await desk.post(f"/appointments/{id}/cancellation", {"by": "patient"})
    refused = await desk.book(session, "09:00")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:smp:problem:slot-resting")
    assert datetime.fromisoformat(refused.json()["released_at"]) == desk.clock.time + 10 * MINUTE
