"""Searches from memory: true after every command of any process, with the reason when there is nothing."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

import pytest

from booking import problems
from booking.domain.availability import Slot
from booking.domain.intervals import Interval
from booking.domain.kinds import KindBooks, Preparation
from booking.domain.platform_kinds import platform_kinds
from booking.domain.ranking import Order
from booking.domain.reasons import Reason
from booking.domain.sessions import Session
from booking.use_cases.appointments.book_slot import BookRequest, book_slot
from booking.use_cases.appointments.cancel_appointment import CancelRequest, cancel_appointment
from booking.use_cases.appointments.move_appointment import MoveRequest, move_appointment
from booking.use_cases.availability.agendas import Agendas
from booking.use_cases.availability.declare_distance import Distance, declare_distance
from booking.use_cases.availability.find_places import Search, find_places
from booking.use_cases.availability.search_availability import free_slots
from booking.use_cases.calendar.cancel_session import cancel_session
from booking.use_cases.calendar.reshaping import Consent
from booking.use_cases.kinds.kind_book import kind_on
from smp.postgres import Scope
from smp.problems import Refusal
from tests.booking.test_coverage import reach
from tests.booking.world import (
    MONDAY,
    NOW,
    PARIS,
    RULES,
    SECRETARY,
    Centre,
    eligibility,
    joined,
    monday,
    paris,
    refusal,
    site_opened,
)
from tests.support.databases import ServiceDatabase

WEEK = (NOW, NOW + timedelta(days=27))


def hours(slots: list[Slot]) -> list[datetime]:
    return [slot.period.start for slot in slots]


async def alone(database: ServiceDatabase, territory: str) -> Centre:
    """The first site of a territory."""
    return await Centre(database.database, territory).open()


async def live(centre: Centre, kind: str = "consultation") -> list[Slot]:
    """What the tables say, by the pure function."""
    async with centre.transaction() as tx:
        its_kind = await kind_on(tx, RULES, kind, centre.territory, MONDAY)
        return await free_slots(
            tx, centre.site, its_kind, Interval(*WEEK), NOW,
            capacity_class="desk", rules=RULES, interns_counted=False,
        )  # fmt: skip


async def test_two_processes_see_every_command_at_once_whoever_gives_it(booking_database: ServiceDatabase) -> None:
    """Two hundred random commands; after each, both agendas in memory tell what the tables tell."""
    draw = Random(53)
    here = await Centre(booking_database.database).open()
    there = Centre(booking_database.database, site=here.site, agendas=Agendas(RULES.way))
    doctors = [await here.doctor(), await here.doctor()]
    supervisor = await here.doctor()
    doctors += [supervisor, await here.intern_of(supervisor)]
    open_sessions: list[Session] = []
    booked: list[UUID] = []

    async def open_one() -> None:
        day = MONDAY + timedelta(days=draw.randrange(10))
        start = draw.choice(["08:00", "09:10", "14:00"])
        room = draw.choice([None, "1", "2"])
        end = draw.choice(["11:30", "12:30"]) if start < "12" else "17:00"
        open_sessions.append(await here.session(draw.choice(doctors), start, end, day=day, room=room))

    async def book() -> None:
        if free := await live(here):
            slot = draw.choice(free)
            session = next(each for each in open_sessions if each.id == slot.session)
            hour = slot.period.start.astimezone(PARIS).strftime("%H:%M")
            booked.append((await here.book(session, hour)).appointment.id)

    async def move() -> None:
        if booked and (free := await live(here)):
            slot = draw.choice(free)
            async with here.transaction() as tx:
                request = MoveRequest(slot.session, slot.period.start)
                await move_appointment(tx, draw.choice(booked), request, RULES, actor=SECRETARY, now=NOW)

    async def cancel() -> None:
        if booked:
            gone = booked.pop(draw.randrange(len(booked)))
            async with here.transaction() as tx:
                await cancel_appointment(tx, gone, CancelRequest("patient"), RULES, actor=SECRETARY, now=NOW)

    async def cancel_one_session() -> None:
        if open_sessions:
            session = draw.choice(open_sessions)
            async with here.transaction() as tx:
                request = Consent("meeting", cancel_appointments=False)
                await cancel_session(tx, session.id, request, RULES, actor=SECRETARY, now=NOW)
            open_sessions.remove(session)

    commands = [open_one] * 2 + [book] * 6 + [move] * 2 + [cancel] * 2 + [cancel_one_session]
    done = 0
    for _ in range(200):
        try:
            await draw.choice(commands)()
            done += 1
        except Refusal:
            pass  # a session that overlaps, one that has appointments: nothing has changed
        expected = await live(here)
        assert (await here.find(*WEEK, limit=2000)).slots == expected
        assert (await there.find(*WEEK, limit=2000)).slots == expected
    assert done > 150
    assert len(booked) > 10


async def test_a_search_sees_what_was_committed_while_another_was_looking(centre: Centre) -> None:
    session = await centre.session(await centre.doctor(), "09:00", "10:00")
    await centre.find(*WEEK)
    await centre.hold(session, "09:00")
    assert hours((await centre.find(*WEEK)).slots) == [monday("09:20"), monday("09:40")]


async def test_what_is_booked_while_a_search_looks_and_committed_after_it_is_seen_by_the_next(centre: Centre) -> None:
    """Its number lies before those of others that the search has seen already."""
    session = await centre.session(await centre.doctor(), "09:00", "10:00")
    await centre.find(*WEEK)
    patient = await centre.patient()
    async with centre.transaction() as late:
        request = BookRequest(session.id, monday("09:00"), "consultation", patient)
        await book_slot(late, request, RULES, actor=SECRETARY, now=NOW)
        await centre.book(session, "09:40")
        assert hours((await centre.find(*WEEK)).slots) == [monday("09:00"), monday("09:20")]
    assert hours((await centre.find(*WEEK)).slots) == [monday("09:20")]


async def test_a_session_cancelled_while_a_search_looks_is_gone_from_the_next(centre: Centre) -> None:
    gone = await centre.session(await centre.doctor(), "09:00", "09:20")
    stays = await centre.session(await centre.doctor(), "10:00", "10:40")
    await centre.find(*WEEK)
    async with centre.transaction() as late:
        await cancel_session(late, gone.id, Consent("meeting"), RULES, actor=SECRETARY, now=NOW)
        await centre.book(stays, "10:00")
        assert hours((await centre.find(*WEEK)).slots) == [monday("09:00"), monday("10:20")]
    assert hours((await centre.find(*WEEK)).slots) == [monday("10:20")]


async def test_a_transaction_that_has_written_may_not_fill_the_memory(centre: Centre) -> None:
    await centre.session(await centre.doctor())
    with pytest.raises(RuntimeError, match="before anything is written"):
        async with centre.transaction() as tx:
            await tx.execute("UPDATE site SET subdivision = 'Moselle' WHERE id = $1", centre.site)
            await centre.agendas.of(tx, [centre.site], Interval(*WEEK))


async def test_agendas_are_forgotten_when_there_are_too_many(centre: Centre) -> None:
    centre.agendas = Agendas(RULES.way, kept=1)
    await centre.session(await centre.doctor(), "09:00", "09:20")
    for _ in range(2):
        assert len((await centre.find(*WEEK)).slots) == 1
        later = timedelta(days=200)
        assert (await centre.find(WEEK[0] + later, WEEK[1] + later)).slots == []


class TestReasons:
    async def test_each_empty_answer_says_why(self, centre: Centre) -> None:
        morning = monday("08:00"), monday("12:00")
        assert (await centre.find(*morning)).reason is Reason.NO_SESSION
        far = NOW + RULES.horizon
        assert (await centre.find(far, far + timedelta(days=1))).reason is Reason.TOO_EARLY
        past = monday("13:00")
        assert (await centre.find(*morning, now=past)).reason is Reason.TOO_LATE
        session = await centre.session(await centre.doctor(), "09:00", "09:20")
        assert (await centre.find(*morning)).reason is None
        await centre.book(session, "09:00")
        assert (await centre.find(*morning)).reason is Reason.FULL
        refused = await centre.patient("not_eligible")
        assert (await centre.find(*morning, patient=refused)).reason is Reason.NOT_ELIGIBLE

    async def test_what_is_kept_for_other_callers_is_not_released_until_its_hour(self, centre: Centre) -> None:
        await centre.session(await centre.doctor(), "09:00", "09:20", shares={"online": 1})
        morning, release = (monday("08:00"), monday("12:00")), paris(MONDAY - timedelta(days=1), "18:00")
        found = await centre.find(*morning)
        assert (found.slots, found.reason) == ([], Reason.NOT_RELEASED)
        assert len((await centre.find(*morning, channel="online")).slots) == 1
        just_before = release - timedelta(microseconds=1)
        assert (await centre.find(*morning, now=just_before)).reason is Reason.NOT_RELEASED
        assert hours((await centre.find(*morning, now=release)).slots) == [monday("09:00")]

    async def test_what_is_kept_and_taken_is_full(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor(), "09:00", "09:20", shares={"online": 1})
        await centre.book(session, "09:00", channel="online")
        assert (await centre.find(monday("08:00"), monday("12:00"))).reason is Reason.FULL

    async def test_an_intern_whose_supervisor_answers_the_telephone_is_full_and_not_absent(
        self, centre: Centre
    ) -> None:
        supervisor, morning = await centre.doctor(), (monday("08:00"), monday("12:00"))
        session = await centre.session(await centre.intern_of(supervisor), "09:00", "09:20")
        assert (await centre.find(*morning)).reason is Reason.NO_SESSION
        await reach(centre, supervisor, "09:00", "12:00")
        assert (await centre.find(*morning)).reason is None
        await centre.book(session, "09:00")
        assert (await centre.find(*morning)).reason is Reason.FULL

    async def test_what_an_intern_keeps_for_other_callers_is_not_released(self, centre: Centre) -> None:
        supervisor, morning = await centre.doctor(), (monday("08:00"), monday("12:00"))
        await centre.session(supervisor, kinds=("minor_emergency",))
        session = await centre.session(await centre.intern_of(supervisor), "09:00", "09:20", shares={"online": 1})
        found = await centre.find(*morning)
        assert (found.slots, found.reason) == ([], Reason.NOT_RELEASED)
        await centre.book(session, "09:00", channel="online")
        assert (await centre.find(*morning)).reason is Reason.FULL

    async def test_what_an_intern_keeps_without_anybody_to_answer_for_it_is_no_session(self, centre: Centre) -> None:
        intern = await centre.intern_of(await centre.doctor())
        await centre.session(intern, "09:00", "09:20", shares={"online": 1})
        assert (await centre.find(monday("08:00"), monday("12:00"))).reason is Reason.NO_SESSION

    async def test_an_urgent_kind_is_found_by_whoever_is_not_eligible(self, centre: Centre) -> None:
        await centre.session(await centre.doctor(), "09:00", "09:20")
        refused = await centre.patient("not_eligible")
        found = await centre.find(monday("08:00"), monday("12:00"), "minor_emergency", patient=refused)
        assert len(found.slots) == 1

    async def test_a_mode_that_the_kind_does_not_have_finds_nobody(self, centre: Centre) -> None:
        await centre.session(await centre.doctor(), "09:00", "09:20")
        assert (await centre.find(monday("08:00"), monday("12:00"), mode="VR")).reason is Reason.NO_SESSION


class TestSites:
    async def other(self, centre: Centre, way: int | None = 25) -> Centre:
        """A second site of the territory, with a declared way."""
        other = Centre(centre.database, centre.territory, agendas=centre.agendas)
        await other.hear(other.site, site_opened(other.site))
        if way is not None:
            async with centre.transaction() as tx:
                await declare_distance(tx, Distance(centre.site, other.site, way), actor=SECRETARY, now=NOW)
        return other

    async def both(self, centre: Centre, other: Centre) -> UUID:
        """Somebody who works at both."""
        who = await centre.doctor()
        told = joined(who, centre.site).model_copy(update={"sites": (centre.site, other.site)})
        await centre.hear(who, told, sequences=[2])
        return who

    async def test_who_comes_from_another_site_is_given_the_way_once(self, centre: Centre) -> None:
        other = await self.other(centre)
        who = await self.both(centre, other)
        await centre.session(who, "11:00", "12:00")
        await other.session(who, "09:00", "11:00")
        assert len((await centre.find(*WEEK)).slots) == 3, "opened first, it may have been booked already"
        assert hours((await other.find(*WEEK)).slots)[-1] == monday("10:00")
        await centre.session(who, "08:00", "09:00")
        assert hours((await centre.find(*WEEK)).slots)[0] == monday("08:00")
        assert hours((await centre.find(monday("08:00"), monday("09:00"))).slots) == [monday("08:00")]
        async with centre.transaction() as tx:
            await declare_distance(tx, Distance(other.site, centre.site, 0), actor=SECRETARY, now=NOW)
        assert len((await centre.find(*WEEK)).slots) == 6
        assert (await centre.find(*WEEK)).slots == await live(centre)

    async def test_without_a_declared_way_the_setting_counts(self, centre: Centre) -> None:
        other = await self.other(centre, way=None)
        who = await self.both(centre, other)
        await other.session(who, "09:00", "11:00")
        await centre.session(who, "11:00", "12:00")
        assert hours((await centre.find(*WEEK)).slots) == [monday("11:40")]  # 30 minutes

    async def test_when_one_is_full_the_nearest_with_room_is_told(self, centre: Centre) -> None:
        far, near, empty = await self.other(centre, 50), await self.other(centre, 20), await self.other(centre, 5)
        for each in (far, near):
            await each.session(await each.doctor(), "09:00", "10:00")
        assert empty.site
        found = await centre.find(*WEEK)
        assert found.reason is Reason.NO_SESSION
        assert found.nearest is not None
        assert (found.nearest.site, found.nearest.way) == (near.site, timedelta(minutes=20))

    async def test_when_all_is_taken_the_nearest_that_is_not_full_is_told(self, centre: Centre) -> None:
        far, near = await self.other(centre, 50), await self.other(centre, 20)
        for each in (centre, near):
            await each.book(await each.session(await each.doctor(), "09:00", "09:20"), "09:00")
        await far.session(await far.doctor(), "09:00", "09:20")
        found = await centre.find(*WEEK)
        assert found.reason is Reason.FULL
        assert found.nearest is not None
        assert (found.nearest.site, found.nearest.slot.period.start) == (far.site, monday("09:00"))

    async def test_however_many_are_full_the_first_with_room_is_told(self, centre: Centre) -> None:
        sites = [await self.other(centre, minutes) for minutes in range(5, 17)]
        await sites[-1].session(await sites[-1].doctor())
        found = await centre.find(*WEEK)
        assert found.nearest is not None
        assert (found.nearest.site, found.nearest.way) == (sites[-1].site, timedelta(minutes=16))

    async def test_sites_without_a_declared_way_come_last_at_the_way_of_the_setting(
        self, booking_database: ServiceDatabase
    ) -> None:
        centre = await alone(booking_database, "61")
        undeclared, declared = await self.other(centre, way=None), await self.other(centre, 50)
        session = await declared.session(await declared.doctor(), "09:00", "09:20")
        await undeclared.session(await undeclared.doctor(), "09:00", "09:20")
        found = await centre.find(*WEEK)
        assert found.nearest is not None
        assert (found.nearest.site, found.nearest.way) == (declared.site, timedelta(minutes=50))
        await declared.book(session, "09:00")
        found = await centre.find(*WEEK)
        assert found.nearest is not None
        assert (found.nearest.site, found.nearest.way) == (undeclared.site, RULES.way)

    async def test_another_territory_is_not_proposed(self, booking_database: ServiceDatabase) -> None:
        """Nothing says how far it is, and it has kinds of its own."""
        here, there = await alone(booking_database, "14"), await alone(booking_database, "50")
        await there.session(await there.doctor())
        both = booking_database.database.reading(Scope(frozenset({"14", "50"})))
        search = Search(here.site, "consultation", *WEEK)
        found = await find_places(both, here.agendas, search, RULES, actor=SECRETARY, now=NOW)
        assert found.nearest is None


class TestEligibilityOfTheDay:
    """As a booking judges it: on the day of the appointment."""

    WEEK = (monday("08:00"), monday("08:00") + timedelta(days=4))
    TUESDAY = MONDAY + timedelta(days=1)

    async def patient(self, centre: Centre, before: str, from_tuesday: str) -> UUID:
        who = await centre.patient(before)
        await centre.hear(who, eligibility(who, from_tuesday, self.TUESDAY))
        return who

    async def test_whoever_becomes_eligible_finds_the_days_from_then_on(self, centre: Centre) -> None:
        patient = await self.patient(centre, "not_eligible", "eligible")
        for day in (MONDAY, self.TUESDAY):
            await centre.session(await centre.doctor(), "09:00", "09:20", day=day)
        assert hours((await centre.find(*self.WEEK, patient=patient)).slots) == [paris(self.TUESDAY, "09:00")]

    async def test_whoever_is_no_longer_eligible_finds_the_days_until_then(self, centre: Centre) -> None:
        patient = await self.patient(centre, "eligible", "not_eligible")
        for day in (MONDAY, self.TUESDAY):
            await centre.session(await centre.doctor(), "09:00", "09:20", day=day)
        assert hours((await centre.find(*self.WEEK, patient=patient)).slots) == [monday("09:00")]

    async def test_room_on_days_that_are_refused_alone_is_why(self, centre: Centre) -> None:
        patient = await self.patient(centre, "eligible", "not_eligible")
        assert (await centre.find(*self.WEEK, patient=patient)).reason is Reason.NO_SESSION
        await centre.session(await centre.doctor(), "09:00", "09:20", day=self.TUESDAY)
        assert (await centre.find(*self.WEEK, patient=patient)).reason is Reason.NOT_ELIGIBLE
        monday_morning = await centre.session(await centre.doctor(), "09:00", "09:20")
        await centre.book(monday_morning, "09:00")
        assert (await centre.find(*self.WEEK, patient=patient)).reason is Reason.FULL, "a place may be given back"

    async def test_the_nearest_site_is_one_with_room_on_a_day_that_is_not_refused(
        self, booking_database: ServiceDatabase
    ) -> None:
        centre = await alone(booking_database, "89")
        other = await TestSites().other(centre)
        patient = await self.patient(centre, "eligible", "not_eligible")
        await other.session(await other.doctor(), "09:00", "09:20", day=self.TUESDAY)
        assert (await centre.find(*self.WEEK, patient=patient)).nearest is None
        await other.session(await other.doctor(), "09:00", "09:20")
        nearest = (await centre.find(*self.WEEK, patient=patient)).nearest
        assert nearest is not None
        assert nearest.slot.day == MONDAY


async def test_a_window_longer_than_the_setting_is_refused(centre: Centre) -> None:
    week = replace(RULES, search_span=timedelta(days=7))
    end = NOW + week.search_span
    assert (await centre.find(NOW, end, rules=week)).slots == []
    refused = await refusal(centre.find(NOW, end + timedelta(microseconds=1), rules=week))
    assert (refused.problem, refused.extensions["days"]) == (problems.WINDOW_TOO_LONG, 7)


async def test_nobody_finds_hours_at_which_they_are_expected_elsewhere(centre: Centre) -> None:
    patient = await centre.patient()
    await centre.book(await centre.session(await centre.doctor(), "09:00", "09:20"), "09:00", patient)
    other = await centre.session(await centre.doctor(), "09:00", "09:40")
    assert hours((await centre.find(*WEEK, patient=patient)).slots) == [monday("09:20")]
    await centre.book(other, "09:20")
    assert (await centre.find(*WEEK, patient=patient)).reason is Reason.FULL


async def test_a_kind_that_begins_where_the_window_ends_is_not_known_in_it(centre: Centre) -> None:
    tuesday = MONDAY + timedelta(days=1)
    kinds = {kind.code: kind for kind in platform_kinds()}
    new = replace(kinds["consultation"], code="vaccination", valid_from=tuesday, version=1)
    rules = replace(RULES, kinds=KindBooks((*kinds.values(), new)))
    midnight = paris(tuesday, "00:00")
    refused = await refusal(centre.find(monday("08:00"), midnight, "vaccination", rules=rules))
    assert refused.problem is problems.KIND_UNKNOWN
    found = await centre.find(monday("08:00"), midnight + timedelta(minutes=1), "vaccination", rules=rules)
    assert found.reason is Reason.NO_SESSION


async def test_whoever_prepares_is_of_a_role_that_the_kind_names(centre: Centre) -> None:
    preparation = Preparation(timedelta(minutes=10), frozenset({"nurse"}), same_room=False)
    kinds = [
        replace(kind, preparation=preparation) if kind.code == "consultation" else kind for kind in platform_kinds()
    ]
    rules = replace(RULES, kinds=KindBooks(tuple(kinds)))
    await centre.session(await centre.doctor(), "09:00", "09:40")
    await centre.session(await centre.doctor("medical_assistant"), "08:00", "12:00", kinds=("preparation",))
    assert (await centre.find(*WEEK, rules=rules)).slots == []
    nurse = await centre.session(await centre.doctor("nurse"), "09:10", "09:30", kinds=("nurse_care",))
    (slot,) = (await centre.find(*WEEK, rules=rules)).slots
    assert slot.period.start == monday("09:20")
    assert [(each.professional, each.role) for each in slot.companions] == [(nurse.professional, "nurse")]


async def test_the_ranked_order_fills_holes_first(centre: Centre) -> None:
    session = await centre.session(await centre.doctor(), "09:00", "10:40")
    await centre.book(session, "09:20")
    await centre.book(session, "10:00")
    found = await centre.find(*WEEK, order=Order.RANKED)
    assert hours(found.slots) == [monday(hour) for hour in ("09:00", "09:40", "10:20")]
    await centre.book(session, "10:20")
    assert [slot.open_ends for slot in (await centre.find(*WEEK, order=Order.RANKED)).slots] == [0, 0]


async def test_agendas_read_by_weeks_lose_no_session(centre: Centre) -> None:
    """Neither where one week ends and the next begins, nor across the change of a year."""
    who = await centre.doctor()
    days = [date(2027, 1, 4) + timedelta(days=n) for n in range(1, 60)]
    for day in days:
        await centre.session(who, "09:00", "09:20", day=day)
    found = [
        slot.day for start in range(0, 60, 7)
        for slot in (await centre.find(NOW + timedelta(days=start), NOW + timedelta(days=start + 7))).slots
    ]  # fmt: skip
    assert found == days
