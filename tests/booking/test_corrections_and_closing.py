"""Preparation, departures, excuses, corrections and the close of a day, on a real database."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from booking import problems
from booking.domain.appointments import Appointment, State
from booking.use_cases.appointments.cancel_appointment import CancelRequest, cancel_appointment
from booking.use_cases.appointments.close_day import DayClose, DayClosed, close_day
from booking.use_cases.appointments.correct_status import CorrectionRequest, correct_status
from booking.use_cases.appointments.finish_consultation import Conclusion, finish_consultation
from booking.use_cases.appointments.leave_unseen import leave_unseen
from booking.use_cases.appointments.mark_arrived import mark_arrived
from booking.use_cases.appointments.mark_no_show import mark_no_show
from booking.use_cases.appointments.prepare_consultation import prepare_consultation
from booking.use_cases.appointments.site_queue import CallOrder, change_call_order
from booking.use_cases.appointments.start_consultation import start_consultation
from booking.use_cases.calendar.cancel_session import cancel_session
from booking.use_cases.calendar.reshaping import Consent
from smp.problems import Refusal
from tests.booking.desk import Desk
from tests.booking.test_day import walk_in
from tests.booking.test_holds_and_steps import stored
from tests.booking.world import (
    MONDAY,
    NOW,
    RULES,
    SECRETARY,
    Centre,
    actor,
    at,
    blocking,
    events_of,
    monday,
    paris,
    refusal,
    starts,
)
from tests.support.databases import ServiceDatabase


async def step(centre: Centre, command: Any, appointment: UUID, hour: str, **how: Any) -> Appointment:
    async with centre.transaction() as tx:
        done: Appointment = await command(tx, appointment, actor=SECRETARY, now=monday(hour), **how)
    return done


async def cancel(centre: Centre, appointment: UUID, now: datetime = NOW, **how: Any) -> Appointment:
    async with centre.transaction() as tx:
        request = CancelRequest(**{"by": "patient", "reason": "excused", **how})
        return await cancel_appointment(tx, appointment, request, RULES, actor=SECRETARY, now=now)


async def correct(centre: Centre, appointment: UUID, now: datetime = NOW) -> Appointment:
    async with centre.transaction() as tx:
        request = CorrectionRequest("wrong_line")
        return await correct_status(tx, appointment, request, RULES, actor=SECRETARY, now=now)


async def close(centre: Centre, now: datetime, **how: Any) -> DayClosed:
    async with centre.transaction() as tx:
        return await close_day(tx, DayClose(centre.site, **how), actor=SECRETARY, now=now)


class TestSteps:
    async def test_a_prepared_consultation_goes_through_five_states(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        id = (await centre.book(await centre.session(await centre.doctor()), "09:00")).appointment.id
        await step(centre, mark_arrived, id, "08:50")
        prepared = await step(centre, prepare_consultation, id, "08:55")
        await step(centre, start_consultation, id, "09:05")
        done = await step(centre, finish_consultation, id, "09:20", conclusion=Conclusion("none"), rules=RULES)
        assert (prepared.state, prepared.prepared_at) == (State.IN_PREPARATION, monday("08:55"))
        assert await stored(centre, id) == done
        names = [name for name, _ in await events_of(booking_database, id)]
        assert names == [
            "SlotBooked",
            "PatientArrived",
            "ConsultationPrepared",
            "ConsultationStarted",
            "ConsultationDone",
        ]

    async def test_whoever_waits_may_leave_unseen_but_is_no_longer_a_no_show(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        id = (await centre.book(await centre.session(await centre.doctor()), "09:00")).appointment.id
        assert (await refusal(step(centre, leave_unseen, id, "09:30"))).problem is problems.WRONG_TRANSITION
        await step(centre, mark_arrived, id, "08:50")
        assert (await refusal(step(centre, mark_no_show, id, "09:30"))).problem is problems.WRONG_TRANSITION
        left = await step(centre, leave_unseen, id, "09:30", reason="too_long")
        assert (left.state, left.trail[-1].why) == (State.LEFT_UNSEEN, "too_long")
        assert await events_of(booking_database, id) == [
            ("SlotBooked", 1),
            ("PatientArrived", 2),
            ("PatientLeftUnseen", 3),
        ]
        assert await blocking(booking_database, id) == 1, "the hour was lost, for the practitioner"

    async def test_whoever_leaves_before_the_hour_gives_the_place_back(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        early = (await centre.book(session, "10:00")).appointment.id
        await step(centre, mark_arrived, early, "09:00")
        await step(centre, leave_unseen, early, "09:30")
        assert (await centre.book(session, "10:00", now=monday("09:35"))).appointment.state is State.BOOKED

    async def test_a_patient_may_be_excused_before_the_hour_and_after_a_no_show(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session = await centre.session(await centre.doctor())
        before, missed = [(await centre.book(session, hour)).appointment.id for hour in ("09:00", "09:20")]
        excused = await cancel(centre, before, monday("08:00"), excused=True, reason="excused")
        assert (excused.state, excused.late, excused.cancel_reason) == (State.EXCUSED, True, "excused")
        await step(centre, mark_no_show, missed, "09:45")
        assert (await cancel(centre, missed, monday("11:00"), excused=True)).state is State.EXCUSED
        names = [name for name, _ in await events_of(booking_database, missed)]
        assert names == ["SlotBooked", "PatientNoShow", "SlotCancelled"]

    async def test_the_same_patient_does_not_wait_twice_in_one_queue(self, centre: Centre) -> None:
        patient = await centre.patient()
        session = await centre.session(await centre.doctor())
        first = (await centre.book(session, "09:00", patient)).appointment.id
        second = (await centre.book(session, "11:00", patient)).appointment.id
        await step(centre, mark_arrived, first, "08:50")
        assert (await refusal(step(centre, mark_arrived, second, "08:55"))).problem is problems.ALREADY_IN_QUEUE
        assert (await refusal(walk_in(centre, "08:56", patient=patient))).problem is problems.ALREADY_IN_QUEUE
        await step(centre, start_consultation, first, "09:00")
        assert (await step(centre, mark_arrived, second, "09:01")).state is State.ARRIVED

    async def test_whoever_was_left_waiting_yesterday_arrives_today(self, centre: Centre) -> None:
        patient, tuesday = await centre.patient(), MONDAY + timedelta(days=1)
        doctor = await centre.doctor()
        left = (await centre.book(await centre.session(doctor), "09:00", patient)).appointment.id
        today = await centre.session(doctor, day=tuesday)
        booked, later = [(await centre.book(today, hour, patient)).appointment.id for hour in ("09:00", "11:00")]
        await step(centre, mark_arrived, left, "08:50")
        async with centre.transaction() as tx:
            came = await mark_arrived(tx, booked, actor=SECRETARY, now=paris(tuesday, "08:50"))
        assert came.state is State.ARRIVED
        async with centre.transaction() as tx:
            request = CallOrder("before", "asked_by_staff", left)
            refused = await refusal(
                change_call_order(tx, booked, request, actor=SECRETARY, now=paris(tuesday, "08:51"))
            )
        assert refused.problem is problems.NOT_IN_QUEUE, "nobody is called before somebody of yesterday"
        async with centre.transaction() as tx:
            refused = await refusal(mark_arrived(tx, later, actor=SECRETARY, now=paris(tuesday, "08:52")))
        assert refused.problem is problems.ALREADY_IN_QUEUE, "once a day all the same"

    async def test_a_walk_in_of_today_is_not_kept_out_by_yesterday(self, centre: Centre) -> None:
        patient, sunday = await centre.patient(), MONDAY - timedelta(days=1)
        doctor = await centre.doctor()
        left = (await centre.book(await centre.session(doctor, day=sunday), "09:00", patient)).appointment.id
        async with centre.transaction() as tx:
            await mark_arrived(tx, left, actor=SECRETARY, now=paris(sunday, "08:50"))
        await centre.session(doctor)
        came = await walk_in(centre, "08:55", patient=patient)
        assert came.appointment.state is State.ARRIVED

    async def test_the_refusal_says_what_the_patient_waits_for(self, centre: Centre) -> None:
        patient = await centre.patient()
        session = await centre.session(await centre.doctor())
        first, second = [(await centre.book(session, hour, patient)).appointment.id for hour in ("09:00", "11:00")]
        await step(centre, mark_arrived, first, "08:50")
        told = {"appointment": str(first), "start": monday("09:00").isoformat()}
        for refused in (
            await refusal(step(centre, mark_arrived, second, "08:55")),
            await refusal(walk_in(centre, "08:56", patient=patient)),
        ):
            assert (refused.problem, refused.extensions["waiting"]) == (problems.ALREADY_IN_QUEUE, told)

    async def test_the_refusal_does_not_say_what_the_reader_may_not_know(self, centre: Centre) -> None:
        patient = await centre.patient()
        silent = await centre.session(await centre.doctor(), kinds=("protected",))
        session = await centre.session(await centre.doctor())
        first = (await centre.book(silent, "09:00", patient, kind="protected")).appointment.id
        second = (await centre.book(session, "11:00", patient)).appointment.id
        await step(centre, mark_arrived, first, "08:50")
        async with centre.transaction() as tx:
            other = actor("secretary", subject="not-involved")
            refused = await refusal(mark_arrived(tx, second, actor=other, now=monday("08:55")))
        assert (refused.problem, refused.extensions) == (problems.ALREADY_IN_QUEUE, {})

    async def test_of_two_arrivals_of_one_patient_at_once_one_is_refused(self, centre: Centre) -> None:
        patient = await centre.patient()
        session = await centre.session(await centre.doctor())
        ids = [(await centre.book(session, hour, patient)).appointment.id for hour in ("09:00", "09:40")]
        ends = await asyncio.gather(*(step(centre, mark_arrived, id, "08:50") for id in ids), return_exceptions=True)
        assert [type(end) for end in ends if not isinstance(end, Appointment)] == [Refusal]


class TestCorrections:
    async def test_a_no_show_noted_on_the_wrong_line_is_taken_back(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        id = (await centre.book(await centre.session(await centre.doctor()), "09:00")).appointment.id
        await step(centre, mark_no_show, id, "09:30")
        undone = await correct(centre, id, monday("09:31"))
        assert (undone.state, undone.version) == (State.BOOKED, 3)
        assert await stored(centre, id) == undone
        assert await events_of(booking_database, id) == [
            ("SlotBooked", 1),
            ("PatientNoShow", 2),
            ("StatusCorrected", 3),
        ]
        assert (await refusal(correct(centre, id, monday("09:32")))).problem is problems.ALREADY_CORRECTED
        assert (await step(centre, mark_arrived, id, "09:33")).state is State.ARRIVED

    async def test_tomorrow_is_too_late(self, centre: Centre) -> None:
        id = (await centre.book(await centre.session(await centre.doctor()), "09:00")).appointment.id
        await step(centre, mark_no_show, id, "09:30")
        refused = await refusal(correct(centre, id, monday("00:00") + timedelta(days=1)))
        assert refused.problem is problems.CORRECTION_TOO_LATE

    async def test_an_undone_cancellation_takes_its_place_again(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session = await centre.session(await centre.doctor(), room="1")
        id = (await centre.book(session, "09:00")).appointment.id
        await cancel(centre, id)
        assert await blocking(booking_database, id) == 0
        assert (await correct(centre, id)).cancelled_by is None
        assert await blocking(booking_database, id) == 3
        assert (await refusal(centre.book(session, "09:00"))).problem is problems.SLOT_TAKEN

    async def test_a_place_given_to_another_stays_theirs(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session = await centre.session(await centre.doctor())
        id = (await centre.book(session, "09:00")).appointment.id
        await cancel(centre, id)
        other = (await centre.book(session, "09:00")).appointment.id
        refused = await refusal(correct(centre, id))
        assert refused.problem is problems.SLOT_TAKEN
        assert starts(refused) == at("09:20", "09:40", "10:00")
        assert (await stored(centre, id)).state is State.CANCELLED
        assert await blocking(booking_database, id, other) == 2

    async def test_an_expired_hold_does_not_stop_a_correction(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        id = (await centre.book(session, "09:00")).appointment.id
        await cancel(centre, id)
        hold = await centre.hold(session, "09:00")
        assert (await refusal(correct(centre, id))).problem is problems.SLOT_TAKEN
        assert (await correct(centre, id, NOW + RULES.hold)).state is State.BOOKED
        assert (await stored(centre, hold.id)).state is State.EXPIRED

    async def test_of_a_correction_and_a_booking_at_once_one_has_the_place(self, centre: Centre) -> None:
        for hour in ("09:00", "09:20", "09:40", "10:00", "10:20"):
            session = await centre.session(await centre.doctor())
            id = (await centre.book(session, hour)).appointment.id
            await cancel(centre, id)
            ends = await asyncio.gather(correct(centre, id), centre.book(session, hour), return_exceptions=True)
            assert [type(end) for end in ends].count(Refusal) == 1, ends

    async def test_the_session_may_be_gone_meanwhile(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        id = (await centre.book(session, "09:00")).appointment.id
        async with centre.transaction() as tx:
            request = Consent("practitioner_away", cancel_appointments=True)
            await cancel_session(tx, session.id, request, RULES, actor=SECRETARY, now=NOW)
        assert (await refusal(correct(centre, id))).problem is problems.SESSION_CANCELLED


class TestClosing:
    async def test_the_evening_notes_who_did_not_come_and_lists_who_still_waits(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session = await centre.session(await centre.doctor())
        hours = ("09:00", "09:20", "09:40", "11:40")
        missed, waits, busy, later = [(await centre.book(session, hour)).appointment.id for hour in hours]
        await step(centre, mark_arrived, waits, "09:10")
        await step(centre, mark_arrived, busy, "09:30")
        await step(centre, start_consultation, busy, "09:40")
        closed = await close(centre, monday("11:45"))
        assert (closed.no_show, closed.left_unseen) == ((missed,), ())
        assert (closed.waiting, closed.in_consultation, closed.expected) == ((waits,), (busy,), (later,))
        assert await events_of(booking_database, missed) == [("SlotBooked", 1), ("PatientNoShow", 2)]

        again = await close(centre, monday("12:00"), day=MONDAY, waiting_have_left=True)
        assert (again.no_show, again.left_unseen, again.waiting) == ((later,), (waits,), ())
        last = await close(centre, monday("12:01"), waiting_have_left=True)
        assert (last.no_show, last.left_unseen, last.in_consultation) == ((), (), (busy,))
        assert (await events_of(booking_database, waits))[-1] == ("PatientLeftUnseen", 3)

    async def test_two_closings_at_once_note_each_absence_once(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session = await centre.session(await centre.doctor())
        ids = [(await centre.book(session, hour)).appointment.id for hour in ("09:00", "09:20", "09:40")]
        ends = await asyncio.gather(*(close(centre, monday("20:00")) for _ in range(3)))
        assert sorted(id for end in ends for id in end.no_show) == sorted(ids)
        for id in ids:
            assert await events_of(booking_database, id) == [("SlotBooked", 1), ("PatientNoShow", 2)]


class TestOverHttp:
    async def test_a_visit_that_goes_wrong_and_is_put_right(self, desk: Desk) -> None:
        session = await desk.open_session()
        id = (await desk.book(session, "09:00")).json()["appointment"]
        desk.clock.time = monday("08:50")
        assert (await desk.post(f"/appointments/{id}/arrival")).json()["state"] == "arrived"
        assert (await desk.post(f"/appointments/{id}/preparation", role="nurse")).json()["state"] == "in_preparation"
        left = await desk.post(f"/appointments/{id}/departure", {"reason": "too_long"})
        assert left.json()["trail"][-1]["why"] == "too_long"
        body = {"reason": "came_back", "notify": False}
        assert (await desk.post(f"/appointments/{id}/correction", body, role="nurse")).status_code == 403
        undone = await desk.post(f"/appointments/{id}/correction", body)
        assert (undone.json()["state"], undone.json()["trail"][-1]["undoes"]) == ("in_preparation", 4)
        refused = await desk.post(f"/appointments/{id}/correction", body)
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:smp:problem:already-corrected")

    async def test_the_centre_is_never_excused(self, desk: Desk) -> None:
        id = (await desk.book(await desk.open_session(), "09:00")).json()["appointment"]
        answer = await desk.post(f"/appointments/{id}/cancellation", {"by": "centre", "excused": True})
        assert answer.status_code == 422

    async def test_a_day_is_closed_from_the_desk_only(self, desk: Desk) -> None:
        id = (await desk.book(await desk.open_session(), "09:00")).json()["appointment"]
        desk.clock.time = monday("19:00")
        path = f"/sites/{desk.centre.site}/day-close"
        assert (await desk.post(path, {}, role="gp")).status_code == 403
        closed = await desk.post(path, {})
        assert (closed.status_code, closed.json()["no_show"], closed.json()["day"]) == (200, [id], MONDAY.isoformat())

    async def test_the_evening_tells_nobody_but_the_involved_what_became_of_a_silent_appointment(
        self, desk: Desk
    ) -> None:
        session = await desk.open_session(kinds=("protected",))
        id = (await desk.book(session, "09:00", kind="protected", subject="a-coordinator")).json()["appointment"]
        desk.clock.time = monday("19:00")
        closed = await desk.post(f"/sites/{desk.centre.site}/day-close", {})
        assert (closed.status_code, closed.json()["no_show"]) == (200, [])
        seen = (await desk.get(f"/appointments/{id}", role="coordinator")).json()
        assert seen["state"] == "no_show", "it is noted all the same"
