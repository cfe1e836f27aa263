"""A correction that wants its place back is refused what any booking would be refused; and nobody corrects, or puts in
another order, what they may only see as taken time."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from booking import problems
from booking.domain import resources
from booking.domain.appointments import Appointment, State
from booking.domain.kinds import KindBooks
from booking.domain.platform_kinds import platform_kinds
from booking.domain.sessions import Session
from booking.store.appointments import one_at_a_time
from booking.use_cases.appointments.book_slot import BookRequest, book_slot
from booking.use_cases.appointments.cancel_appointment import CancelRequest, cancel_appointment
from booking.use_cases.appointments.correct_status import CorrectionRequest, correct_status
from booking.use_cases.appointments.finish_consultation import Conclusion, finish_consultation
from booking.use_cases.appointments.leave_unseen import leave_unseen
from booking.use_cases.appointments.mark_arrived import mark_arrived
from booking.use_cases.appointments.mark_no_show import mark_no_show
from booking.use_cases.appointments.site_queue import CallOrder, change_call_order
from booking.use_cases.appointments.start_consultation import start_consultation
from booking.use_cases.availability.declare_distance import Distance, declare_distance
from booking.use_cases.calendar.cancel_session import cancel_session
from booking.use_cases.calendar.reshaping import Consent
from smp.contracts import PatientErased
from tests.booking.agenda import Planner
from tests.booking.test_company import ELSEWHERE, book
from tests.booking.test_concurrency import until_somebody_waits
from tests.booking.test_corrections_and_closing import cancel, correct, step
from tests.booking.test_day import walk_in
from tests.booking.test_holds_and_steps import stored
from tests.booking.test_on_the_way import traveller
from tests.booking.world import NOW, RULES, SECRETARY, Centre, actor, blocking, monday, refusal, starts
from tests.support.databases import ServiceDatabase

CAPPED = replace(RULES, kinds=KindBooks(tuple(replace(each, running_cap=1) for each in platform_kinds())))


async def given_up(centre: Centre, session: Session, hour: str, patient: UUID | None = None) -> UUID:
    """An appointment of that hour, cancelled by mistake."""
    id = (await centre.book(session, hour, patient)).appointment.id
    await cancel(centre, id)
    return id


async def further_away(centre: Centre, other: Centre) -> None:
    """The way is found to take fifty minutes, not half an hour."""
    async with centre.transaction() as tx:
        await declare_distance(tx, Distance(centre.site, other.site, 50), actor=SECRETARY, now=NOW)


async def test_not_while_the_practitioner_is_on_the_road(centre: Centre, booking_database: ServiceDatabase) -> None:
    other = await Centre(booking_database.database).open()
    who = await traveller(centre, other)
    await other.session(who, "12:30", "15:00")
    session = await centre.session(who, "09:00", "12:00")
    early, late = [await given_up(centre, session, hour) for hour in ("11:00", "11:40")]
    await further_away(centre, other)
    refused = await refusal(correct(centre, late))
    assert refused.problem is problems.ON_THE_WAY
    assert monday("11:20").isoformat() in starts(refused)
    assert monday("11:40").isoformat() not in starts(refused)
    assert (await correct(centre, early)).cancelled_by is None


async def test_a_correction_and_a_booking_of_a_capped_kind_wait_in_one_order(centre: Centre) -> None:
    rules = replace(CAPPED, cool_down=timedelta(minutes=10))
    session, patient = await centre.session(await centre.doctor()), await centre.patient()
    had = (await centre.book(session, "09:00", patient)).appointment
    async with centre.transaction() as tx:
        await cancel_appointment(tx, had.id, CancelRequest("patient"), rules, actor=SECRETARY, now=NOW)
    rested = NOW + timedelta(minutes=11)

    async def take_again() -> Appointment:
        async with centre.transaction() as tx:
            return await correct_status(tx, had.id, CorrectionRequest("wrong_line"), rules, actor=SECRETARY, now=rested)

    async with centre.transaction() as tx:
        await one_at_a_time(tx, patient, "consultation")  # as a booking that has just begun
        correcting = asyncio.create_task(refusal(take_again()))
        await until_somebody_waits(centre)
        request = BookRequest(session.id, monday("09:00"), "consultation", patient)
        await book_slot(tx, request, rules, actor=SECRETARY, now=rested)
    assert (await correcting).problem is problems.TOO_MANY_RUNNING


async def test_not_over_the_cap_of_its_kind(centre: Centre) -> None:
    session, patient = await centre.session(await centre.doctor()), await centre.patient()
    id = await given_up(centre, session, "09:00", patient)
    other = (await centre.book(session, "10:00", patient)).appointment

    async def take_again() -> Appointment:
        async with centre.transaction() as tx:
            return await correct_status(tx, id, CorrectionRequest("wrong_line"), CAPPED, actor=SECRETARY, now=NOW)

    refused = await refusal(take_again())
    assert (refused.problem, refused.extensions["appointments"]) == (problems.TOO_MANY_RUNNING, [str(other.id)])
    await cancel(centre, other.id)
    assert (await take_again()).cancelled_by is None


async def test_not_once_whoever_prepared_is_gone_or_on_the_road(
    centre: Centre, booking_database: ServiceDatabase
) -> None:
    async def take_again(appointment: Appointment) -> Appointment:
        async with centre.transaction() as tx:
            request = CorrectionRequest("wrong_line")
            return await correct_status(tx, appointment.id, request, ELSEWHERE, actor=SECRETARY, now=NOW)

    other = await Centre(booking_database.database).open()
    assistant = await traveller(centre, other, "medical_assistant")
    await other.session(assistant, "12:30", "15:00", kinds=("preparation",))
    helper = await centre.session(assistant, "09:00", "12:00", kinds=("preparation",))
    session = await centre.session(await centre.doctor(), "09:00", "12:00")
    early, late = [await book(centre, session, hour) for hour in ("09:20", "11:40")]
    for each in (early, late):
        await cancel(centre, each.id)
    await further_away(centre, other)
    assert (await refusal(take_again(late))).problem is problems.COMPANY_MISSING
    assert (await take_again(early)).cancelled_by is None
    await cancel(centre, early.id, reason="moved_away")
    async with centre.transaction() as tx:
        await cancel_session(tx, helper.id, Consent("practitioner_away"), ELSEWHERE, actor=SECRETARY, now=NOW)
    assert (await refusal(take_again(late))).problem is problems.COMPANY_MISSING


async def test_not_once_whoever_sat_in_is_on_the_road(centre: Centre, booking_database: ServiceDatabase) -> None:
    other = await Centre(booking_database.database).open()
    worker = await traveller(centre, other, "social_worker")
    await other.session(worker, "12:30", "15:00", kinds=("social",))
    await centre.session(worker, "09:00", "12:00", kinds=("social",))
    session = await centre.session(await centre.doctor(), "09:00", "12:00")
    early, late = [
        await book(centre, session, hour, rules=RULES, together_with="social_worker") for hour in ("11:00", "11:40")
    ]
    for each in (early, late):
        await cancel(centre, each.id)
    await further_away(centre, other)
    assert (await refusal(correct(centre, late.id))).problem is problems.COMPANY_MISSING
    assert (await correct(centre, early.id)).others == early.others


async def test_not_once_the_rest_is_kept_for_another_class(centre: Centre) -> None:
    session = await centre.session(await centre.doctor(), "09:00", "09:40", shares={"same_day": 1})
    id = await given_up(centre, session, "09:00")
    other = (await centre.book(session, "09:20")).appointment.id
    assert (await refusal(correct(centre, id))).problem is problems.CLASS_NOT_RELEASED
    await cancel(centre, other)
    assert (await correct(centre, id)).cancelled_by is None


async def test_not_once_nobody_supervises_the_intern(centre: Centre) -> None:
    supervisor = await centre.doctor()
    presence = await centre.session(supervisor)
    id = await given_up(centre, await centre.session(await centre.intern_of(supervisor)), "09:00")
    async with centre.transaction() as tx:
        await cancel_session(tx, presence.id, Consent("practitioner_away"), RULES, actor=SECRETARY, now=NOW)
    assert (await refusal(correct(centre, id))).problem is problems.NO_SUPERVISOR


async def test_not_once_the_patient_is_forgotten(centre: Centre) -> None:
    patient = await centre.patient()
    id = await given_up(centre, await centre.session(await centre.doctor()), "09:00", patient)
    await centre.hear(patient, PatientErased(patient=patient, erased_at=NOW))
    assert (await refusal(correct(centre, id))).problem is problems.PATIENT_ERASED


async def test_what_is_proposed_instead_is_for_who_asked_as_they_asked(centre: Centre) -> None:
    """A share is kept for those who book online, and they are told of it."""
    doctor = await centre.doctor()
    session = await centre.session(doctor, "09:00", "10:00")
    await centre.session(doctor, "11:00", "11:20", shares={"online": 1})
    id = (await centre.book(session, "09:00", channel="online")).appointment.id
    await cancel(centre, id)
    await centre.book(session, "09:00")
    assert monday("11:00").isoformat() in starts(await refusal(correct(centre, id)))


class TestASessionThatHasChanged:
    """What was cancelled did not follow: it comes back to what it was cancelled from, or not at all."""

    async def test_is_not_the_former_practitioners_any_more(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        id = await given_up(centre, session, "09:00")
        await Planner(centre).change(session.id, professional=await centre.doctor())
        refused = await refusal(correct(centre, id))
        assert refused.problem is problems.OUTSIDE_SESSION
        assert monday("09:00").isoformat() in starts(refused), "with whoever receives there now"

    async def test_may_not_give_the_kind_any_more(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        id = await given_up(centre, session, "09:00")
        await Planner(centre).change(session.id, kinds=frozenset({"minor_emergency"}))
        assert (await refusal(correct(centre, id))).problem is problems.KIND_NOT_OFFERED

    async def test_takes_the_patient_back_in_the_room_where_it_is_by_now(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor(), room="1")
        id = await given_up(centre, session, "09:00")
        await Planner(centre).change(session.id, room="2")
        await centre.session(await centre.doctor(), room="1")
        await correct(centre, id)
        async with centre.transaction() as tx:
            rows = await tx.fetch("SELECT resource FROM occupancy WHERE appointment = $1", id)
        taken = {row["resource"] for row in rows}
        assert resources.room(centre.site, "2").number in taken
        assert resources.room(centre.site, "1").number not in taken


class TestWhoIsGone:
    """The practitioner's time is lost; the patient may be expected elsewhere at that hour, and then it stays so."""

    async def expected(self, centre: Centre) -> tuple[UUID, UUID]:
        """At nine, for half an hour: the appointment and its patient. A doctor receives at twenty past."""
        worker = await centre.session(await centre.doctor("social_worker"), "09:00", "10:00", kinds=("social",))
        await centre.session(await centre.doctor(), "09:20", "09:40", kinds=("minor_emergency",))
        patient = await centre.patient()
        return (await centre.book(worker, "09:00", patient, kind="social")).appointment.id, patient

    async def test_comes_late_and_finds_another_place(self, centre: Centre, booking_database: ServiceDatabase) -> None:
        missed, patient = await self.expected(centre)
        await step(centre, mark_no_show, missed, "09:10")
        assert await blocking(booking_database, missed) == 1, "the practitioner's time is lost"
        came = (await walk_in(centre, "09:15", patient=patient)).appointment
        assert (came.state, came.period.start) == (State.ARRIVED, monday("09:20"))

    async def test_comes_back_after_leaving_unseen(self, centre: Centre) -> None:
        left, patient = await self.expected(centre)
        await step(centre, mark_arrived, left, "08:55")
        await step(centre, leave_unseen, left, "09:10")
        assert (await walk_in(centre, "09:15", patient=patient)).appointment.period.start == monday("09:20")

    async def test_is_expected_again_when_the_note_was_wrong(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        missed, patient = await self.expected(centre)
        await step(centre, mark_no_show, missed, "09:10")
        assert (await correct(centre, missed, monday("09:11"))).state is State.BOOKED
        assert await blocking(booking_database, missed) == 2
        refused = await refusal(walk_in(centre, "09:15", patient=patient))
        assert refused.problem is problems.NO_PLACE_TODAY

    async def test_is_not_expected_again_while_somebody_else_expects_them(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        missed, patient = await self.expected(centre)
        await step(centre, mark_no_show, missed, "09:10")
        await walk_in(centre, "09:15", patient=patient)
        refused = await refusal(correct(centre, missed, monday("09:16")))
        assert refused.problem is problems.PATIENT_BUSY
        assert (await stored(centre, missed)).state is State.NO_SHOW
        assert await blocking(booking_database, missed) == 1

    async def test_who_was_excused_by_mistake_has_missed_it_again_wherever_they_are(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        missed, patient = await self.expected(centre)
        await step(centre, mark_no_show, missed, "09:10")
        await cancel(centre, missed, monday("09:12"), excused=True)
        await walk_in(centre, "09:15", patient=patient)
        assert (await correct(centre, missed, monday("09:16"))).state is State.NO_SHOW
        assert await blocking(booking_database, missed) == 1


class TestWhoHasBeenSeenEarly:
    """Nine to half past nine was agreed, and it was over at twelve past."""

    @pytest.fixture
    async def seen(self, centre: Centre) -> tuple[UUID, UUID]:
        """The appointment and its patient. A nurse receives at twenty past."""
        worker = await centre.session(await centre.doctor("social_worker"), "09:00", "10:00", kinds=("social",))
        await centre.session(await centre.doctor("nurse"), "09:20", "09:40", kinds=("nurse_care",))
        patient = await centre.patient()
        seen = (await centre.book(worker, "09:00", patient, kind="social")).appointment.id
        for command, hour in ((mark_arrived, "08:55"), (start_consultation, "09:00")):
            await step(centre, command, seen, hour)
        await step(centre, finish_consultation, seen, "09:12", conclusion=Conclusion("none"), rules=RULES)
        return seen, patient

    async def test_goes_on_to_the_nurse(
        self, centre: Centre, seen: tuple[UUID, UUID], booking_database: ServiceDatabase
    ) -> None:
        id, patient = seen
        came = (await walk_in(centre, "09:15", patient=patient, kind="nurse_care")).appointment
        assert came.period.start == monday("09:20")
        assert await blocking(booking_database, id) == 1, "the practitioner's time is as it was agreed"

    async def test_is_in_consultation_again_when_the_note_was_wrong(
        self, centre: Centre, seen: tuple[UUID, UUID], booking_database: ServiceDatabase
    ) -> None:
        assert (await correct(centre, seen[0], monday("09:13"))).state is State.IN_CONSULTATION
        assert await blocking(booking_database, seen[0]) == 2

    async def test_but_not_while_the_nurse_expects_them(self, centre: Centre, seen: tuple[UUID, UUID]) -> None:
        id, patient = seen
        await walk_in(centre, "09:15", patient=patient, kind="nurse_care")
        assert (await refusal(correct(centre, id, monday("09:16")))).problem is problems.PATIENT_BUSY
        assert (await stored(centre, id)).state is State.DONE


class TestWhatOneMayNotRead:
    """A medico-social appointment is the social workers' and the desk's: a doctor sees taken time."""

    @pytest.fixture
    async def social(self, centre: Centre) -> UUID:
        session = await centre.session(await centre.doctor("social_worker"), kinds=("social",))
        return (await centre.book(session, "09:00", kind="social")).appointment.id

    async def test_is_not_corrected(self, centre: Centre, social: UUID) -> None:
        await step(centre, mark_no_show, social, "09:31")

        async def correct_as(role: str) -> None:
            async with centre.transaction() as tx:
                who = actor(role, subject="person-2")
                await correct_status(tx, social, CorrectionRequest("wrong_line"), RULES, actor=who, now=monday("09:32"))

        assert (await refusal(correct_as("gp"))).problem.slug == "forbidden"
        assert (await stored(centre, social)).version == 2
        await correct_as("social_worker")

    async def test_is_not_put_in_another_order(self, centre: Centre, social: UUID) -> None:
        await step(centre, mark_arrived, social, "08:50")

        async def put_as(role: str) -> None:
            async with centre.transaction() as tx:
                who = actor(role, subject="person-2")
                await change_call_order(tx, social, CallOrder("last", "asked_by_staff"), actor=who, now=monday("08:55"))

        assert (await refusal(put_as("gp"))).problem.slug == "forbidden"
        assert (await stored(centre, social)).version == 2
        await put_as("social_worker")
