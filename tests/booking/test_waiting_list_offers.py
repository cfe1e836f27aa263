"""Whom a freed place is offered to, one exclusive offer at a time."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from booking import problems
from booking.domain.appointments import State
from booking.domain.offers import OfferRules, OfferState
from booking.domain.rules import Rules
from booking.domain.waiting_list import EntryState, Mobility, Priority, Window
from booking.use_cases.appointments.move_appointment import MoveRequest, move_appointment
from booking.use_cases.waiting_list.offer_places import offer_places
from tests.booking.waiting import (
    appointment_now,
    cancel,
    decline,
    full,
    hours,
    join,
    leave,
    offer_to,
    offered,
    offers_to,
    queue,
    run_jobs,
    session_of,
)
from tests.booking.world import MONDAY, NOW, RULES, SECRETARY, Centre, eligibility, monday, paris, refusal
from tests.support.api import FixedClock
from tests.support.databases import ServiceDatabase

TUESDAY = MONDAY + timedelta(days=1)
_ONCE_MORE = """
    INSERT INTO offer (id, territory, entry, patient, appointment, site, session, professional, kind, starts_at,
                       ends_at, offered_at, answer_by)
    SELECT uuidv7(), territory, entry, patient, uuidv7(), site, session, professional, kind, starts_at, ends_at,
           offered_at, answer_by
    FROM offer WHERE id = $1"""


class TestWhoIsOffered:
    async def test_the_first_in_order_is_offered_the_place_that_a_cancellation_frees(self, centre: Centre) -> None:
        booked, *_ = await full(centre)
        ordinary = await join(centre)
        raised = await join(centre, priority=Priority.RAISED)
        await cancel(centre, booked)
        await run_jobs(centre)
        offer = await offer_to(centre, raised)
        assert offer.period == booked.period
        assert offer.answer_by == NOW + timedelta(hours=24)
        assert await offers_to(centre, ordinary) == []

    async def test_an_offer_is_a_hold_that_nobody_else_can_have(self, centre: Centre) -> None:
        entry = await offered(centre)
        hold = await appointment_now(centre, (await offer_to(centre, entry)).appointment)
        assert (hold.state, hold.channel, hold.patient) == (State.HELD, "waiting_list", entry.patient)
        refused = await refusal(centre.book(await session_of(centre, hold.session), "09:00"))
        assert refused.problem is problems.SLOT_TAKEN

    async def test_the_database_itself_refuses_a_second_offer_that_runs(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        entry = await offered(centre)
        async with booking_database.admin() as admin:
            with pytest.raises(asyncpg.UniqueViolationError) as refused:
                await admin.execute(_ONCE_MORE, (await offer_to(centre, entry)).id)
        assert refused.value.constraint_name == "offer_one_running"

    async def test_a_place_that_is_moved_away_from_is_offered(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        booked = (await centre.book(session, "09:00")).appointment
        entry = await join(centre, windows=(hours("09:00", "09:20"),))
        await run_jobs(centre)
        assert await offers_to(centre, entry) == [], "it is taken"
        async with centre.transaction() as tx:
            to = MoveRequest(session.id, monday("10:00"))
            await move_appointment(tx, booked.id, to, RULES, actor=SECRETARY, now=NOW)
        await run_jobs(centre)
        assert (await offer_to(centre, entry)).period.start == monday("09:00")

    async def test_the_place_of_an_expired_hold_is_offered(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor(), "09:00", "09:20")
        await centre.hold(session, "09:00")
        entry = await join(centre)
        await run_jobs(centre, NOW + timedelta(minutes=6))
        assert (await offer_to(centre, entry)).period.start == monday("09:00")

    async def test_a_session_that_opens_is_offered_place_by_place_to_as_many_as_wait(self, centre: Centre) -> None:
        doctor = await centre.doctor()
        waiting = [await join(centre) for _ in range(4)]
        await centre.session(doctor, "09:00", "10:00")
        await run_jobs(centre)
        given = [await offers_to(centre, each) for each in waiting]
        starts = [offer.period.start for made in given for offer in made]
        assert starts == [monday("09:00"), monday("09:20"), monday("09:40")]
        assert given[3] == [], "there were three places"

    async def test_wishes_are_heard(self, centre: Centre) -> None:
        booked, *_ = await full(centre)
        elsewhere = await Centre(centre.database).open()
        unsuited = [
            await join(centre, windows=(hours("14:00", "16:00"),)),
            await join(centre, windows=(Window(frozenset({2}), time(8), time(20)),)),
            await join(centre, practitioners=frozenset({await centre.doctor()})),
            await join(elsewhere),
            await join(centre, kinds=("minor_emergency",), mobility=Mobility.HOME),
        ]
        suited = await join(centre, windows=(hours("09:00", "12:00"),), practitioners=frozenset({booked.professional}))
        await cancel(centre, booked)
        await run_jobs(centre)
        assert (await offer_to(centre, suited)).period == booked.period
        assert [await offers_to(centre, each) for each in unsuited] == [[]] * 5

    async def test_who_has_no_right_to_the_kind_any_more_is_passed_over(self, centre: Centre) -> None:
        booked, *_ = await full(centre)
        first = await join(centre)
        second = await join(centre)
        await centre.hear(first.patient, eligibility(first.patient, "not_eligible", date(2027, 1, 1)))
        await cancel(centre, booked)
        await run_jobs(centre)
        assert await offers_to(centre, first) == []
        assert (await offer_to(centre, second)).period == booked.period

    async def test_who_is_expected_elsewhere_at_that_hour_is_passed_over(self, centre: Centre) -> None:
        booked, *_ = await full(centre)
        busy, free = await join(centre), await join(centre)
        other = await centre.session(await centre.doctor("social_worker"), kinds=("social",))
        await centre.book(other, "09:00", busy.patient, kind="social")
        await cancel(centre, booked)
        await run_jobs(centre)
        assert await offers_to(centre, busy) == []
        assert (await offer_to(centre, free)).period == booked.period

    async def test_a_place_is_offered_only_if_it_is_sooner_than_what_one_has(self, centre: Centre) -> None:
        monday_9, *_ = await full(centre)
        tuesday_9, *_ = await full(centre, day=TUESDAY)
        has_tuesday = await join(centre, tuesday_9.patient)
        assert has_tuesday.replaces == tuesday_9.id
        has_monday = await join(centre, monday_9.patient)
        await cancel(centre, await appointment_now(centre, tuesday_9.id))
        await run_jobs(centre)
        assert await offers_to(centre, has_monday) == [], "Tuesday is later than what they have"

    async def test_a_place_that_was_taken_meanwhile_is_offered_to_nobody(self, centre: Centre) -> None:
        booked, *_ = await full(centre)
        entry = await join(centre)
        await cancel(centre, booked)
        await centre.book(await session_of(centre, booked.session), "09:00")
        await run_jobs(centre)
        assert await offers_to(centre, entry) == []

    async def test_at_night_nobody_is_woken_and_the_place_is_offered_in_the_morning(self, centre: Centre) -> None:
        booked, *_ = await full(centre)
        entry = await join(centre)
        night, morning = paris(NOW.date(), "21:00"), paris(NOW.date() + timedelta(days=1), "08:00")
        await cancel(centre, booked, night)
        await run_jobs(centre, night)
        assert await offers_to(centre, entry) == []
        await run_jobs(centre, morning)
        assert (await offer_to(centre, entry)).offered_at == morning

    async def test_a_place_too_near_or_too_far_is_everybodys(self, centre: Centre) -> None:
        near, *_ = await full(centre)
        far, *_ = await full(centre, day=MONDAY + timedelta(days=49))
        entry = await join(centre)
        await cancel(centre, near, monday("08:30"))
        await run_jobs(centre, monday("08:30"))
        await cancel(centre, far)
        await run_jobs(centre)
        assert await offers_to(centre, entry) == []
        assert await queue(centre) == 0


class TestAsWasSet:
    @pytest.mark.parametrize(("days_ahead", "offered"), [(3, 0), (10, 1)])
    async def test_no_place_is_offered_farther_ahead_than_was_set(
        self, centre: Centre, days_ahead: int, offered: int
    ) -> None:
        """Neither when the session opens nor when whoever has joined is looked at."""
        entry = await join(centre)
        await centre.session(await centre.doctor(), "09:00", "09:20")
        await offer(centre, NOW, replace(RULES, offers=OfferRules(days_ahead=days_ahead)))
        assert len(await offers_to(centre, entry)) == offered

    @pytest.mark.parametrize(("margin", "offered"), [(5, 1), (60, 0)])
    async def test_the_time_left_before_the_appointment_is_what_was_set(
        self, centre: Centre, margin: int, offered: int
    ) -> None:
        """A quarter of an hour to answer, at half past eight for nine and at eight for nine."""
        now = monday("08:30") if offered else monday("08:00")
        await centre.session(await centre.doctor(), "09:00", "09:20")
        entry = await join(centre)
        await offer(centre, now, replace(RULES, offers=OfferRules(margin=timedelta(minutes=margin))))
        assert len(await offers_to(centre, entry)) == offered


class TestOnWhichDays:
    @pytest.mark.parametrize(
        ("subdivision", "holiday", "asked_on"),
        [
            (None, date(2027, 3, 29), date(2027, 3, 30)),  # Easter Monday
            ("57", date(2027, 3, 26), date(2027, 3, 27)),  # Good Friday, a holiday in Moselle
            (None, None, date(2027, 3, 26)),  # and not in Mayenne
        ],
    )
    async def test_nobody_is_asked_on_a_public_holiday_of_the_site(
        self, booking_database: ServiceDatabase, subdivision: str | None, holiday: date | None, asked_on: date
    ) -> None:
        centre = await Centre(booking_database.database).open(subdivision=subdivision)
        booked, *_ = await full(centre, day=date(2027, 4, 7))
        entry = await join(centre)
        await cancel(centre, booked, paris(holiday or asked_on, "09:00"))
        if holiday:
            await offer(centre, paris(holiday, "09:00"))
            assert await offers_to(centre, entry) == []
        await offer(centre, paris(asked_on, "10:00"))
        assert (await offer_to(centre, entry)).offered_at == paris(asked_on, "10:00")

    async def test_the_time_to_answer_leaves_new_years_day_out(self, centre: Centre) -> None:
        new_years_eve = paris(date(2027, 12, 31), "10:00")
        booked, *_ = await full(centre, day=date(2028, 1, 19))
        entry = await join(centre)
        await cancel(centre, booked, new_years_eve)
        await offer(centre, new_years_eve)
        assert (await offer_to(centre, entry)).answer_by == paris(date(2028, 1, 3), "10:00"), "the 2nd is a Sunday"

    async def test_offers_of_a_day_are_counted_by_the_day_of_the_site(self, booking_database: ServiceDatabase) -> None:
        """In Nouméa it is eight in the morning when the day before still has three hours to go by UTC."""
        centre, noumea = Centre(booking_database.database), ZoneInfo("Pacific/Noumea")
        await centre.open("Pacific/Noumea", "NC")
        rules = replace(RULES, offers=OfferRules(per_day=1))
        await centre.session(await centre.doctor(), "09:00", "10:00")
        entry = await join(centre)
        for day, hour, offers in ((5, 8, 1), (5, 14, 1), (6, 8, 2)):
            now = datetime(2027, 1, day, hour, 30, tzinfo=noumea)
            await offer(centre, now, rules)
            made = await offers_to(centre, entry)
            assert len(made) == offers, now
            if made[-1].state is OfferState.RUNNING:
                await decline(centre, made[-1], now)


async def offer(centre: Centre, now: datetime, rules: Rules = RULES) -> None:
    """The job alone: how far the others have looked ahead is left as it is."""
    await offer_places(centre.database, rules, FixedClock(now))


class TestOneAtATime:
    async def test_nobody_has_two_offers_at_once(self, centre: Centre) -> None:
        one, other, _ = await full(centre)
        entry = await join(centre)
        await cancel(centre, one)
        await cancel(centre, other)
        await run_jobs(centre)
        assert (await offer_to(centre, entry)).period == one.period

    async def test_nobody_has_two_offers_at_once_though_they_wait_for_two_things(self, centre: Centre) -> None:
        patient = await centre.patient()
        entries = [await join(centre, patient), await join(centre, patient, kinds=("minor_emergency",))]
        await centre.session(await centre.doctor(), "09:00", "10:00")
        await run_jobs(centre)
        assert len([offer for each in entries for offer in await offers_to(centre, each)]) == 1

    async def test_nobody_is_asked_more_often_in_a_day_than_the_setting_allows(self, centre: Centre) -> None:
        rules = replace(RULES, offers=OfferRules(per_day=2))
        booked = await full(centre)
        entry = await join(centre)
        for each in booked:
            await cancel(centre, each)
            await run_jobs(centre, rules=rules)
            if (offer := (await offers_to(centre, entry))[-1]).state is OfferState.RUNNING:
                await decline(centre, offer)
        assert len(await offers_to(centre, entry)) == 2

    async def test_whoever_waits_for_two_things_is_not_asked_twice_as_often(self, centre: Centre) -> None:
        rules = replace(RULES, offers=OfferRules(per_day=1))
        patient = await centre.patient()
        entries = [await join(centre, patient), await join(centre, patient, kinds=("minor_emergency",))]
        await centre.session(await centre.doctor(), "09:00", "10:00")
        await run_jobs(centre, rules=rules)
        (offer,) = [each for entry in entries for each in await offers_to(centre, entry)]
        await decline(centre, offer)
        await run_jobs(centre, rules=rules)
        assert [each.id for entry in entries for each in await offers_to(centre, entry)] == [offer.id]
        await run_jobs(centre, NOW + timedelta(days=1), rules)
        assert len([each for entry in entries for each in await offers_to(centre, entry)]) == 2

    async def test_a_person_waits_once_for_one_thing_at_one_place(self, centre: Centre) -> None:
        entry = await join(centre)
        assert (await refusal(join(centre, entry.patient))).problem is problems.ALREADY_WAITING
        await leave(centre, entry)
        assert (await join(centre, entry.patient)).state is EntryState.WAITING

    async def test_one_bad_row_stops_no_other(self, centre: Centre, booking_database: ServiceDatabase) -> None:
        """The fault is planted: a site without zone cannot be read."""
        broken = await Centre(centre.database).open()
        unlucky = await join(broken)
        spoilt, *_ = await full(broken, ("08:40",))
        booked, *_ = await full(centre)
        entry = await join(centre)
        await cancel(broken, spoilt)
        await cancel(centre, booked)
        async with booking_database.admin() as connection:
            await connection.execute("UPDATE site SET zone = 'Nowhere/Land' WHERE id = $1", broken.site)
        await run_jobs(centre)
        assert await offers_to(broken, unlucky) == []
        assert (await offer_to(centre, entry)).period == booked.period
        async with booking_database.admin() as connection:
            await connection.execute("UPDATE site SET zone = 'Europe/Paris' WHERE id = $1", broken.site)
        await run_jobs(centre, NOW + timedelta(minutes=10))
        assert len(await offers_to(broken, unlucky)) == 1, "it was set aside, not lost"
