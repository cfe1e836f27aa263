"""What becomes of an offer: yes, no, later, silence, or its patient or place is gone."""

from datetime import time, timedelta

from booking import problems
from booking.domain.appointments import State
from booking.domain.impact import DefaultPolicy
from booking.domain.offers import OfferState
from booking.domain.waiting_list import EntryState, Window
from booking.use_cases.appointments.confirm_hold import ConfirmRequest, confirm_hold
from booking.use_cases.appointments.expire_holds import expire_holds
from booking.use_cases.calendar.cancel_session import cancel_session
from booking.use_cases.calendar.reshaping import Consent
from booking.use_cases.impact.apply_impact import Application
from booking.use_cases.waiting_list.leave_waiting_list import close_outdated
from smp.contracts import PatientErased
from tests.booking.impact import apply, away, plan
from tests.booking.test_waiting_list_first_call import RESTING
from tests.booking.waiting import (
    accept,
    appointment_now,
    cancel,
    decline,
    entry_now,
    full,
    join,
    later,
    leave,
    offer_to,
    offered,
    offers_to,
    queue,
    run_jobs,
    session_of,
)
from tests.booking.world import MONDAY, NOW, RULES, SECRETARY, Centre, events_of, paris, refusal
from tests.support.databases import ServiceDatabase

TUESDAY = MONDAY + timedelta(days=1)


