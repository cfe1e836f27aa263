"""An appointment whose place the centre took back, from then until somebody has spoken with the patient."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from booking import problems
from booking.domain.appointments import Appointment, State
from booking.domain.impact import DefaultPolicy
from booking.domain.kinds import Compartment
from booking.domain.sessions import Session
from booking.use_cases.appointments.book_slot import BookRequest, book_slot
from booking.use_cases.appointments.leave_unseen import leave_unseen
from booking.use_cases.appointments.mark_arrived import mark_arrived
from booking.use_cases.appointments.mark_no_show import mark_no_show
from booking.use_cases.appointments.move_appointment import MoveRequest, move_appointment
from booking.use_cases.appointments.start_consultation import start_consultation
from booking.use_cases.impact.apply_impact import Application
from smp.problems import ProblemType
from tests.booking.agenda import Planner
from tests.booking.desk import Desk
from tests.booking.impact import AT_DAWN, Morning, apply, away, begin, new_hours, now_of, plan, progress
from tests.booking.test_corrections_and_closing import cancel, close, step
from tests.booking.world import (
    NOW,
    OPENED_FOR,
    RULES,
    SECRETARY,
    Centre,
    events_of,
    monday,
    refusal,
)
from tests.support.databases import ServiceDatabase

TO_CALL = Application(DefaultPolicy.CALL)
EVENING = monday("19:00")


@pytest.fixture
async def lost(centre: Centre, morning: Morning) -> list[Appointment]:
    """Three patients to call, for their doctor is away."""
    await apply(centre, await plan(centre, away(morning.session.professional)), TO_CALL)
    return morning.patients


async def move(centre: Centre, id: UUID, session: UUID, hour: str, at: str = "08:00") -> Appointment:
    async with centre.transaction() as tx:
        request = MoveRequest(session, monday(hour))
        return (await move_appointment(tx, id, request, RULES, actor=SECRETARY, now=monday(at))).appointment


async def refused(centre: Centre, command: Any, id: UUID, hour: str) -> ProblemType:
    return (await refusal(step(centre, command, id, hour))).problem


class TestTheEvening:
    async def test_notes_nobody_as_missed_whose_place_was_gone_and_lists_whom_to_call(
        self, centre: Centre, lost: list[Appointment], booking_database: ServiceDatabase
    ) -> None:
        colleague = await centre.session(await centre.doctor(), "14:00", "16:00")
        missed = (await centre.book(colleague, "14:00")).appointment.id
        done = await close(centre, EVENING, waiting_have_left=True)
        assert (done.no_show, set(done.to_call)) == ((missed,), {each.id for each in lost})
        assert await close(centre, EVENING) == await close(centre, EVENING), "done again it changes nothing more"
        assert (await events_of(booking_database, lost[0].id))[-1][0] == "CallRequested"

    async def test_lists_whom_to_call_once_and_not_among_those_expected(
        self, centre: Centre, lost: list[Appointment]
    ) -> None:
        done = await close(centre, monday("08:00"))
        assert (done.expected, set(done.to_call)) == ((), {each.id for each in lost})

    async def test_does_not_send_away_who_waited_already_when_the_place_was_taken(
        self, centre: Centre, morning: Morning
    ) -> None:
        here = morning.patients[0].id
        await step(centre, mark_arrived, here, "07:30")
        await apply(centre, await plan(centre, away(morning.session.professional)), TO_CALL)
        done = await close(centre, EVENING, waiting_have_left=True)
        assert here in done.to_call
        assert (done.left_unseen, (await now_of(centre, here)).state) == ((), State.ARRIVED)
        assert await refused(centre, leave_unseen, here, "09:30") is problems.PLACE_LOST

    async def test_waits_for_a_plan_that_is_still_carried_out(self, centre: Centre, morning: Morning) -> None:
        planned = await plan(centre, away(morning.session.professional))
        await begin(centre, planned, TO_CALL)
        assert (await close(centre, EVENING)).no_show == ()
        assert (await progress(centre, planned)).done == {}

    async def test_tells_nobody_but_the_involved_of_a_silent_one(self, desk: Desk) -> None:
        centre = desk.centre
        session = await centre.session(await centre.doctor(), kinds=("protected",))
        body = {"kind": "protected", "subject": "a-coordinator"}
        id = (await desk.book(str(session.id), "09:00", **body)).json()["appointment"]
        await apply(centre, await plan(centre, away(session.professional)), TO_CALL)
        desk.clock.time = EVENING
        path = f"/sites/{centre.site}/day-close"
        assert (await desk.post(path, {})).json()["to_call"] == []
        assert (await desk.post(path, {}, role="coordinator")).json()["to_call"] == [id]


class TestAtTheDoor:
    async def test_the_patient_has_neither_come_nor_stayed_away(self, centre: Centre, lost: list[Appointment]) -> None:
        assert await refused(centre, mark_no_show, lost[0].id, "09:30") is problems.PLACE_LOST
        assert await refused(centre, mark_arrived, lost[0].id, "08:50") is problems.PLACE_LOST
        assert (await now_of(centre, lost[0].id)).state is State.BOOKED

    async def test_whoever_comes_all_the_same_is_given_another_place_and_arrives(
        self, centre: Centre, lost: list[Appointment]
    ) -> None:
        colleague = await centre.session(await centre.doctor())
        await move(centre, lost[0].id, colleague.id, "09:20", at="08:50")
        assert (await step(centre, mark_arrived, lost[0].id, "08:51")).state is State.ARRIVED

    async def test_whoever_waited_already_may_be_received_by_a_doctor_who_stays(
        self, centre: Centre, morning: Morning
    ) -> None:
        here = morning.patients[0].id
        await step(centre, mark_arrived, here, "07:30")
        planned = await plan(centre, away(morning.session.professional))
        await apply(centre, planned, TO_CALL)
        assert (await step(centre, start_consultation, here, "08:30")).state is State.IN_CONSULTATION

    async def test_is_said_to_the_secretary_in_words(self, desk: Desk, morning: Morning) -> None:
        await apply(desk.centre, await plan(desk.centre, away(morning.session.professional)), TO_CALL)
        desk.clock.time = monday("09:30")
        for what in ("no-show", "arrival"):
            answer = await desk.post(f"/appointments/{morning.patients[0].id}/{what}")
            assert (answer.status_code, answer.json()["type"]) == (409, "urn:smp:problem:place-lost"), answer.text


class TestAfterTheCall:
    async def test_the_patient_who_gives_it_up_is_not_late_and_leaves_no_place_to_rest(
        self, centre: Centre, lost: list[Appointment]
    ) -> None:
        for id, how in ((lost[0].id, {}), (lost[1].id, {"excused": True})):
            gone = await cancel(centre, id, monday("08:30"), **how)
            assert (gone.late, gone.rests_until) == (False, None)
        assert [each.id for each in lost[2:]] == list((await close(centre, EVENING)).to_call)

    async def test_who_has_their_hour_again_is_expected_like_anybody_else(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        both = tuple([(await centre.book(session, hour)).appointment.id for hour in ("09:00", "09:20")])
        await _lose_the_first_hour(centre, session)
        assert (await close(centre, monday("08:00"))).to_call == both
        await Planner(centre, now=AT_DAWN).change(session.id, hours="09:00-12:00")
        assert (await close(centre, monday("08:00"))).expected == both
        assert (await close(centre, EVENING)).no_show == both


@pytest.mark.parametrize("compartment", list(Compartment))
async def test_what_is_said_of_it_leaves_no_hole_in_the_sequence(
    centre: Centre, booking_database: ServiceDatabase, compartment: Compartment
) -> None:
    kind, who = OPENED_FOR[compartment]
    session = await centre.session(await centre.doctor(who), kinds=(kind,))
    moved, gone = [(await centre.book(session, hour, kind=kind)).appointment.id for hour in ("09:00", "10:00")]
    await apply(centre, await plan(centre, away(session.professional)), TO_CALL)
    colleague = await centre.session(await centre.doctor(who), kinds=(kind,))
    await move(centre, moved, colleague.id, "09:40")
    await cancel(centre, gone, monday("08:30"))
    assert await events_of(booking_database, moved) == [("SlotBooked", 1), ("CallRequested", 2), ("SlotMoved", 3)]
    assert await events_of(booking_database, gone) == [("SlotBooked", 1), ("CallRequested", 2), ("SlotCancelled", 3)]


async def test_who_has_no_place_does_not_keep_another_from_giving_way(centre: Centre) -> None:
    left, other = [await centre.session(await centre.doctor()) for _ in range(2)]
    lost = await _unnamed(centre, left.id)
    gives_way = await _unnamed(centre, other.id)
    await _lose_the_first_hour(centre, left, now=NOW)
    free = await centre.session(await centre.doctor())
    assert (await centre.book(other, "09:00")).appointment.state is State.BOOKED
    assert ((await now_of(centre, gives_way)).session, (await now_of(centre, lost)).session) == (free.id, left.id)


async def _lose_the_first_hour(centre: Centre, session: Session, now: datetime = AT_DAWN) -> None:
    """The doctor is to come at ten."""
    await apply(centre, await plan(centre, new_hours(session, "10:00", "12:00"), now=now), TO_CALL, now=now)


async def _unnamed(centre: Centre, session: UUID) -> UUID:
    request = BookRequest(session, monday("09:00"), "consultation", await centre.patient(), named=False)
    async with centre.transaction() as tx:
        return (await book_slot(tx, request, RULES, actor=SECRETARY, now=NOW)).appointment.id
