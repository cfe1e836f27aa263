"""Each timer of booking, run once as the service runs it, does the work that is due."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from booking.__main__ import service
from booking.domain.appointments import State
from booking.domain.impact import Change, ChangeKind
from booking.domain.intervals import Interval
from booking.domain.offers import OfferState
from booking.domain.waiting_list import EntryState, Window
from booking.use_cases.appointments.cancel_appointment import CancelRequest, cancel_appointment
from booking.use_cases.impact.apply_impact import Application, apply_impact
from booking.use_cases.impact.plan_impact import plan_impact
from booking.use_cases.impact.read_impact import progress_of
from booking.use_cases.supervision.recheck_supervision import QUIET
from smp.contracts import ProfessionalLeft
from tests.booking.agenda import Planner, of_hours
from tests.booking.waiting import appointment_now, cancel, entry_now, full, join, offer_to, offers_to
from tests.booking.world import MONDAY, NOW, RULES, SECRETARY, Centre, actor, blocking, events_of, monday, paris
from tests.support.api import FixedClock, runtime_for
from tests.support.databases import ServiceDatabase, service_database

Timer = Callable[[str, datetime], Awaitable[None]]


@pytest.fixture(scope="module")
async def booking_database(postgres_url: str) -> AsyncIterator[ServiceDatabase]:
    """A database that no other test shares: timers go through all territories, weeks ahead of the others' clock."""
    async with service_database(postgres_url, "booking", "booking") as database:
        yield database


