"""An appointment that named nobody gives way to one that does."""

import asyncio
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking import problems
from booking.domain.appointments import Appointment
from booking.domain.floating import Hour, make_room
from booking.domain.reasons import Reason
from booking.domain.sessions import Session
from booking.use_cases.appointments.book_slot import Booked, BookRequest, book_slot
from booking.use_cases.appointments.finish_consultation import Conclusion, finish_consultation
from booking.use_cases.appointments.hold_slot import HoldRequest, hold_slot
from booking.use_cases.appointments.mark_arrived import mark_arrived
from booking.use_cases.appointments.move_appointment import MoveRequest, move_appointment
from booking.use_cases.appointments.standing import Standing
from booking.use_cases.appointments.start_consultation import start_consultation
from booking.use_cases.kinds.kind_book import kind_on
from booking.use_cases.waiting_list import offering
from booking.use_cases.waiting_list.offering import Choice, Where
from smp.problems import Refusal
from tests.booking.test_company import payload
from tests.booking.test_holds_and_steps import stored
from tests.booking.waiting import join, offers_to
from tests.booking.world import NOW, RULES, SECRETARY, Centre, blocking, events_of, monday, refusal
from tests.support.databases import ServiceDatabase


def ids(*numbers: int) -> list[UUID]:
    return [UUID(int=number) for number in numbers]


@given(st.data())
def test_a_way_is_found_exactly_when_an_assignment_exists_and_moves_the_fewest(data: st.DataObject) -> None:
    """Against every way of giving the sessions to those who may float; some sessions have somebody who stays. For
    several places at once the fewest are not promised."""
    places = ids(*range(data.draw(st.integers(1, 5))))
    movers = ids(*range(100, 100 + data.draw(st.integers(0, len(places)))))
    standing = dict(zip(movers, data.draw(st.permutations(places)), strict=False))
    left = [place for place in places if place not in standing.values()]
    free = frozenset(data.draw(st.sets(st.sampled_from(left))) if left else ())
    suits = {mover: data.draw(st.sets(st.sampled_from(places))) | {standing[mover]} for mover in movers}
    wanted = data.draw(st.sets(st.sampled_from([*free, *standing.values()]))) if free or standing else set()

    ways = [
        sum(place != standing[mover] for mover, place in zip(movers, chosen, strict=True))
        for chosen in permutations((free | set(standing.values())) - wanted, len(movers))
        if all(place in suits[mover] for mover, place in zip(movers, chosen, strict=True))
    ]
    found = make_room(wanted, Hour(free, standing, suits))
    assert (found is not None) == bool(ways)
    if found is None:
        return
    if len(wanted) == 1:
        assert len(found) == min(ways)
    where, taken = dict(standing), set(standing.values())
    assert len({mover for mover, _ in found}) == len(found), "each changes once"
    for mover, place in found:
        assert place in suits[mover]
        assert place in free | set(standing.values()), "nobody goes to somebody who stays"
        assert place not in taken, "each finds its new place free"
        taken = taken - {where[mover]} | {place}
        where[mover] = place
    assert taken.isdisjoint(wanted)


async def book(
    centre: Centre,
    session: Session,
    hour: str = "09:00",
    now: Any = NOW,
    kind: str = "consultation",
    patient: UUID | None = None,
    **how: Any,
) -> Appointment:
    request = BookRequest(session.id, monday(hour), kind, patient or await centre.patient(), **how)
    async with centre.transaction() as tx:
        return (await book_slot(tx, request, RULES, actor=SECRETARY, now=now)).appointment


async def seen(centre: Centre, it: Appointment) -> None:
    async with centre.transaction() as tx:
        await mark_arrived(tx, it.id, actor=SECRETARY, now=it.period.start)
        await start_consultation(tx, it.id, actor=SECRETARY, now=it.period.start)
        await finish_consultation(tx, it.id, Conclusion("none"), RULES, actor=SECRETARY, now=it.period.end)


async def move(centre: Centre, it: Appointment, session: Session, hour: str) -> Appointment:
    request = MoveRequest(session.id, monday(hour))
    async with centre.transaction() as tx:
        return (await move_appointment(tx, it.id, request, RULES, actor=SECRETARY, now=NOW)).appointment