class TestAnswers:
    async def test_an_accepted_offer_is_the_appointment_and_gives_the_later_one_back(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        booked, *_ = await full(centre)
        tuesday_9, *_ = await full(centre, day=TUESDAY)
        entry, next_one = await join(centre, tuesday_9.patient), await join(centre)
        await cancel(centre, booked)
        await run_jobs(centre)
        offer = await offer_to(centre, entry)
        assert offer.replaces == tuesday_9.id
        done = await accept(centre, offer)
        assert (done.booked.appointment.state, done.booked.appointment.notify) == (State.BOOKED, True)
        assert done.booked.appointment.requested_at == entry.joined_at
        assert done.replaced == tuesday_9.id
        given_back = await appointment_now(centre, tuesday_9.id)
        assert (given_back.state, given_back.cancel_reason, given_back.late) == (
            State.CANCELLED, "replaced_by_offer", False,
        )  # fmt: skip
        after = await entry_now(centre, entry)
        assert (after.state, after.appointment) == (EntryState.BOOKED, offer.appointment)
        assert await events_of(booking_database, entry.id) == [
            ("WaitingListJoined", 1), ("SlotOffered", 2), ("OfferAccepted", 3),
        ]  # fmt: skip
        await run_jobs(centre)
        assert (await offer_to(centre, next_one)).period == tuesday_9.period, "what was given back goes on"

    async def test_nobody_keeps_two_even_when_the_later_one_was_booked_after_joining(self, centre: Centre) -> None:
        booked, *_ = await full(centre)
        entry = await join(centre)
        session = await centre.session(await centre.doctor(), day=TUESDAY)
        by_phone = (await centre.book(session, "11:00", entry.patient)).appointment
        await cancel(centre, booked)
        await run_jobs(centre)
        await accept(centre, await offer_to(centre, entry))
        assert (await appointment_now(centre, by_phone.id)).state is State.CANCELLED

    async def test_what_was_had_for_sooner_meanwhile_is_kept(self, centre: Centre) -> None:
        entry = await offered(centre, TUESDAY)
        session = await centre.session(await centre.doctor(), day=MONDAY)
        by_phone = (await centre.book(session, "11:00", entry.patient)).appointment
        assert (await accept(centre, await offer_to(centre, entry))).replaced is None
        assert (await appointment_now(centre, by_phone.id)).state is State.BOOKED

    async def test_of_a_sooner_and_a_later_one_the_later_is_given_back(self, centre: Centre) -> None:
        entry = await offered(centre, TUESDAY)
        doctor = await centre.doctor()
        sooner, later = [await centre.session(doctor, day=day) for day in (MONDAY, TUESDAY + timedelta(days=1))]
        kept, too_many = [(await centre.book(each, "11:00", entry.patient)).appointment for each in (sooner, later)]
        assert (await accept(centre, await offer_to(centre, entry))).replaced == too_many.id
        assert (await appointment_now(centre, kept.id)).state is State.BOOKED

    async def test_a_place_that_the_centre_had_taken_back_rests_for_nobody(self, centre: Centre) -> None:
        doctor = await centre.doctor()
        tuesday = await centre.session(doctor, day=TUESDAY)
        entry = await join(centre)
        lost = (await centre.book(tuesday, "09:00", entry.patient)).appointment
        done = await apply(
            centre, await plan(centre, away(doctor, day=TUESDAY), NOW), Application(DefaultPolicy.CALL), NOW
        )
        assert done.done == {"call": 1}
        await centre.session(await centre.doctor())
        await run_jobs(centre)
        assert (await accept(centre, await offer_to(centre, entry), rules=RESTING)).replaced == lost.id
        assert (await appointment_now(centre, lost.id)).rests_until is None

    async def test_what_was_given_back_rests_for_the_next_who_waits(self, centre: Centre) -> None:
        booked, *_ = await full(centre)
        tuesday_9, *_ = await full(centre, day=TUESDAY)
        entry, next_one = await join(centre, tuesday_9.patient), await join(centre)
        await cancel(centre, booked)
        await run_jobs(centre)
        await accept(centre, await offer_to(centre, entry), rules=RESTING)
        refused = await refusal(centre.book(await session_of(centre, tuesday_9.session), "09:00"))
        assert refused.problem is problems.SLOT_RESTING
        await run_jobs(centre, rules=RESTING)
        assert (await offer_to(centre, next_one)).period == tuesday_9.period

    async def test_a_declined_place_goes_to_the_next_and_is_not_offered_to_the_same_again(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        booked, *_ = await full(centre)
        first, second = await join(centre), await join(centre)
        await cancel(centre, booked)
        await run_jobs(centre)
        await decline(centre, await offer_to(centre, first))
        await run_jobs(centre)
        await decline(centre, await offer_to(centre, second))
        await run_jobs(centre)
        assert (await offer_to(centre, first)).state is OfferState.DECLINED
        assert (await entry_now(centre, first)).state is EntryState.WAITING
        assert await queue(centre) == 0, "the place is everybody's"
        await centre.book(await session_of(centre, booked.session), "09:00")
        assert await events_of(booking_database, first.id) == [
            ("WaitingListJoined", 1), ("SlotOffered", 2), ("OfferDeclined", 3),
        ]  # fmt: skip

    async def test_somebody_who_says_later_is_left_alone_until_tomorrow(self, centre: Centre) -> None:
        one, other, third = await full(centre)
        entry = await join(centre)
        await cancel(centre, one)
        await run_jobs(centre)
        await later(centre, await offer_to(centre, entry))
        await cancel(centre, other)
        await run_jobs(centre)
        assert [each.state for each in await offers_to(centre, entry)] == [OfferState.LATER]
        tomorrow = NOW + timedelta(days=1)
        await cancel(centre, third, tomorrow)
        await run_jobs(centre, tomorrow)
        assert [each.state for each in await offers_to(centre, entry)] == [OfferState.LATER, OfferState.RUNNING]

    async def test_later_is_said_for_all_that_somebody_waits_for(self, centre: Centre) -> None:
        one, *_ = await full(centre)
        entry = await join(centre)
        other = await join(centre, entry.patient, kinds=("minor_emergency",))
        await cancel(centre, one)
        await run_jobs(centre)
        (offer,) = [*await offers_to(centre, entry), *await offers_to(centre, other)]
        await later(centre, offer)
        await run_jobs(centre)
        offers = [*await offers_to(centre, entry), *await offers_to(centre, other)]
        assert [each.state for each in offers] == [OfferState.LATER]

    async def test_an_offer_nobody_answers_expires_and_the_next_is_asked(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        booked, *_ = await full(centre)
        first, second = await join(centre), await join(centre)
        await cancel(centre, booked)
        await run_jobs(centre)
        after = NOW + timedelta(hours=24)
        await run_jobs(centre, after)
        assert (await offer_to(centre, first)).state is OfferState.EXPIRED
        assert (await offer_to(centre, second)).offered_at == after
        assert (await events_of(booking_database, first.id))[-1] == ("OfferExpired", 3)

    async def test_an_answer_that_comes_too_late_is_refused_with_other_places(self, centre: Centre) -> None:
        booked, *_ = await full(centre)
        entry = await join(centre)
        await cancel(centre, booked)
        await run_jobs(centre)
        offer = await offer_to(centre, entry)
        late = await refusal(accept(centre, offer, offer.answer_by))
        assert late.problem is problems.HOLD_EXPIRED
        assert [each["start"] for each in late.extensions["alternatives"]] == [booked.period.start.isoformat()]
        await run_jobs(centre, offer.answer_by)
        assert (await refusal(decline(centre, offer, offer.answer_by))).problem is problems.OFFER_OVER

    async def test_an_offer_confirmed_as_any_hold_is_accepted_all_the_same(self, centre: Centre) -> None:
        booked, *_ = await full(centre)
        tuesday_9, *_ = await full(centre, day=TUESDAY)
        entry = await join(centre, tuesday_9.patient)
        await cancel(centre, booked)
        await run_jobs(centre)
        offer = await offer_to(centre, entry)
        async with centre.transaction() as tx:
            confirm = ConfirmRequest(offer.appointment, entry.patient)
            await confirm_hold(tx, confirm, RULES, actor=SECRETARY, now=NOW)
        await run_jobs(centre)
        assert (await offer_to(centre, entry)).state is OfferState.ACCEPTED
        assert (await appointment_now(centre, tuesday_9.id)).state is State.CANCELLED
        assert (await entry_now(centre, entry)).state is EntryState.BOOKED


class TestEnds:
    async def test_who_leaves_gives_the_offer_to_the_next(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        booked, *_ = await full(centre)
        first, second = await join(centre), await join(centre)
        await cancel(centre, booked)
        await run_jobs(centre)
        left = await leave(centre, first)
        assert (left.state, left.left_reason) == (EntryState.LEFT, "found_treating_doctor")
        await run_jobs(centre)
        assert (await offer_to(centre, first)).state is OfferState.WITHDRAWN
        assert (await offer_to(centre, second)).state is OfferState.RUNNING
        assert (await events_of(booking_database, first.id))[2:] == [("OfferExpired", 3), ("WaitingListLeft", 4)]

    async def test_a_session_that_is_cancelled_withdraws_the_offer_and_the_patient_waits_on(
        self, centre: Centre
    ) -> None:
        booked, *_ = await full(centre)
        entry = await join(centre)
        await cancel(centre, booked)
        await run_jobs(centre)
        async with centre.transaction() as tx:
            how = Consent("practitioner_away", cancel_appointments=True)
            await cancel_session(tx, booked.session, how, RULES, actor=SECRETARY, now=NOW)
        await run_jobs(centre)
        assert (await offer_to(centre, entry)).state is OfferState.WITHDRAWN
        assert (await entry_now(centre, entry)).state is EntryState.WAITING

    async def test_an_erased_patient_waits_for_nothing(self, centre: Centre, booking_database: ServiceDatabase) -> None:
        entry = await offered(centre)
        await centre.hear(entry.patient, PatientErased(patient=entry.patient, erased_at=NOW))
        assert (await offer_to(centre, entry)).state is OfferState.WITHDRAWN
        assert (await entry_now(centre, entry)).left_reason == "patient_erased"
        told = [name for name, _ in await events_of(booking_database, entry.id)]
        assert told == ["WaitingListJoined", "SlotOffered", "OfferExpired", "WaitingListLeft"]

    async def test_who_waited_for_days_that_are_over_leaves_by_themselves(self, centre: Centre) -> None:
        window = Window(frozenset({1, 2}), time(8), time(20), None, MONDAY)
        dated, open_ended = await join(centre, windows=(window,)), await join(centre)
        await close_outdated(centre.database, paris(MONDAY, "23:00"))
        assert (await entry_now(centre, dated)).state is EntryState.WAITING
        await close_outdated(centre.database, paris(TUESDAY, "14:00"))
        assert (await entry_now(centre, dated)).left_reason == "wishes_over"
        assert (await entry_now(centre, open_ended)).state is EntryState.WAITING

    async def test_expiring_holds_twice_ends_an_offer_once(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        entry = await offered(centre)
        for _ in range(2):
            await expire_holds(centre.database, NOW + timedelta(days=2))
            await run_jobs(centre, NOW + timedelta(days=2))
        told = [name for name, _ in await events_of(booking_database, entry.id)]
        assert told.count("OfferExpired") == 1
