"""Whoever named nobody gives way to a family, as to anybody."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from booking import problems
from booking.domain.appointments import Appointment
from booking.domain.kinds import KindBooks
from booking.domain.platform_kinds import platform_kinds
from booking.domain.sessions import Session
from booking.use_cases.appointments.book_family import FamilyBooked
from booking.use_cases.appointments.hold_slot import HoldRequest, hold_slot
from smp.problems import Refusal
from tests.booking.test_company import payload
from tests.booking.test_family import family, two
from tests.booking.test_floating import book
from tests.booking.test_holds_and_steps import stored
from tests.booking.world import NOW, RULES, SECRETARY, Centre, blocking, count_at, events_of, monday, refusal
from tests.support.databases import ServiceDatabase


async def a_morning_of_two(centre: Centre) -> tuple[Session, Session, Appointment]:
    """Nine o'clock is free with one of them and twenty past with the other, unless somebody changes."""
    one, other = [await centre.session(await centre.doctor(), "09:00", "09:40") for _ in range(2)]
    await book(centre, other, "09:00")
    return one, other, await book(centre, one, "09:20", named=False)


class TestAFamilyIsGivenWay:
    async def test_where_it_would_not_fit_otherwise(self, centre: Centre, booking_database: ServiceDatabase) -> None:
        one, other, anybody = await a_morning_of_two(centre)
        booked = await family(centre, await two(centre))
        assert [(each.session, each.period.start) for each in booked.appointments] == [
            (one.id, monday("09:00")), (one.id, monday("09:20")),
        ]  # fmt: skip
        assert (await stored(centre, anybody.id)).session == other.id
        assert await events_of(booking_database, anybody.id) == [("SlotBooked", 1), ("SlotMoved", 2)]
        assert (await payload(booking_database, anybody.id, 2))["floated"] is True
        assert await blocking(booking_database, anybody.id, *(each.id for each in booked.appointments)) == 6

    async def test_by_several_at_one_hour(self, centre: Centre) -> None:
        both, urgent = ("consultation", "minor_emergency"), ("minor_emergency",)
        theirs = [await centre.session(await centre.doctor(), "09:00", "09:20", kinds=both) for _ in range(2)]
        others = [await centre.session(await centre.doctor(), "09:00", "09:20", kinds=urgent) for _ in range(2)]
        gone = [await book(centre, each, kind="minor_emergency", named=False) for each in theirs]
        booked = await family(centre, await two(centre))
        assert {each.session for each in booked.appointments} == {each.id for each in theirs}
        assert {(await stored(centre, each.id)).session for each in gone} == {each.id for each in others}

    async def test_at_several_hours_with_the_practitioner_it_asks_for(self, centre: Centre) -> None:
        one, other = [await centre.session(await centre.doctor(), "09:00", "10:00") for _ in range(2)]
        gone = [await book(centre, one, hour, named=False) for hour in ("09:00", "09:20", "09:40")]
        booked = await family(centre, await two(centre), professional=one.professional)
        assert {each.session for each in booked.appointments} == {one.id}
        assert [(await stored(centre, each.id)).session for each in gone] == [other.id, other.id, one.id]

    async def test_not_while_there_is_room_without(self, centre: Centre, booking_database: ServiceDatabase) -> None:
        """Two practitioners are not fewer than one, but nobody has to change for them."""
        one, other, third = [await centre.session(await centre.doctor(), "09:00", "09:40") for _ in range(3)]
        anybody = await book(centre, one, "09:20", named=False)
        await book(centre, other, "09:20")
        await book(centre, third, "09:00")
        booked = await family(centre, await two(centre))
        assert {each.period.start for each in booked.appointments} == {monday("09:00")}
        assert await events_of(booking_database, anybody.id) == [("SlotBooked", 1)]

    async def test_not_by_the_named_nor_by_those_who_come_soon(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        one, other = [await centre.session(await centre.doctor(), "09:00", "09:40") for _ in range(2)]
        await book(centre, other, "09:00")
        await book(centre, one, "09:20")
        assert (await refusal(family(centre, await two(centre)))).problem is problems.FAMILY_DOES_NOT_FIT
        late = replace(RULES, float_notice=timedelta(days=30))
        one, other, anybody = await a_morning_of_two(centre)
        patients, asked = await two(centre), {one.professional, other.professional}
        for who in asked:
            refused = await refusal(family(centre, patients, late, professional=who))
            assert refused.problem is problems.FAMILY_DOES_NOT_FIT
        assert await events_of(booking_database, anybody.id) == [("SlotBooked", 1)]

    async def test_not_by_more_than_there_are_places_for(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        one, other = [await centre.session(await centre.doctor(), "09:00", "09:40") for _ in range(2)]
        gone = [await book(centre, one, hour, named=False) for hour in ("09:00", "09:20")]
        await book(centre, other, "09:20")
        before = await count_at(booking_database, centre.site)
        assert (await refusal(family(centre, await two(centre)))).problem is problems.FAMILY_DOES_NOT_FIT
        assert await count_at(booking_database, centre.site) == before
        for each in gone:
            assert await stored(centre, each.id) == each

    async def test_not_for_a_family_that_is_refused_even_so(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        capped = replace(
            RULES,
            kinds=KindBooks(tuple(replace(kind, running_cap=1) for kind in platform_kinds())),
        )
        _, _, anybody = await a_morning_of_two(centre)
        patients = await two(centre)
        await book(centre, await centre.session(await centre.doctor(), "14:00", "14:20"), "14:00", patient=patients[1])
        refused = await refusal(family(centre, patients, capped))
        assert refused.problem is problems.TOO_MANY_RUNNING
        assert await events_of(booking_database, anybody.id) == [("SlotBooked", 1)]

    async def test_by_somebody_who_takes_the_place_of_a_hold_that_is_over(self, centre: Centre) -> None:
        one, other, anybody = await a_morning_of_two(centre)
        held = HoldRequest(other.id, monday("09:20"), "consultation")
        async with centre.transaction() as tx:
            hold = await hold_slot(tx, held, RULES, actor=SECRETARY, now=NOW - timedelta(hours=1))
        booked = await family(centre, await two(centre))
        assert {each.session for each in booked.appointments} == {one.id}
        assert (await stored(centre, anybody.id)).session == other.id
        assert (await stored(centre, hold.id)).state == "expired"

    async def test_one_of_two_families_at_once_and_nobody_is_lost(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        for _ in range(4):
            one, other, anybody = await a_morning_of_two(centre)
            families = [await two(centre), await two(centre)]
            ends = await asyncio.gather(
                *(family(centre, each, professional=one.professional) for each in families), return_exceptions=True
            )
            refused = [end.problem for end in ends if isinstance(end, Refusal)]
            assert refused == [problems.FAMILY_DOES_NOT_FIT], ends
            assert sum(isinstance(end, FamilyBooked) for end in ends) == 1, ends
            assert (await stored(centre, anybody.id)).session == other.id
            assert await blocking(booking_database, anybody.id) == 2
