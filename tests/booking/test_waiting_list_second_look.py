"""No place that somebody waits for stays unoffered while it is free: what was passed over is offered again when that
changes, and what was free already is offered to who comes."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from uuid import UUID

import pytest

from booking import problems
from booking.domain.appointments import State
from booking.domain.offers import OfferRules, OfferState
from booking.domain.sessions import Session
from booking.domain.waiting_list import Entry, Priority, Window
from booking.use_cases.appointments.book_slot import Booked, BookRequest, book_slot
from booking.use_cases.appointments.cancel_appointment import CancelRequest, cancel_appointment
from booking.use_cases.appointments.correct_status import CorrectionRequest, correct_status
from booking.use_cases.supervision.recheck_supervision import QUIET, recheck_supervision
from booking.use_cases.waiting_list.join_waiting_list import change_wishes
from booking.use_cases.waiting_list.offer_places import offer_places
from smp.contracts import SupervisionAssigned
from tests.booking.test_coverage import reach
from tests.booking.test_waiting_list_first_call import RESTING, give_up
from tests.booking.waiting import (
    accept,
    appointment_now,
    cancel,
    decline,
    join,
    later,
    leave,
    offer_to,
    offers_to,
    run_jobs,
)
from tests.booking.world import MONDAY, NOW, RULES, SECRETARY, Centre, eligibility, monday, paris, refusal
from tests.support.api import FixedClock
from tests.support.databases import ServiceDatabase

TOMORROW = NOW + timedelta(days=1)


def mornings(*days: int) -> tuple[Window, ...]:
    return (Window(frozenset(days), time(8), time(13)),)


async def hours_offered(centre: Centre, entry: Entry) -> list[tuple[datetime, OfferState]]:
    return [(each.period.start, each.state) for each in await offers_to(centre, entry)]


class TestWhoComesWhenPlacesAreFree:
    async def test_somebody_who_joins_is_offered_the_soonest_free_place_they_want(self, centre: Centre) -> None:
        await centre.session(await centre.doctor(), "14:00", "15:00")
        await centre.session(await centre.doctor(), day=MONDAY + timedelta(days=1))
        entry = await join(centre, windows=mornings(1, 2, 3, 4, 5))
        await run_jobs(centre)
        assert (await offer_to(centre, entry)).period.start == paris(MONDAY + timedelta(days=1), "09:00")

    async def test_somebody_whose_wishes_change_is_offered_what_is_free_for_the_new_ones(self, centre: Centre) -> None:
        await centre.session(await centre.doctor())
        entry = await join(centre, windows=mornings(3))
        await run_jobs(centre)
        assert await offers_to(centre, entry) == []
        async with centre.transaction() as tx:
            wishes = replace(entry.wishes, windows=mornings(1))
            await change_wishes(tx, entry.id, wishes, None, RULES, actor=SECRETARY, now=NOW)
        await run_jobs(centre)
        assert (await offer_to(centre, entry)).period.start == monday("09:00")

    async def test_of_several_who_come_at_once_the_first_in_order_has_the_only_place(self, centre: Centre) -> None:
        await centre.session(await centre.doctor(), "09:00", "09:20")
        ordinary, high = await join(centre), await join(centre, priority=Priority.HIGH)
        await run_jobs(centre)
        assert await offers_to(centre, ordinary) == []
        assert (await offer_to(centre, high)).period.start == monday("09:00")

    async def test_a_session_that_comes_within_reach_is_offered_to_who_waits(self, centre: Centre) -> None:
        day = MONDAY + timedelta(days=42)
        session = await centre.session(await centre.doctor(), "09:00", "09:20", day=day)
        entry = await join(centre)
        await run_jobs(centre)
        assert await offers_to(centre, entry) == [], "it is too far ahead"
        within = paris(day, "10:00") - timedelta(days=42)
        await run_jobs(centre, within)
        assert (await offer_to(centre, entry)).session == session.id

    async def test_at_night_they_are_asked_in_the_morning(self, centre: Centre) -> None:
        await centre.session(await centre.doctor())
        night, morning = paris(NOW.date(), "21:00"), paris(NOW.date() + timedelta(days=1), "08:00")
        entry = await join(centre, now=night)
        await run_jobs(centre, night)
        assert await offers_to(centre, entry) == []
        await run_jobs(centre, morning)
        assert (await offer_to(centre, entry)).offered_at == morning


class TestAnInternWhoHasSomebodyToAskAgain:
    """Neither the place nor whoever waits has changed: the supervisor has."""

    @pytest.fixture
    async def supervisor(self, centre: Centre) -> UUID:
        """Of an intern whom nobody covers yet, and for whom somebody waits."""
        return await centre.doctor()

    async def waiting(self, centre: Centre, *supervisors: UUID) -> Entry:
        self.session = await centre.session(await centre.intern_of(*supervisors), "09:00", "09:20")
        entry = await join(centre)
        await run_jobs(centre)
        assert await offers_to(centre, entry) == []
        return entry

    async def offered(self, centre: Centre, entry: Entry) -> UUID:
        await recheck_supervision(centre.database, RULES, NOW + QUIET + QUIET)
        await run_jobs(centre)
        return (await offer_to(centre, entry)).session

    async def test_by_telephone_is_offered(self, centre: Centre, supervisor: UUID) -> None:
        entry = await self.waiting(centre, supervisor)
        await reach(centre, supervisor, "08:00", "12:00")
        assert await self.offered(centre, entry) == self.session.id

    async def test_on_site_is_offered(self, centre: Centre, supervisor: UUID) -> None:
        entry = await self.waiting(centre, supervisor)
        await centre.session(supervisor, kinds=("minor_emergency",))
        assert await self.offered(centre, entry) == self.session.id

    async def test_for_the_first_time_is_offered(self, centre: Centre, supervisor: UUID) -> None:
        entry = await self.waiting(centre)
        await centre.session(supervisor, kinds=("minor_emergency",))
        assigned = SupervisionAssigned(
            professional=self.session.professional, supervisor=supervisor, from_date=date(2026, 11, 2)
        )
        await centre.hear(self.session.professional, assigned)
        assert await self.offered(centre, entry) == self.session.id


class TestWhatWasPassedOver:
    async def test_a_place_is_offered_again_to_who_has_declined_another_one(self, centre: Centre) -> None:
        """Both places were freed while only one could be offered."""
        session = await centre.session(await centre.doctor(), "09:00", "09:40")
        entry = await join(centre)
        await run_jobs(centre)
        await decline(centre, await offer_to(centre, entry))
        await run_jobs(centre)
        assert await hours_offered(centre, entry) == [
            (monday("09:00"), OfferState.DECLINED),
            (monday("09:20"), OfferState.RUNNING),
        ]
        assert (await offers_to(centre, entry))[-1].session == session.id

    async def test_after_an_offer_that_nobody_answered_too(self, centre: Centre) -> None:
        await centre.session(await centre.doctor(), "09:00", "09:40")
        entry = await join(centre)
        await run_jobs(centre)
        await run_jobs(centre, TOMORROW)
        assert await hours_offered(centre, entry) == [
            (monday("09:00"), OfferState.EXPIRED),
            (monday("09:20"), OfferState.RUNNING),
        ]

    async def test_somebody_with_two_wishes_is_asked_about_the_second_once_the_first_is_had(
        self, centre: Centre
    ) -> None:
        patient = await centre.patient()
        consultation = await join(centre, patient)
        minor = await join(centre, patient, kinds=("minor_emergency",))
        await centre.session(await centre.doctor(), "09:00", "09:20", kinds=("consultation",))
        await centre.session(await centre.doctor(), "11:00", "11:20", kinds=("minor_emergency",))
        await run_jobs(centre)
        assert await offers_to(centre, minor) == []
        await accept(centre, await offer_to(centre, consultation))
        await run_jobs(centre)
        assert (await offer_to(centre, minor)).period.start == monday("11:00")

    async def test_who_was_asked_often_enough_today_is_asked_tomorrow(self, centre: Centre) -> None:
        rules = replace(RULES, offers=OfferRules(per_day=1))
        await centre.session(await centre.doctor(), "09:00", "09:40")
        entry = await join(centre)
        await run_jobs(centre, rules=rules)
        await decline(centre, await offer_to(centre, entry))
        await run_jobs(centre, rules=rules)
        assert len(await offers_to(centre, entry)) == 1
        await run_jobs(centre, TOMORROW, rules)
        assert (await hours_offered(centre, entry))[1:] == [(monday("09:20"), OfferState.RUNNING)]

    async def test_who_said_later_is_asked_tomorrow(self, centre: Centre) -> None:
        await centre.session(await centre.doctor(), "09:00", "09:40")
        entry = await join(centre)
        await run_jobs(centre)
        await later(centre, await offer_to(centre, entry))
        await run_jobs(centre)
        assert len(await offers_to(centre, entry)) == 1
        await run_jobs(centre, TOMORROW)
        assert (await hours_offered(centre, entry))[1:] == [(monday("09:20"), OfferState.RUNNING)]

    async def test_who_was_expected_elsewhere_is_asked_when_they_are_no_more(self, centre: Centre) -> None:
        entry = await join(centre)
        other = await centre.session(await centre.doctor("social_worker"), kinds=("social",))
        busy = (await centre.book(other, "09:00", entry.patient, kind="social")).appointment
        await centre.session(await centre.doctor(), "09:00", "09:20")
        await run_jobs(centre)
        assert await offers_to(centre, entry) == []
        await cancel(centre, busy)
        await run_jobs(centre)
        assert (await offer_to(centre, entry)).period.start == monday("09:00")

    async def test_who_had_something_sooner_is_asked_when_they_have_it_no_more(self, centre: Centre) -> None:
        sooner = await centre.session(await centre.doctor(), "09:00", "09:20")
        entry = await join(centre, windows=(Window(frozenset({2}), time(8), time(20)),))
        had = (await centre.book(sooner, "09:00", entry.patient)).appointment
        await centre.session(await centre.doctor(), "09:00", "09:20", day=MONDAY + timedelta(days=1))
        await run_jobs(centre)
        assert await offers_to(centre, entry) == []
        await cancel(centre, had)
        await run_jobs(centre)
        assert (await offer_to(centre, entry)).period.start == paris(MONDAY + timedelta(days=1), "09:00")

    async def test_who_had_no_right_to_the_kind_is_asked_when_they_have(self, centre: Centre) -> None:
        entry = await join(centre)
        await centre.hear(entry.patient, eligibility(entry.patient, "not_eligible", date(2027, 1, 1)))
        await centre.session(await centre.doctor(), "09:00", "09:20")
        await run_jobs(centre)
        assert await offers_to(centre, entry) == []
        await centre.hear(entry.patient, eligibility(entry.patient, "eligible", date(2027, 1, 1)))
        await run_jobs(centre)
        assert (await offer_to(centre, entry)).period.start == monday("09:00")

    async def test_somebody_who_is_busy_with_another_answer_is_asked_a_moment_later(self, centre: Centre) -> None:
        await centre.session(await centre.doctor(), "09:00", "09:20")
        entry = await join(centre)
        async with centre.transaction() as tx:
            await tx.execute("SELECT FROM waiting_list_entry WHERE id = $1 FOR UPDATE", entry.id)
            await offer_places(centre.database, RULES, FixedClock(NOW))
        assert await offers_to(centre, entry) == []
        await run_jobs(centre, NOW + timedelta(seconds=2))
        assert (await offer_to(centre, entry)).period.start == monday("09:00")

    async def test_nothing_is_left_in_the_queue_for_who_does_not_wait_any_more(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        entry = await join(centre)
        await leave(centre, entry)
        await run_jobs(centre)
        async with booking_database.admin() as connection:
            left = "SELECT count(*) FROM second_look WHERE patient = $1"
            assert await connection.fetchval(left, entry.patient) == 0


class TestBetweenOffers:
    @pytest.mark.parametrize("end", ["declined", "later", "expired", "left"])
    async def test_the_place_rests_for_the_next_who_waits(self, centre: Centre, end: str) -> None:
        session = await centre.session(await centre.doctor(), "09:00", "09:20")
        booked = (await centre.book(session, "09:00")).appointment
        first, second = await join(centre), await join(centre)
        await give_up(centre, booked)
        await run_jobs(centre, rules=RESTING)
        now = await self.ended(centre, first, end)
        refused = await refusal(self.call(centre, session, now))
        assert refused.problem is problems.SLOT_RESTING
        await run_jobs(centre, now, RESTING)
        assert (await offer_to(centre, second)).period == booked.period

    async def test_a_hold_that_was_an_offer_rests_when_it_is_cancelled_as_any_hold_is(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor(), "09:00", "09:20")
        entry = await join(centre)
        await run_jobs(centre, rules=RESTING)
        offer = await offer_to(centre, entry)
        async with centre.transaction() as tx:
            how = CancelRequest("patient")
            await cancel_appointment(tx, offer.appointment, how, RESTING, actor=SECRETARY, now=NOW)
        assert (await refusal(self.call(centre, session, NOW))).problem is problems.SLOT_RESTING

    async def test_the_rest_has_an_end_though_nobody_can_be_asked(self, centre: Centre) -> None:
        """The first says no at eight in the evening: from ten past on the place is everybody's."""
        session = await centre.session(await centre.doctor(), "09:00", "09:20")
        first, evening = await join(centre), paris(NOW.date(), "20:00")
        await run_jobs(centre, rules=RESTING)
        await join(centre)
        await decline(centre, await offer_to(centre, first), evening, RESTING)
        await run_jobs(centre, evening, RESTING)
        assert (await refusal(self.call(centre, session, evening))).problem is problems.SLOT_RESTING
        over = evening + RESTING.cool_down
        assert (await self.call(centre, session, over)).appointment.state is State.BOOKED

    async def test_when_nobody_is_left_it_rests_no_longer(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor(), "09:00", "09:20")
        entry = await join(centre)
        await run_jobs(centre, rules=RESTING)
        await decline(centre, await offer_to(centre, entry), rules=RESTING)
        await run_jobs(centre, rules=RESTING)
        assert (await self.call(centre, session, NOW)).appointment.state is State.BOOKED

    async def ended(self, centre: Centre, entry: Entry, end: str) -> datetime:
        """The offer to somebody ends; answers when."""
        offer = await offer_to(centre, entry)
        if end == "declined":
            await decline(centre, offer, rules=RESTING)
        elif end == "later":
            await later(centre, offer, rules=RESTING)
        elif end == "left":
            await leave(centre, entry, rules=RESTING)
        return offer.answer_by if end == "expired" else NOW

    async def call(self, centre: Centre, session: Session, now: datetime) -> Booked:
        """Somebody who is not on the list asks for the place."""
        request = BookRequest(session.id, session.period.start, "consultation", await centre.patient())
        async with centre.transaction() as tx:
            return await book_slot(tx, request, RESTING, actor=SECRETARY, now=now)


