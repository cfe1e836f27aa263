"""Who waits for a call since their place was lost: when they have a place again, and what is said of it."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from booking import problems
from booking.domain.appointments import Appointment, State
from booking.domain.dated import Dated
from booking.domain.impact import DefaultPolicy
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.store import impacts, supervision
from booking.use_cases.appointments.cancel_appointment import CancelRequest, cancel_appointment
from booking.use_cases.appointments.correct_status import CorrectionRequest, correct_status
from booking.use_cases.appointments.mark_arrived import mark_arrived
from booking.use_cases.appointments.move_appointment import MoveRequest, move_appointment
from booking.use_cases.calendar.reshaping import Consent
from booking.use_cases.impact.apply_impact import Application
from booking.use_cases.impact.settle_impact import settle_impact
from booking.use_cases.supervision.list_unsupported import list_unsupported
from tests.booking.agenda import Planner
from tests.booking.impact import AT_DAWN, apply, away, begin, new_hours, now_of, plan, progress
from tests.booking.test_company import ELSEWHERE, book, house
from tests.booking.world import MONDAY, RULES, SECRETARY, Centre, blocking, monday, refusal, said_of
from tests.support.databases import ServiceDatabase

CALL = Application(DefaultPolicy.CALL)
CANCELLING = Consent("leave", cancel_appointments=True)
SOON = AT_DAWN + timedelta(minutes=1)


async def called(centre: Centre, session: Session, hour: str = "11:20", from_hour: str = "11:00") -> Appointment:
    """Somebody of a session whose practitioner goes earlier: they wait for a call."""
    booked = (await centre.book(session, hour)).appointment
    done = await apply(centre, await plan(centre, away(session.professional, from_hour)), CALL)
    assert done.done == {"call": 1}
    return booked


async def shortened(centre: Centre, who: UUID | None = None) -> tuple[Session, Appointment]:
    """The same of a session that is to end at eleven."""
    session = await centre.session(who or await centre.doctor())
    booked = (await centre.book(session, "11:20")).appointment
    await apply(centre, await plan(centre, new_hours(session, "09:00", "11:00")), CALL)
    return session, booked


async def back(centre: Centre, who: UUID) -> None:
    """The only absence of somebody ends."""
    async with centre.transaction() as tx:
        absence = await tx.fetchval("SELECT id FROM absence WHERE professional = $1 AND withdrawn_at IS NULL", who)
    await Planner(centre, now=SOON).back(absence)


async def move(centre: Centre, it: Appointment, session: Session, hour: str, rules: Rules = RULES) -> None:
    async with centre.transaction() as tx:
        request = MoveRequest(session.id, monday(hour))
        await move_appointment(tx, it.id, request, rules, actor=SECRETARY, now=SOON)


async def session_of(centre: Centre, who: UUID) -> Session:
    """The open session of somebody."""
    seen = (await Planner(centre, now=SOON).see(MONDAY)).sessions
    return next(each.session for each in seen if each.is_open and each.session.professional == who)


async def listed(centre: Centre) -> list[UUID]:
    """Who is on the list of those without a place."""
    async with centre.transaction() as tx:
        found = await list_unsupported(tx, centre.site, reader=SECRETARY, now=SOON)
    return [each.unsupported.it.id for each in found]


async def acts(centre: Centre) -> list[UUID]:
    """What interns do on the day, as their acts and the ratio are counted."""
    async with centre.transaction() as tx:
        return [each.id for each in await supervision.acts_of_day(tx, centre.territory, MONDAY, SOON)]


class TestAPlaceHadAgain:
    async def test_a_move_away_and_back_ends_the_list_and_the_act_of_the_intern_counts(self, centre: Centre) -> None:
        supervisor = await centre.doctor()
        await centre.session(supervisor, kinds=("minor_emergency",))
        session = await centre.session(await centre.intern_of(supervisor))
        booked = await called(centre, session)
        assert (await listed(centre), booked.id in await acts(centre)) == ([booked.id], False)
        await move(centre, booked, session, "10:00")
        await back(centre, session.professional)
        await move(centre, booked, session, "11:20")
        assert (await listed(centre), booked.id in await acts(centre)) == ([], True)

    async def test_a_move_to_the_same_place_does_too(self, centre: Centre, booking_database: ServiceDatabase) -> None:
        session, (helper,) = await house(centre)
        booked = await book(centre, session, "11:20")
        await apply(centre, await plan(centre, away(session.professional, "11:00"), rules=ELSEWHERE), CALL)
        await Planner(centre, now=SOON).change(helper.id, CANCELLING, hours="09:00-10:00")
        await back(centre, session.professional)
        assert (await listed(centre), await blocking(booking_database, booked.id)) == ([booked.id], 1)
        await centre.session(await centre.doctor("medical_assistant"), kinds=("preparation",), now=SOON)
        await move(centre, booked, session, "11:20", ELSEWHERE)
        assert (await listed(centre), await blocking(booking_database, booked.id)) == ([], 4)

    async def test_a_cancellation_taken_back_does_too(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        booked = await called(centre, session)
        async with centre.transaction() as tx:
            await cancel_appointment(tx, booked.id, CancelRequest("patient"), RULES, actor=SECRETARY, now=SOON)
        await back(centre, session.professional)
        async with centre.transaction() as tx:
            await correct_status(tx, booked.id, CorrectionRequest("mistake"), RULES, actor=SECRETARY, now=SOON)
        assert await listed(centre) == []


class TestHoursThatComeBack:
    """The doctor who was to go earlier stays after all."""

    @pytest.mark.parametrize("from_hour", ["11:00", "08:00"])  # a part of the session, and all of it
    async def test_whoever_waits_for_a_call_has_their_place_again_and_nobody_else_is_put_there(
        self, centre: Centre, booking_database: ServiceDatabase, from_hour: str
    ) -> None:
        session = await centre.session(await centre.doctor(), room="7")
        booked = await called(centre, session, from_hour=from_hour)
        await back(centre, session.professional)
        there = await session_of(centre, session.professional)
        assert (there.id == session.id) == (from_hour == "11:00")
        assert (await refusal(centre.book(there, "11:20", now=SOON))).problem is problems.SLOT_TAKEN
        has_it = await now_of(centre, booked.id)
        assert (has_it.session, has_it.period, has_it.state) == (there.id, booked.period, State.BOOKED)
        assert (await listed(centre), await blocking(booking_database, booked.id)) == ([], 3)
        said = (await said_of(booking_database, booked.id))[-1]
        assert (said["type"], said["sequence"], said["data"]["reason"]) == ("SlotMoved", has_it.version, "place_back")
        assert said["data"]["start"] == said["data"]["previous_start"]

    async def test_so_it_is_when_a_shortened_session_has_its_hours_again(self, centre: Centre) -> None:
        session, booked = await shortened(centre)
        planner = Planner(centre, now=SOON)
        await planner.change(session.id, hours="09:00-12:00")
        await planner.change(session.id, room="7")
        assert (await refusal(centre.book(session, "11:20", now=SOON))).problem is problems.SLOT_TAKEN
        assert (await listed(centre), (await now_of(centre, booked.id)).session) == ([], session.id)

    async def test_when_a_rule_has_its_day_again(self, centre: Centre) -> None:
        planner, who = Planner(centre, now=AT_DAWN), await centre.doctor()
        await planner.rule(who)
        booked = await called(centre, await session_of(centre, who), from_hour="08:00")
        await back(centre, who)
        assert (await listed(centre), (await now_of(centre, booked.id)).session) == (
            [],
            (await session_of(centre, who)).id,
        )

    async def test_and_when_somebody_opens_a_session_for_the_same_doctor(self, centre: Centre) -> None:
        session, booked = await shortened(centre)
        again = await centre.session(session.professional, "11:00", "12:00", now=SOON)
        assert (await listed(centre), (await now_of(centre, booked.id)).session) == ([], again.id)

    async def test_the_plan_lists_no_call_any_more(self, centre: Centre) -> None:
        session, booked = await shortened(centre)
        async with centre.transaction() as tx:
            plan_of_it = await tx.fetchval("SELECT impact FROM impact_item WHERE appointment = $1", booked.id)

        async def waiting() -> list[bool]:
            async with centre.transaction() as tx:
                return [each.is_waiting for each in await impacts.items(tx, plan_of_it, 0, 10)]

        assert await waiting() == [True]
        await Planner(centre, now=SOON).change(session.id, hours="09:00-12:00")
        assert await waiting() == [False]

    @pytest.mark.parametrize("by_plan", [True, False])
    async def test_whoever_has_come_takes_their_hour_again_and_stays_in_the_queue(
        self, centre: Centre, booking_database: ServiceDatabase, by_plan: bool
    ) -> None:
        session = await centre.session(await centre.doctor())
        booked = (await centre.book(session, "11:20")).appointment
        async with centre.transaction() as tx:
            await mark_arrived(tx, booked.id, actor=SECRETARY, now=AT_DAWN)
        if by_plan:
            await apply(centre, await plan(centre, new_hours(session, "09:00", "11:00")), CALL)
        else:
            await Planner(centre, now=AT_DAWN).change(session.id, CANCELLING, hours="09:00-11:00")
        assert await listed(centre) == [booked.id]
        await Planner(centre, now=SOON).change(session.id, hours="09:00-12:00")
        assert (await refusal(centre.book(session, "11:20", now=SOON))).problem is problems.SLOT_TAKEN
        assert ((await now_of(centre, booked.id)).state, await listed(centre)) == (State.ARRIVED, [])
        said = await said_of(booking_database, booked.id)
        assert [each["type"] for each in said] == ["SlotBooked", "PatientArrived", "CallRequested", "StatusCorrected"]
        told = said[-1]["data"]
        assert (told["previous_state"], told["state"], told["corrects"]) == ("arrived", "arrived", 3)
        assert (told["reason"], told["start"]) == ("place_back", said[0]["data"]["start"])

    async def test_so_the_plan_waits_for_them_no_more_and_an_arrival_noted_by_mistake_is_undone_as_ever(
        self, centre: Centre
    ) -> None:
        session = await centre.session(await centre.doctor())
        booked = (await centre.book(session, "11:20")).appointment
        async with centre.transaction() as tx:
            await mark_arrived(tx, booked.id, actor=SECRETARY, now=AT_DAWN)
        planned = await plan(centre, new_hours(session, "09:00", "11:00"))
        await apply(centre, planned, CALL)
        await Planner(centre, now=SOON).change(session.id, hours="09:00-12:00")
        async with centre.transaction() as tx:
            assert [each.is_waiting for each in await impacts.items(tx, planned.impact.id, 0, 10)] == [False]
            undone = await correct_status(tx, booked.id, CorrectionRequest("mistake"), RULES, actor=SECRETARY, now=SOON)
        assert undone.state is State.BOOKED

    async def test_what_somebody_else_has_by_then_stays_theirs_and_the_session_can_be_changed(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session, booked = await shortened(centre)
        planner = Planner(centre, now=SOON)
        await planner.change(session.id, hours="09:00-12:00", kinds=frozenset({"minor_emergency"}))
        other = (await centre.book(session, "11:20", kind="minor_emergency", now=SOON)).appointment
        await planner.change(session.id, kinds=session.kinds)
        await planner.change(session.id, room="7")
        assert (await listed(centre), await blocking(booking_database, booked.id)) == ([booked.id], 1)
        assert await blocking(booking_database, other.id) == 3
        hit = (await plan(centre, away(session.professional), SOON)).items
        assert [each.appointment for each in hit] == [other.id]
        await planner.cancel(session.id, CANCELLING)
        assert (await now_of(centre, booked.id)).state is State.BOOKED

    @pytest.mark.parametrize(("from_hour", "outcome"), [("11:00", "kept"), ("08:00", "call")])
    async def test_hours_that_come_back_before_the_plan_comes_to_a_line_are_kept_unless_the_session_is_another(
        self, centre: Centre, booking_database: ServiceDatabase, from_hour: str, outcome: str
    ) -> None:
        session = await centre.session(await centre.doctor())
        booked = (await centre.book(session, "11:20")).appointment
        planned = await plan(centre, away(session.professional, from_hour))
        await begin(centre, planned, CALL)
        await back(centre, session.professional)
        await settle_impact(centre.database, planned.impact.id, RULES, SOON)
        assert (await progress(centre, planned)).done == {outcome: 1}
        said = [each["type"] for each in await said_of(booking_database, booked.id)]
        assert said == ["SlotBooked", *(["CallRequested"] if outcome == "call" else [])]
        assert await listed(centre) == ([booked.id] if outcome == "call" else [])

    async def test_an_intern_has_nobody_back_whom_no_supervisor_covers(self, centre: Centre) -> None:
        supervisor = await centre.doctor()
        presence = await centre.session(supervisor, kinds=("minor_emergency",))
        session, booked = await shortened(centre, await centre.intern_of(supervisor))
        planner = Planner(centre, now=SOON)
        await planner.change(presence.id, hours="09:00-11:00")
        await planner.change(session.id, hours="09:00-12:00")
        assert await listed(centre) == [booked.id]
        await planner.change(presence.id, hours="09:00-12:00")
        await planner.change(session.id, room="7")
        assert (await listed(centre), booked.id in await acts(centre)) == ([], True)

    async def test_nor_beyond_the_acts_of_the_half_day(self, centre: Centre) -> None:
        supervisor = await centre.doctor()
        await centre.session(supervisor, kinds=("minor_emergency",))
        session, booked = await shortened(centre, await centre.intern_of(supervisor))
        few = replace(RULES, acts_per_half_day=Dated(1))
        await centre.book(session, "09:00", now=SOON)
        await Planner(centre, SOON, few).change(session.id, hours="09:00-12:00")
        assert await listed(centre) == [booked.id]
        await Planner(centre, SOON).change(session.id, room="7")
        assert await listed(centre) == []
