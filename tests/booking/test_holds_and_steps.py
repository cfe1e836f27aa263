"""Holds, moves, cancellations and the steps of a visit, on a real database."""

from datetime import timedelta
from uuid import UUID

import pytest

from booking import problems
from booking.domain.appointments import Appointment, State
from booking.store import appointments
from booking.use_cases.appointments.book_slot import Booked
from booking.use_cases.appointments.cancel_appointment import CancelRequest, cancel_appointment
from booking.use_cases.appointments.confirm_hold import ConfirmRequest, confirm_hold
from booking.use_cases.appointments.expire_holds import expire_holds
from booking.use_cases.appointments.finish_consultation import Conclusion, finish_consultation
from booking.use_cases.appointments.mark_arrived import mark_arrived
from booking.use_cases.appointments.mark_no_show import mark_no_show
from booking.use_cases.appointments.move_appointment import MoveRequest, move_appointment
from booking.use_cases.appointments.start_consultation import start_consultation
from smp.ids import new_id
from tests.booking.agenda import AND_CANCEL, Planner, of_hours
from tests.booking.world import (
    MONDAY,
    NOW,
    RULES,
    SECRETARY,
    Centre,
    at,
    blocking,
    events_of,
    monday,
    paris,
    refusal,
    said_of,
    starts,
)
from tests.support.databases import ServiceDatabase

LATER = NOW + timedelta(minutes=5)  # when a hold taken at NOW is over


async def confirm(centre: Centre, hold: UUID, patient: UUID, now: object = NOW) -> Booked:
    async with centre.transaction() as tx:
        return await confirm_hold(tx, ConfirmRequest(hold, patient), RULES, actor=SECRETARY, now=now)  # type: ignore[arg-type]


async def move(centre: Centre, appointment: UUID, session: UUID, hour: str) -> Booked:
    async with centre.transaction() as tx:
        request = MoveRequest(session, monday(hour))
        return await move_appointment(tx, appointment, request, RULES, actor=SECRETARY, now=NOW)


async def cancel(centre: Centre, appointment: UUID, by: str = "patient", now: object = NOW) -> Appointment:
    async with centre.transaction() as tx:
        request = CancelRequest(by, "excused")
        return await cancel_appointment(tx, appointment, request, RULES, actor=SECRETARY, now=now)  # type: ignore[arg-type]


async def stored(centre: Centre, id: UUID) -> Appointment:
    async with centre.transaction() as tx:
        found = await appointments.get(tx, id)
    assert found is not None
    return found