class TestFloating:
    async def test_a_search_misses_it_only_for_somebody_by_name_who_may_be_asked_for_all_the_same(
        self, centre: Centre
    ) -> None:
        one, other = [await centre.session(await centre.doctor(), "09:00", "09:20") for _ in range(2)]
        await book(centre, one, named=False)
        nine = monday("09:00"), monday("09:20")
        assert [slot.session for slot in (await centre.find(*nine)).slots] == [other.id], "the place it could float to"
        named = await centre.find(*nine, professional=one.professional)
        assert (named.slots, named.reason) == ([], Reason.FULL)
        assert (await book(centre, one)).session == one.id

    async def test_whoever_named_nobody_gives_way_unnoticed(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        one = await centre.session(await centre.doctor(), room="1")
        other = await centre.session(await centre.doctor(), room="2")
        anybody = await book(centre, one, named=False)
        asked = await book(centre, one)
        floated = await stored(centre, anybody.id)
        assert (asked.session, floated.session, floated.professional) == (one.id, other.id, other.professional)
        assert (floated.period, floated.trail[-1].why) == (anybody.period, "floated")
        assert await events_of(booking_database, anybody.id) == [("SlotBooked", 1), ("SlotMoved", 2)]
        assert await blocking(booking_database, anybody.id, asked.id) == 6
        said = await payload(booking_database, anybody.id, 2)
        assert (said["floated"], said["previous_start"]) == (True, said["start"])

    async def test_a_chain_is_followed_as_far_as_needed(self, centre: Centre) -> None:
        first, second, third = [await centre.session(await centre.doctor()) for _ in range(3)]
        one, two = await book(centre, first, named=False), await book(centre, second, named=False)
        await book(centre, third)
        refused = await refusal(book(centre, first))
        assert refused.problem is problems.SLOT_TAKEN, "no assignment exists"
        await centre.session(await centre.doctor())
        assert (await book(centre, first)).session == first.id
        assert (await book(centre, second, "09:20")).session == second.id
        assert {(await stored(centre, each.id)).session for each in (one, two)} & {first.id} == set()

    async def test_a_follow_up_is_given_way_by_a_consultation_that_named_nobody(self, centre: Centre) -> None:
        doctor, patient = await centre.doctor(), await centre.patient()
        one = await centre.session(doctor, kinds=("consultation", "follow_up"))
        other = await centre.session(await centre.doctor(), kinds=("consultation",))
        await seen(centre, await book(centre, one, "09:00", patient=patient))
        anybody = await book(centre, one, "11:00", named=False)
        asked = await book(centre, one, "11:00", kind="follow_up", patient=patient)
        assert (asked.session, (await stored(centre, anybody.id)).session) == (one.id, other.id)

    async def test_each_goes_only_where_their_own_kind_is_received_and_follow_ups_stay(self, centre: Centre) -> None:
        doctor, patient = await centre.doctor(), await centre.patient()
        one = await centre.session(doctor, kinds=("consultation", "minor_emergency", "follow_up"))
        await centre.session(await centre.doctor(), kinds=("consultation", "follow_up"))
        await seen(centre, await book(centre, one, "09:00", patient=patient))
        await book(centre, one, "10:00", kind="minor_emergency", named=False)
        await book(centre, one, "11:00", kind="follow_up", patient=patient, named=False)
        for hour in ("10:00", "11:00"):
            assert (await refusal(book(centre, one, hour))).problem is problems.SLOT_TAKEN

    async def test_neither_the_named_nor_those_of_tomorrow_nor_those_already_there_are_moved(
        self, centre: Centre
    ) -> None:
        one = await centre.session(await centre.doctor())
        await centre.session(await centre.doctor())
        await book(centre, one, "09:00")
        assert (await refusal(book(centre, one, "09:00"))).problem is problems.SLOT_TAKEN
        near = await book(centre, one, "10:00", named=False)
        late = monday("10:00") - timedelta(hours=23)
        assert (await refusal(book(centre, one, "10:00", now=late))).problem is problems.SLOT_TAKEN
        async with centre.transaction() as tx:
            await mark_arrived(tx, near.id, actor=SECRETARY, now=monday("09:50"))
        assert (await refusal(book(centre, one, "10:00"))).problem is problems.SLOT_TAKEN

    async def test_whoever_moves_is_given_way_too(self, centre: Centre, booking_database: ServiceDatabase) -> None:
        one, other = [await centre.session(await centre.doctor()) for _ in range(2)]
        anybody = await book(centre, one, named=False)
        later = await book(centre, one, "10:00")
        moved = await move(centre, later, one, "09:00")
        assert (moved.session, moved.period.start) == (one.id, monday("09:00"))
        assert (await stored(centre, anybody.id)).session == other.id
        assert await blocking(booking_database, anybody.id, later.id) == 4
        assert await events_of(booking_database, later.id) == [("SlotBooked", 1), ("SlotMoved", 2)]

    async def test_two_of_one_hour_exchange_their_practitioners_by_a_move(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        """The place that the move leaves is the only one that is left, whether or not its patient named somebody."""
        one, other = [await centre.session(await centre.doctor()) for _ in range(2)]
        for hour, named in (("09:00", True), ("09:20", False)):
            asks, gives_way = await book(centre, one, hour, named=named), await book(centre, other, hour, named=False)
            await move(centre, asks, other, hour)
            here = [await stored(centre, each.id) for each in (asks, gives_way)]
            assert [(each.session, each.version) for each in here] == [(other.id, 2), (one.id, 2)]
            assert await blocking(booking_database, asks.id, gives_way.id) == 4

    async def test_a_move_to_where_nobody_can_give_way_changes_nothing(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        one, other = [await centre.session(await centre.doctor()) for _ in range(2)]
        anybody, named = await book(centre, one, named=False), await book(centre, other)
        later = await book(centre, one, "10:00")
        assert (await refusal(move(centre, later, one, "09:00"))).problem is problems.SLOT_TAKEN
        for each in (anybody, named, later):
            assert await stored(centre, each.id) == each
            assert await blocking(booking_database, each.id) == 2

    async def test_of_two_who_ask_for_it_at_once_one_has_it_and_nobody_is_lost(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        for hour in ("09:00", "09:20", "09:40"):
            one = await centre.session(await centre.doctor())
            await centre.session(await centre.doctor())
            anybody = await book(centre, one, hour, named=False)
            ends = await asyncio.gather(book(centre, one, hour), book(centre, one, hour), return_exceptions=True)
            assert sorted(isinstance(end, Refusal) for end in ends) == [False, True], ends
            assert (await stored(centre, anybody.id)).session != one.id
            assert await blocking(booking_database, anybody.id) == 2


async def test_a_booking_that_names_nobody_says_so(centre: Centre, booking_database: ServiceDatabase) -> None:
    booked = await book(centre, await centre.session(await centre.doctor()), named=False)
    assert (await payload(booking_database, booked.id))["named"] is False
    assert isinstance(await centre.book(await centre.session(await centre.doctor()), "09:00"), Booked)


class TestNobodyIsMovedForNothing:
    """A request that is refused even so leaves everybody where they were, whoever catches the refusal."""

    async def test_when_the_patient_is_expected_elsewhere_then(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        one, other, third = [await centre.session(await centre.doctor()) for _ in range(3)]
        patient = await centre.patient()
        await centre.book(third, "09:00", patient)
        anybody = await book(centre, one, named=False)
        async with centre.transaction() as tx:
            with pytest.raises(Refusal) as refused:
                await hold_slot(tx, _hold_of(one, patient), RULES, actor=SECRETARY, now=NOW)
        assert refused.value.problem is problems.PATIENT_BUSY
        assert await events_of(booking_database, anybody.id) == [("SlotBooked", 1)]
        assert (await stored(centre, anybody.id)).session == one.id
        assert (await book(centre, other)).session == other.id, "the place that they were to take is free"

    async def test_when_the_place_they_would_go_to_is_taken_meanwhile(
        self, centre: Centre, booking_database: ServiceDatabase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one, other = [await centre.session(await centre.doctor()) for _ in range(2)]
        anybody = await book(centre, one, named=False)
        await book(centre, other)

        def as_it_was(*_: object) -> Hour:
            return Hour(frozenset({other.id}), {anybody.id: one.id}, {anybody.id: {one.id, other.id}})

        monkeypatch.setattr(Standing, "hour", as_it_was)
        async with centre.transaction() as tx:
            with pytest.raises(Refusal):
                await hold_slot(tx, _hold_of(one, await centre.patient()), RULES, actor=SECRETARY, now=NOW)
        assert await blocking(booking_database, anybody.id) == 2, "its practitioner and its patient"

    async def test_when_an_offer_cannot_be_held(self, centre: Centre, booking_database: ServiceDatabase) -> None:
        """The place was free when somebody looked who waits; then it was taken, and they are expected elsewhere."""
        one, _, third = [await centre.session(await centre.doctor()) for _ in range(3)]
        patient = await centre.patient()
        entry = await join(centre, patient)
        async with centre.transaction() as tx:
            where = await Where.at(tx, centre.site, RULES, NOW)
            assert where is not None
            kind = await kind_on(tx, RULES, "consultation", centre.territory, one.day)
            slot = next(each for each in await where.free(tx, kind, one.period) if each.session == one.id)
        await centre.book(third, "09:00", patient)
        anybody = await book(centre, one, named=False)
        async with centre.transaction() as tx:
            choice = Choice(slot, kind, kind.usual_mode, NOW + timedelta(hours=1))
            assert not await offering._hold(tx, entry, choice, None, where)
        assert await offers_to(centre, entry) == []
        assert await events_of(booking_database, anybody.id) == [("SlotBooked", 1)]
        assert (await stored(centre, anybody.id)).session == one.id


def _hold_of(session: Session, patient: UUID) -> HoldRequest:
    return HoldRequest(session.id, monday("09:00"), "consultation", patient)
