"""Holds that are over and places that have rested keep nobody from anything, even before the job has written it down:
whoever is about to write takes them over, however many places they want."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from booking import problems
from booking.domain.appointments import Appointment, State
from booking.domain.sessions import Session
from booking.store import appointments
from booking.use_cases.appointments.book_family import book_family
from booking.use_cases.appointments.book_slot import BookRequest, book_slot
from booking.use_cases.appointments.cancel_appointment import CancelRequest, cancel_appointment
from booking.use_cases.appointments.confirm_hold import ConfirmRequest, confirm_hold
from booking.use_cases.appointments.family_room import FamilyRequest
from booking.use_cases.appointments.hold_slot import HoldRequest, hold_slot
from booking.use_cases.appointments.register_walk_in import WalkInRequest, register_walk_in
from smp.problems import Refusal
from tests.booking.test_company import ELSEWHERE, house, prepared
from tests.booking.test_holds_and_steps import stored
from tests.booking.world import NOW, RULES, SECRETARY, Centre, events_of, monday, refusal, starts
from tests.support.databases import ServiceDatabase

MINUTE = timedelta(minutes=1)
LATER = NOW + 6 * MINUTE  # when a hold taken at NOW is over
RESTING = replace(ELSEWHERE, cool_down=10 * MINUTE)
RESTED = NOW + 10 * MINUTE
TAKEN_OVER = [("SlotHeld", 1), ("HoldExpired", 2)]


async def book(
    centre: Centre, session: Session, hour: str, now: datetime = LATER, rules: Any = ELSEWHERE, **how: Any
) -> Appointment:
    request = BookRequest(session.id, monday(hour), "consultation", await centre.patient(), **how)
    async with centre.transaction() as tx:
        return (await book_slot(tx, request, rules, actor=SECRETARY, now=now)).appointment


async def hold(centre: Centre, session: Session, hour: str, **how: Any) -> Appointment:
    request = HoldRequest(session.id, monday(hour), "consultation", **how)
    async with centre.transaction() as tx:
        return await hold_slot(tx, request, ELSEWHERE, actor=SECRETARY, now=NOW)


async def family(centre: Centre, members: int, now: datetime = LATER) -> list[Appointment]:
    patients = tuple([await centre.patient() for _ in range(members)])
    request = FamilyRequest(centre.site, "consultation", patients, monday("08:00"), monday("18:00"))
    async with centre.transaction() as tx:
        return list((await book_family(tx, request, RULES, actor=SECRETARY, now=now)).appointments)


class TestAPair:
    async def test_takes_over_an_expired_hold_of_its_own_place(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session, (helper,) = await house(centre)
        over = await hold(centre, session, "09:20")
        booked = await book(centre, session, "09:20")
        assert [each.professional for each in booked.others] == [helper.professional]
        assert await events_of(booking_database, over.id) == TAKEN_OVER

    async def test_takes_over_an_expired_hold_of_whoever_prepares(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session, (helper,) = await house(centre)
        over = await hold(centre, await centre.session(await centre.doctor(), room="2"), "09:20")
        booked = await book(centre, session, "09:20")
        assert [each.professional for each in booked.others] == [helper.professional]
        assert await events_of(booking_database, over.id) == TAKEN_OVER

    async def test_goes_to_one_of_many_who_meet_the_same_expired_hold(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session, _ = await house(centre)
        other = await centre.session(await centre.doctor(), room="2")
        over = await hold(centre, session, "09:20")
        ends = await asyncio.gather(
            *(book(centre, each, "09:20") for each in (session, other) for _ in range(3)), return_exceptions=True
        )
        assert sum(isinstance(end, Appointment) for end in ends) == 1, ends
        assert all(isinstance(end, Refusal | Appointment) for end in ends), ends
        assert await events_of(booking_database, over.id) == TAKEN_OVER

    async def test_is_told_that_whoever_prepares_rests_and_until_when(self, centre: Centre) -> None:
        gone = await self._given_up(centre)
        refused = await refusal(book(centre, gone, "09:20", NOW + MINUTE, RESTING))
        assert refused.problem is problems.SLOT_RESTING
        assert refused.extensions["released_at"] == RESTED.isoformat()
        assert monday("09:20").isoformat() not in starts(refused)

    async def test_is_told_that_the_room_rests_in_which_it_is_prepared(self, centre: Centre) -> None:
        rules = replace(RESTING, kinds=prepared(same_room=True))
        early = await centre.session(await centre.doctor(), "09:00", "09:20", room="1")
        late = await centre.session(await centre.doctor(), "09:20", "10:00", room="1")
        await centre.session(await centre.doctor("medical_assistant"), kinds=("preparation",), room="soins 1")
        gone = (await centre.book(early, "09:00")).appointment
        async with centre.transaction() as tx:
            await cancel_appointment(tx, gone.id, CancelRequest("patient"), rules, actor=SECRETARY, now=NOW)
        refused = await refusal(book(centre, late, "09:20", NOW + MINUTE, rules))
        assert refused.problem is problems.SLOT_RESTING
        assert refused.extensions["released_at"] == RESTED.isoformat()

    async def test_has_whoever_prepares_once_they_have_rested(self, centre: Centre) -> None:
        gone = await self._given_up(centre)
        assert (await book(centre, gone, "09:20", RESTED, RESTING)).others

    async def test_is_told_that_nobody_prepares_when_a_booking_took_what_had_rested(self, centre: Centre) -> None:
        """The rest that is over is not why."""
        session = await self._given_up(centre)
        other = await centre.session(await centre.doctor(), room="2")
        await book(centre, other, "09:20", RESTED, RESTING)
        refused = await refusal(book(centre, session, "09:20", RESTED, RESTING))
        assert refused.problem is problems.COMPANY_MISSING

    async def _given_up(self, centre: Centre) -> Session:
        """A session of whose place at 09:20 all have just been given back."""
        session, _ = await house(centre)
        booked = await book(centre, session, "09:20", NOW, RESTING)
        async with centre.transaction() as tx:
            request = CancelRequest("patient")
            await cancel_appointment(tx, booked.id, request, RESTING, actor=SECRETARY, now=NOW)
        return session


async def test_a_family_sits_where_holds_are_over(centre: Centre, booking_database: ServiceDatabase) -> None:
    session = await centre.session(await centre.doctor(), "09:00", "10:00")
    over = [await centre.hold(session, hour) for hour in ("09:00", "09:20", "09:40")]
    booked = await family(centre, 3)
    assert [each.period.start for each in booked] == [each.period.start for each in over]
    assert [await events_of(booking_database, each.id) for each in over] == [TAKEN_OVER] * 3


async def test_of_two_families_that_meet_the_same_expired_holds_one_sits_there(centre: Centre) -> None:
    session = await centre.session(await centre.doctor(), "09:00", "10:00")
    for hour in ("09:40", "09:00", "09:20"):
        await centre.hold(session, hour)
    ends = await asyncio.gather(family(centre, 3), family(centre, 3), return_exceptions=True)
    assert sorted(isinstance(end, Refusal) for end in ends) == [False, True], ends


async def test_a_walk_in_has_the_only_place_when_its_hold_is_over(
    centre: Centre, booking_database: ServiceDatabase
) -> None:
    session = await centre.session(await centre.doctor(), "09:00", "09:20")
    over = await centre.hold(session, "09:00", now=monday("08:00"))
    request = WalkInRequest(centre.site, await centre.patient(), "consultation")
    async with centre.transaction() as tx:
        came = await register_walk_in(tx, request, RULES, actor=SECRETARY, now=monday("08:30"))
    assert came.appointment.state is State.ARRIVED
    assert await events_of(booking_database, over.id) == TAKEN_OVER


async def test_a_caller_whose_hold_is_over_is_given_a_place_that_is_prepared_at_its_hour(
    centre: Centre, booking_database: ServiceDatabase
) -> None:
    """The patient is there from the preparation on, so what is over may be in the way before the hour agreed."""
    session, _ = await house(centre)
    patient = await centre.patient()
    over = await centre.hold(await centre.session(await centre.doctor()), "09:00", patient, kind="minor_emergency")
    request = HoldRequest(session.id, monday("09:20"), "consultation")
    async with centre.transaction() as tx:
        for_nobody_yet = await hold_slot(tx, request, ELSEWHERE, actor=SECRETARY, now=LATER)
    async with centre.transaction() as tx:
        confirm = ConfirmRequest(for_nobody_yet.id, patient)
        booked = (await confirm_hold(tx, confirm, ELSEWHERE, actor=SECRETARY, now=LATER)).appointment
    assert (booked.state, booked.preparation_start) == (State.BOOKED, monday("09:10"))
    assert await events_of(booking_database, over.id) == TAKEN_OVER


async def test_a_refusal_proposes_places_whose_holds_are_over(centre: Centre) -> None:
    session = await centre.session(await centre.doctor(), "09:00", "09:40")
    await centre.hold(session, "09:20")
    await centre.book(session, "09:00")
    assert starts(await refusal(centre.book(session, "09:00"))) == []
    assert starts(await refusal(centre.book(session, "09:00", now=LATER))) == [monday("09:20").isoformat()]


class TestWhoeverNamedNobody:
    async def test_goes_where_a_hold_is_over(self, centre: Centre, booking_database: ServiceDatabase) -> None:
        one, other = [await centre.session(await centre.doctor()) for _ in range(2)]
        anybody = await book(centre, one, "09:00", NOW, RULES, named=False)
        over = await centre.hold(other, "09:00")
        assert (await book(centre, one, "09:00", rules=RULES)).session == one.id
        assert (await stored(centre, anybody.id)).session == other.id
        assert await events_of(booking_database, over.id) == TAKEN_OVER

    async def test_goes_where_a_place_has_rested(self, centre: Centre) -> None:
        rules = replace(RULES, cool_down=10 * MINUTE)
        one, other = [await centre.session(await centre.doctor()) for _ in range(2)]
        anybody = await book(centre, one, "09:00", NOW, rules, named=False)
        gone = await book(centre, other, "09:00", NOW, rules)
        async with centre.transaction() as tx:
            await cancel_appointment(tx, gone.id, CancelRequest("patient"), rules, actor=SECRETARY, now=NOW)
        assert (await refusal(book(centre, one, "09:00", RESTED - MINUTE, rules))).problem is problems.SLOT_TAKEN
        assert (await book(centre, one, "09:00", RESTED, rules)).session == one.id
        assert (await stored(centre, anybody.id)).session == other.id
        assert (await stored(centre, gone.id)).rests_until is None

    async def test_stays_rather_than_wait_for_whoever_is_busy_with_that_hold(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        one, other = [await centre.session(await centre.doctor()) for _ in range(2)]
        anybody = await book(centre, one, "09:00", NOW, RULES, named=False)
        over = await centre.hold(other, "09:00")
        async with centre.transaction() as tx:
            await appointments.lock(tx, over.id)
            async with asyncio.timeout(1):
                refused = await refusal(book(centre, one, "09:00", rules=RULES))
        assert refused.problem is problems.SLOT_TAKEN
        assert (await stored(centre, anybody.id)).session == one.id
        assert await events_of(booking_database, over.id) == [("SlotHeld", 1)]