async def test_what_was_given_back_for_a_sooner_place_is_not_taken_again(centre: Centre) -> None:
    tuesday = await centre.session(await centre.doctor(), day=MONDAY + timedelta(days=1))
    had = (await centre.book(tuesday, "09:00")).appointment
    entry = await join(centre, had.patient)
    await centre.session(await centre.doctor(), "09:00", "09:20")
    await run_jobs(centre)
    assert (await accept(centre, await offer_to(centre, entry))).replaced == had.id
    async with centre.transaction() as tx:
        request = CorrectionRequest("wrong_line")
        refused = await refusal(correct_status(tx, had.id, request, RULES, actor=SECRETARY, now=NOW))
    assert refused.problem is problems.GIVEN_BACK_FOR_ANOTHER
    assert (await appointment_now(centre, had.id)).state is State.CANCELLED


async def test_the_place_of_a_share_is_offered_while_it_rests(centre: Centre) -> None:
    """What the desk gives back rests; the share of another class must not pass for all that is left."""
    session = await centre.session(await centre.doctor(), "09:00", "10:00", shares={"online": 1})
    booked = (await centre.book(session, "09:00")).appointment
    await centre.book(session, "09:20")
    entry = await join(centre, practitioners=frozenset({session.professional}))
    await give_up(centre, booked)
    await run_jobs(centre, rules=RESTING)
    assert (await offer_to(centre, entry)).period == booked.period