class TestHolds:
    async def test_a_hold_keeps_the_slot_from_everybody_else(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        await centre.hold(session, "09:00")
        assert (await refusal(centre.book(session, "09:00"))).problem is problems.SLOT_TAKEN
        assert (await refusal(centre.hold(session, "09:00"))).problem is problems.SLOT_TAKEN

    async def test_a_hold_becomes_an_appointment_of_the_same_id(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session = await centre.session(await centre.doctor())
        hold = await centre.hold(session, "09:00")
        booked = (await confirm(centre, hold.id, await centre.patient())).appointment
        assert (booked.id, booked.state, booked.version) == (hold.id, State.BOOKED, 2)
        assert await events_of(booking_database, hold.id) == [("SlotHeld", 1), ("SlotBooked", 2)]
        assert [each["data"].get("compartment") for each in await said_of(booking_database, hold.id)] == [
            "medical",
            "medical",
        ]
        assert await blocking(booking_database, hold.id) == 2
        assert await stored(centre, hold.id) == booked

    async def test_an_expired_hold_is_refused_and_its_place_proposed_again(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        hold = await centre.hold(session, "09:00")
        patient = await centre.patient()
        refused = await refusal(confirm(centre, hold.id, patient, now=LATER))
        assert refused.problem is problems.HOLD_EXPIRED
        assert starts(refused) == at("09:00", "09:20", "09:40")

    async def test_a_hold_that_its_session_took_along_is_refused_with_other_places(self, centre: Centre) -> None:
        doctor, other = await centre.doctor(), await centre.session(await centre.doctor())
        session = await centre.session(doctor)
        early, late = await centre.hold(session, "09:00"), await centre.hold(session, "11:40")
        planner = Planner(centre)
        await planner.change(session.id, AND_CANCEL, hours="09:00-11:00")
        refused = await refusal(confirm(centre, late.id, await centre.patient()))
        assert refused.problem is problems.OUTSIDE_SESSION
        assert len(refused.extensions["alternatives"]) == 3
        await planner.absent(doctor, of_hours(MONDAY, "08:00-13:00"), cancel=True)
        refused = await refusal(confirm(centre, early.id, await centre.patient()))
        assert refused.problem is problems.SESSION_CANCELLED
        assert {each["session"] for each in refused.extensions["alternatives"]} == {str(other.id)}
        assert starts(refused) == at("09:00", "09:20", "09:40")

    async def test_a_hold_that_was_given_up_by_hand_is_over(self, centre: Centre) -> None:
        hold = await centre.hold(await centre.session(await centre.doctor()), "09:00")
        async with centre.transaction() as tx:
            await cancel_appointment(tx, hold.id, CancelRequest("patient"), RULES, actor=SECRETARY, now=NOW)
        refused = await refusal(confirm(centre, hold.id, await centre.patient()))
        assert refused.problem is problems.WRONG_TRANSITION

    async def test_a_booking_takes_an_expired_hold_over_in_its_own_transaction(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session = await centre.session(await centre.doctor())
        hold = await centre.hold(session, "09:00")
        booked = (await centre.book(session, "09:00", now=LATER)).appointment
        assert (await stored(centre, hold.id)).state is State.EXPIRED
        assert await events_of(booking_database, hold.id) == [("SlotHeld", 1), ("HoldExpired", 2)]
        assert await blocking(booking_database, hold.id, booked.id) == 2

    async def test_the_end_of_the_hold_and_the_booking_are_one_transaction(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session = await centre.session(await centre.doctor())
        hold = await centre.hold(session, "09:00")
        booked = (await centre.book(session, "09:00", now=LATER)).appointment
        async with booking_database.admin() as connection:
            said = await connection.fetch(
                "SELECT xid::text, split_part(type, '.', 4) AS name FROM smp.outbox WHERE aggregateid = ANY ($1)",
                [hold.id, booked.id],
            )
        together = {each["xid"] for each in said if each["name"] in ("HoldExpired", "SlotBooked")}
        assert len(said) == 3
        assert len(together) == 1

    async def test_a_booking_that_is_refused_afterwards_leaves_the_hold_as_it_was(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session, elsewhere = await centre.session(await centre.doctor()), await centre.session(await centre.doctor())
        patient = await centre.patient()
        await centre.book(elsewhere, "09:00", patient)
        hold = await centre.hold(session, "09:00")
        refused = await refusal(centre.book(session, "09:00", patient, now=LATER))
        assert refused.problem is problems.PATIENT_BUSY
        assert (await stored(centre, hold.id)).state is State.HELD
        assert await events_of(booking_database, hold.id) == [("SlotHeld", 1)]

    async def test_a_hold_that_still_runs_is_never_taken_over(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        hold = await centre.hold(session, "09:00")
        just_before = LATER - timedelta(microseconds=1)
        assert (await refusal(centre.book(session, "09:00", now=just_before))).problem is problems.SLOT_TAKEN
        assert (await stored(centre, hold.id)).state is State.HELD

    async def test_the_job_expires_what_is_over_and_nothing_else(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session = await centre.session(await centre.doctor())
        over, running = await centre.hold(session, "09:00"), await centre.hold(session, "09:20", now=LATER)
        assert await expire_holds(centre.database, LATER) >= 1
        assert await events_of(booking_database, over.id) == [("SlotHeld", 1), ("HoldExpired", 2)]
        assert await blocking(booking_database, over.id) == 0
        assert (await stored(centre, running.id)).state is State.HELD
        await expire_holds(centre.database, LATER)
        assert len(await events_of(booking_database, over.id)) == 2

    async def test_a_hold_for_one_patient_is_not_for_another(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        hold = await centre.hold(session, "09:00", await centre.patient())
        refused = await refusal(confirm(centre, hold.id, await centre.patient()))
        assert refused.problem is problems.HOLD_FOR_ANOTHER

    async def test_a_patient_expected_elsewhere_cannot_confirm_an_anonymous_hold(self, centre: Centre) -> None:
        first, second = await centre.session(await centre.doctor()), await centre.session(await centre.doctor())
        patient = await centre.patient()
        await centre.book(first, "09:00", patient)
        hold = await centre.hold(second, "09:00")
        refused = await refusal(confirm(centre, hold.id, patient))
        assert refused.problem is problems.PATIENT_BUSY
        assert starts(refused) == at("09:20", "09:40", "10:00")

    async def test_a_hold_is_confirmed_once(self, centre: Centre) -> None:
        hold = await centre.hold(await centre.session(await centre.doctor()), "09:00")
        patient = await centre.patient()
        await confirm(centre, hold.id, patient)
        assert (await refusal(confirm(centre, hold.id, patient))).problem is problems.WRONG_TRANSITION


class TestMoves:
    async def test_a_move_gives_the_old_place_up_and_keeps_the_identity(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        one, other = await centre.session(await centre.doctor(), room="1"), await centre.session(await centre.doctor())
        booked = (await centre.book(one, "09:00")).appointment
        moved = (await move(centre, booked.id, other.id, "10:20")).appointment
        assert (moved.professional, moved.session, moved.version) == (other.professional, other.id, 2)
        assert await stored(centre, booked.id) == moved
        assert await blocking(booking_database, booked.id) == 2
        assert await events_of(booking_database, booked.id) == [("SlotBooked", 1), ("SlotMoved", 2)]
        assert (await centre.book(one, "09:00")).appointment.state is State.BOOKED

    async def test_the_old_place_stays_when_the_new_one_is_taken(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session = await centre.session(await centre.doctor())
        booked = (await centre.book(session, "09:00")).appointment
        await centre.book(session, "09:40")
        refused = await refusal(move(centre, booked.id, session.id, "09:40"))
        assert refused.problem is problems.SLOT_TAKEN
        assert starts(refused) == at("09:20", "10:00", "10:20"), "its own place is not an alternative"
        assert await stored(centre, booked.id) == booked
        assert await blocking(booking_database, booked.id) == 2
        assert (await refusal(centre.book(session, "09:00"))).problem is problems.SLOT_TAKEN

    async def test_an_appointment_may_move_into_a_place_that_meets_its_own(self, centre: Centre) -> None:
        worker = await centre.doctor("social_worker")
        session = await centre.session(worker, kinds=("social",))
        booked = (await centre.book(session, "09:00", kind="social")).appointment  # 30 minutes
        moved = (await move(centre, booked.id, session.id, "09:20")).appointment
        assert moved.period.start == monday("09:20")

    async def test_a_move_takes_an_expired_hold_over(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        hold = await centre.hold(session, "09:20", now=NOW - timedelta(minutes=10))
        booked = (await centre.book(session, "09:00")).appointment
        assert (await move(centre, booked.id, session.id, "09:20")).appointment.period.start == monday("09:20")
        assert (await stored(centre, hold.id)).state is State.EXPIRED

    async def test_only_what_is_booked_moves(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        booked = (await centre.book(session, "09:00")).appointment
        await cancel(centre, booked.id)
        assert (await refusal(move(centre, booked.id, session.id, "10:00"))).problem is problems.WRONG_TRANSITION
        assert (await refusal(move(centre, new_id(), session.id, "10:00"))).problem is problems.APPOINTMENT_UNKNOWN


class TestCancellations:
    async def test_a_cancelled_place_is_free_and_who_cancelled_is_kept(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session = await centre.session(await centre.doctor())
        booked = (await centre.book(session, "09:00")).appointment
        cancelled = await cancel(centre, booked.id)
        assert (cancelled.cancelled_by, cancelled.late) == ("patient", False)
        assert await blocking(booking_database, booked.id) == 0
        assert await events_of(booking_database, booked.id) == [("SlotBooked", 1), ("SlotCancelled", 2)]
        assert (await centre.book(session, "09:00")).appointment.id != booked.id

    @pytest.mark.parametrize(("by", "late"), [("patient", True), ("centre", False)])
    async def test_only_a_patient_cancels_late(self, centre: Centre, by: str, late: bool) -> None:
        session = await centre.session(await centre.doctor())
        booked = (await centre.book(session, "09:00")).appointment
        assert (await cancel(centre, booked.id, by, monday("09:00") - timedelta(hours=23))).late is late

    async def test_cancelling_twice_is_refused(self, centre: Centre) -> None:
        booked = (await centre.book(await centre.session(await centre.doctor()), "09:00")).appointment
        await cancel(centre, booked.id)
        assert (await refusal(cancel(centre, booked.id))).problem is problems.WRONG_TRANSITION


class TestTheVisit:
    async def test_arrive_start_done_each_say_one_event(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        booked = (await centre.book(await centre.session(await centre.doctor()), "09:00")).appointment
        async with centre.transaction() as tx:
            await mark_arrived(tx, booked.id, actor=SECRETARY, now=monday("08:50"))
        async with centre.transaction() as tx:
            await start_consultation(tx, booked.id, actor=SECRETARY, now=monday("09:05"))
        async with centre.transaction() as tx:
            done = await finish_consultation(
                tx, booked.id, Conclusion("follow_up"), RULES, actor=SECRETARY, now=monday("09:25")
            )
        assert (done.state, done.outcome, done.started_at) == (State.DONE, "follow_up", monday("09:05"))
        assert await stored(centre, booked.id) == done
        assert [name for name, _ in await events_of(booking_database, booked.id)] == [
            "SlotBooked", "PatientArrived", "ConsultationStarted", "ConsultationDone",
        ]  # fmt: skip

    async def test_nobody_arrives_on_another_day(self, centre: Centre) -> None:
        booked = (await centre.book(await centre.session(await centre.doctor()), "09:00")).appointment

        async def arrive() -> None:
            async with centre.transaction() as tx:
                await mark_arrived(tx, booked.id, actor=SECRETARY, now=NOW)

        assert (await refusal(arrive())).problem is problems.NOT_THE_DAY

    async def test_a_no_show_is_noted_after_the_hour(self, centre: Centre) -> None:
        booked = (await centre.book(await centre.session(await centre.doctor()), "09:00")).appointment

        async def note(hour: str) -> Appointment:
            async with centre.transaction() as tx:
                return await mark_no_show(tx, booked.id, actor=SECRETARY, now=monday(hour))

        assert (await refusal(note("08:59"))).problem is problems.TOO_EARLY
        assert (await note("09:15")).state is State.NO_SHOW

    async def test_severity_is_for_unscheduled_care_only(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())

        async def visit(hour: str, kind: str) -> Appointment:
            booked = (await centre.book(session, hour, kind=kind)).appointment
            async with centre.transaction() as tx:
                await mark_arrived(tx, booked.id, actor=SECRETARY, now=monday(hour))
                await start_consultation(tx, booked.id, actor=SECRETARY, now=monday(hour))
                return await finish_consultation(
                    tx, booked.id, Conclusion("none", 2, True), RULES, actor=SECRETARY, now=monday("12:00")
                )

        assert (await visit("09:00", "minor_emergency")).severity == 2
        assert (await refusal(visit("09:20", "consultation"))).problem is problems.SEVERITY_NOT_EXPECTED

    async def test_an_interns_consultation_carries_the_supervisor_who_was_present(self, centre: Centre) -> None:
        supervisor = await centre.doctor()
        await centre.session(supervisor)
        session = await centre.session(await centre.intern_of(supervisor))
        booked = (await centre.book(session, "09:00")).appointment
        async with centre.transaction() as tx:
            await mark_arrived(tx, booked.id, actor=SECRETARY, now=monday("08:50"))
            await start_consultation(tx, booked.id, actor=SECRETARY, now=monday("08:55"))
            done = await finish_consultation(
                tx, booked.id, Conclusion("none"), RULES, actor=SECRETARY, now=monday("09:20")
            )
        assert done.supervisor == supervisor


class TestSearch:
    async def test_what_is_found_can_be_booked_and_is_then_found_no_more(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor(), "09:00", "10:00")

        async def found() -> list[str]:
            slots = (await centre.find(monday("00:00"), monday("23:00"))).slots
            return [slot.period.start.isoformat() for slot in slots]

        assert await found() == at("09:00", "09:20", "09:40")
        await centre.book(session, "09:20")
        assert await found() == at("09:00", "09:40")

    async def test_a_window_that_is_too_long_or_reversed_is_refused(self, centre: Centre) -> None:
        for end in (NOW, NOW + timedelta(days=29)):
            assert (await refusal(centre.find(NOW, end))).problem is problems.WINDOW_TOO_LONG


def test_paris_is_an_hour_ahead_in_winter() -> None:
    assert paris(MONDAY, "09:00").hour == 8