@pytest.fixture
async def timer(centre: Centre) -> AsyncIterator[Timer]:
    """Runs the job of that name once, at that instant."""
    clock = FixedClock(NOW)
    jobs = {job.name: job for job in service.jobs}
    async with runtime_for(service, centre.database, clock=clock, horizon_weeks=RULES.horizon.days // 7) as runtime:

        async def run(name: str, now: datetime) -> None:
            clock.time = now
            await jobs[name].run(runtime)

        yield run


async def test_a_hold_expires(centre: Centre, timer: Timer) -> None:
    hold = await centre.hold(await centre.session(await centre.doctor()), "09:00")
    await timer("expire-holds", NOW + RULES.hold)
    assert (await appointment_now(centre, hold.id)).state is State.EXPIRED


async def test_a_place_that_was_given_up_rests_and_then_is_everybodys(
    centre: Centre, timer: Timer, booking_database: ServiceDatabase
) -> None:
    booked, *_ = await full(centre)
    rules = replace(RULES, cool_down=timedelta(minutes=10))
    async with centre.transaction() as tx:
        await cancel_appointment(tx, booked.id, CancelRequest("patient"), rules, actor=SECRETARY, now=NOW)
    assert await blocking(booking_database, booked.id) > 0
    await timer("expire-holds", NOW + rules.cool_down)
    assert await blocking(booking_database, booked.id) == 0


async def test_who_has_left_receives_no_more(centre: Centre, timer: Timer, booking_database: ServiceDatabase) -> None:
    doctor = await centre.doctor()
    session = await centre.session(doctor)
    await centre.hear(doctor, ProfessionalLeft(professional=doctor, from_date=MONDAY))
    await timer("follow-registry", NOW)
    assert await events_of(booking_database, session.id) == [("SessionOpened", 1), ("SessionCancelled", 2)]


async def test_a_freed_place_is_offered_and_the_offer_ends(centre: Centre, timer: Timer) -> None:
    booked, *_ = await full(centre)
    entry = await join(centre)
    await cancel(centre, booked)
    await timer("offer-places", NOW)
    offer = await offer_to(centre, entry)
    assert (offer.period, offer.state) == (booked.period, OfferState.RUNNING)
    await timer("expire-holds", offer.answer_by)
    await timer("end-offers", offer.answer_by)
    (over, *_) = await offers_to(centre, entry)
    assert (over.id, over.state) == (offer.id, OfferState.EXPIRED)


async def test_whoever_waited_for_days_that_are_over_leaves_the_list(centre: Centre, timer: Timer) -> None:
    entry = await join(centre, windows=(Window(frozenset({1}), time(8), time(20), None, MONDAY),))
    await timer("close-waiting-list-entries", monday("12:00") + timedelta(days=2))
    assert (await entry_now(centre, entry)).state is EntryState.LEFT


async def test_a_place_that_comes_within_reach_is_offered(centre: Centre, timer: Timer) -> None:
    """In a territory of its own: how far somebody has looked is kept by territory."""
    there = await Centre(centre.database, territory="36").open()
    entry = await join(there, who=actor(territory="36"))
    day = MONDAY + timedelta(weeks=6)
    await there.session(await there.doctor(), "09:00", "09:20", day=day)
    for now, offered in ((NOW, 0), (NOW + timedelta(weeks=2), 1)):
        await timer("close-waiting-list-entries", now)
        await timer("offer-places", now)
        assert [each.period.start for each in await offers_to(there, entry)] == [paris(day, "09:00")] * offered


async def test_a_week_later_rules_have_a_week_more_of_sessions(centre: Centre, timer: Timer) -> None:
    planner = Planner(centre)
    last = (await planner.rule(await centre.doctor())).materialised.opened[-1].day
    new = last + timedelta(weeks=1)
    assert await planner.hours(new) == []
    await timer("materialise-sessions", NOW + timedelta(weeks=1))
    assert len(await planner.hours(new)) == 1


async def test_an_intern_whose_supervisor_has_left_is_flagged(
    centre: Centre, timer: Timer, booking_database: ServiceDatabase
) -> None:
    supervisor = await centre.doctor()
    await centre.session(supervisor)
    booked = (await centre.book(await centre.session(await centre.intern_of(supervisor)), "10:00")).appointment
    await centre.hear(supervisor, ProfessionalLeft(professional=supervisor, from_date=MONDAY))
    await timer("recheck-supervision", NOW + QUIET)
    assert (await events_of(booking_database, booked.id))[-1] == ("AppointmentUnsupported", 2)


async def test_what_nothing_follows_any_more_is_forgotten(
    centre: Centre, timer: Timer, booking_database: ServiceDatabase
) -> None:
    planner = Planner(centre)
    doctor = await centre.doctor()
    session = await centre.session(doctor)
    await planner.absent(doctor, of_hours(MONDAY, "10:00-11:00"))
    async with booking_database.admin() as connection:

        async def kept() -> tuple[Any, Any]:
            noted = await connection.fetchval("SELECT count(*) FROM agenda_change WHERE site = $1", centre.site)
            cut = await connection.fetchval("SELECT count(*) FROM cut_session WHERE whole = $1", session.id)
            return noted > 0, cut

        # Changes are as old as the clock of the database says.
        await connection.execute("UPDATE agenda_change SET noted_at = now() - interval '1 day'")
        assert await kept() == (True, 2)
        await timer("forget-changes", monday("12:00") + timedelta(days=8))
        assert await kept() == (False, 0)


async def test_a_share_is_released_at_its_hour(centre: Centre, timer: Timer, booking_database: ServiceDatabase) -> None:
    session = await centre.session(await centre.doctor(), shares={"same_day": 2})
    await timer("release-capacity", monday("11:00"))
    assert await events_of(booking_database, session.id) == [("SessionOpened", 1), ("CapacityReleased", 2)]


async def test_a_plan_that_has_begun_is_carried_out(centre: Centre, timer: Timer) -> None:
    doctor = await centre.doctor()
    await centre.book(await centre.session(doctor), "09:00")
    away = Interval(monday("07:00"), monday("20:00"))
    change = Change(ChangeKind.ABSENCE, "practitioner_away", professional=doctor, period=away)
    async with centre.transaction() as tx:
        plan = (await plan_impact(tx, change, RULES, actor=SECRETARY, now=NOW)).impact.id
    async with centre.transaction() as tx:
        await apply_impact(tx, plan, Application(), RULES, actor=SECRETARY, now=NOW)
    await timer("settle-impacts", NOW)
    async with centre.transaction() as tx:
        assert (await progress_of(tx, plan)).impact.state == "applied"
