"""One occurrence is edited, moved, shortened, given to a replacement or cancelled alone."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from booking import problems
from booking.domain.appointments import State
from booking.domain.dated import Dated
from booking.store import appointments
from booking.use_cases.appointments.mark_arrived import mark_arrived
from booking.use_cases.appointments.start_consultation import start_consultation
from booking.use_cases.calendar.reshaping import Consent
from booking.use_cases.supervision.reachability import withdraw_reachability
from booking.use_cases.supervision.recheck_supervision import QUIET, recheck_supervision
from smp.contracts import SessionChanged, SlotMoved
from smp.ids import new_id
from smp.problems import ProblemType
from tests.booking.agenda import AND_CANCEL, Planner, of_hours
from tests.booking.test_coverage import reach, unsupported
from tests.booking.test_floating import seen
from tests.booking.world import (
    MONDAY,
    NOW,
    RULES,
    SECRETARY,
    Centre,
    actor,
    blocking,
    events_of,
    monday,
    paris,
    refusal,
    said_of,
)
from tests.support.databases import ServiceDatabase

BOTH = ("consultation", "follow_up")
TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
def planner(centre: Centre) -> Planner:
    return Planner(centre)


class TestWhatChanges:
    async def test_hours_room_kinds_and_grid_with_an_event_that_says_it_all(
        self, planner: Planner, booking_database: ServiceDatabase
    ) -> None:
        session = await planner.centre.session(await planner.centre.doctor(), room="Cabinet 1")
        changed = await planner.change(
            session.id,
            hours="08:30-11:00",
            room="Cabinet 2",
            kinds=frozenset({"minor_emergency"}),
            grid=timedelta(minutes=15),
        )
        assert changed.opened.session.period.start == monday("08:30")
        told = await said_of(booking_database, session.id)
        assert [(each["type"], each["sequence"]) for each in told] == [("SessionOpened", 1), ("SessionChanged", 2)]
        said = SessionChanged.model_validate(told[-1]["data"])
        assert (said.start, said.end) == (monday("08:30"), monday("11:00"))
        assert (said.room, said.kinds, said.slot_minutes) == ("Cabinet 2", ("minor_emergency",), 15)
        assert (said.professional, said.role, said.rule) == (session.professional, "gp", None)

    async def test_who_when_and_why_are_kept(self, planner: Planner) -> None:
        session = await planner.centre.session(await planner.centre.doctor())
        await planner.change(session.id, hours="09:00-11:00")
        (seen,) = (await planner.see(MONDAY)).sessions
        assert seen.edit is not None
        assert (seen.edit.by, seen.edit.at, seen.edit.reason) == ("person-1", planner.now, "meeting")

    async def test_it_moves_to_another_day(self, planner: Planner) -> None:
        session = await planner.centre.session(await planner.centre.doctor())
        await planner.change(session.id, day=TUESDAY)
        assert await planner.hours(MONDAY, TUESDAY) == ["2027-01-12 09:00-12:00"]

    async def test_nine_o_clock_stays_nine_o_clock_when_it_moves_across_the_change_of_hour(
        self, planner: Planner
    ) -> None:
        friday, next_monday = date(2027, 3, 26), date(2027, 3, 29)
        session = await planner.centre.session(await planner.centre.doctor(), day=friday)
        await planner.change(session.id, day=next_monday)
        assert await planner.hours(next_monday) == ["2027-03-29 09:00-12:00"]

    async def test_it_leaves_its_room(self, planner: Planner) -> None:
        session = await planner.centre.session(await planner.centre.doctor(), room="Cabinet 1")
        assert (await planner.change(session.id, any_room=True)).opened.session.room is None


class TestWhoStandsInIt:
    async def test_it_is_refused_with_the_list_while_somebody_stands_outside_the_new_hours(
        self, planner: Planner, booking_database: ServiceDatabase
    ) -> None:
        session = await planner.centre.session(await planner.centre.doctor())
        inside = (await planner.centre.book(session, "09:40")).appointment
        outside = (await planner.centre.book(session, "11:20")).appointment
        refused = await refusal(planner.change(session.id, hours="09:00-11:00"))
        assert refused.problem is problems.HAS_APPOINTMENTS
        assert [each["appointment"] for each in refused.extensions["appointments"]] == [str(outside.id)]
        assert await planner.hours(MONDAY) == ["2027-01-11 09:00-12:00"], "nothing is half done"
        changed = await planner.change(session.id, AND_CANCEL, hours="09:00-11:00")
        assert changed.appointments == (outside.id,)
        assert await events_of(booking_database, outside.id) == [("SlotBooked", 1), ("SlotCancelled", 2)]
        assert await events_of(booking_database, inside.id) == [("SlotBooked", 1)]

    async def test_one_whose_kind_is_no_longer_offered_stands_in_the_way(self, planner: Planner) -> None:
        session = await planner.centre.session(await planner.centre.doctor())
        await planner.centre.book(session, "09:00")
        refused = await refusal(planner.change(session.id, kinds=frozenset({"minor_emergency"})))
        assert refused.problem is problems.HAS_APPOINTMENTS

    async def test_a_hold_that_is_over_stands_in_nobodys_way(self, planner: Planner) -> None:
        session = await planner.centre.session(await planner.centre.doctor())
        await planner.centre.hold(session, "11:40", now=planner.now - timedelta(minutes=10))
        await planner.change(session.id, hours="09:00-11:00")

    async def test_another_room_takes_its_appointments_along(
        self, planner: Planner, booking_database: ServiceDatabase
    ) -> None:
        session = await planner.centre.session(await planner.centre.doctor(), room="Cabinet 1")
        booked = (await planner.centre.book(session, "09:00")).appointment
        await planner.change(session.id, room="Cabinet 2")
        other = await planner.centre.session(await planner.centre.doctor(), room="Cabinet 1")
        await planner.centre.book(other, "09:00")
        assert await blocking(booking_database, booked.id) == 3
        assert await events_of(booking_database, booked.id) == [("SlotBooked", 1)]

    async def test_a_replacement_takes_over_the_patients_at_their_hours_and_each_says_so(
        self, planner: Planner, booking_database: ServiceDatabase
    ) -> None:
        session = await planner.centre.session(await planner.centre.doctor())
        booked = (await planner.centre.book(session, "09:00")).appointment
        locum = await planner.centre.doctor("retired_gp")
        await planner.change(session.id, professional=locum)
        told = await said_of(booking_database, booked.id)
        moved = SlotMoved.model_validate(told[-1]["data"])
        assert (moved.start, moved.previous_start) == (monday("09:00"), monday("09:00"))
        assert [(each.professional, each.role) for each in moved.practitioners] == [(locum, "retired_gp")]
        assert moved.notify is True, "as the patient wished; who knows the hour already is told nothing new"
        await planner.centre.session(session.professional, day=MONDAY)
        refused = await refusal(planner.centre.session(locum, day=MONDAY))
        assert refused.problem is problems.SESSION_OVERLAP

    async def test_a_follow_up_goes_to_no_replacement_who_has_not_seen_the_patient(self, planner: Planner) -> None:
        centre, patient = planner.centre, await planner.centre.patient()
        session = await centre.session(await centre.doctor(), kinds=BOTH)
        await seen(centre, (await centre.book(session, "09:00", patient)).appointment)
        booked = (await centre.book(session, "10:00", patient, kind="follow_up")).appointment
        refused = await refusal(planner.change(session.id, professional=await centre.doctor()))
        assert refused.problem is problems.HAS_APPOINTMENTS
        assert [each["appointment"] for each in refused.extensions["appointments"]] == [str(booked.id)]
        await planner.change(session.id, room="2")

    async def test_a_follow_up_goes_to_a_replacement_who_has_seen_the_patient(self, planner: Planner) -> None:
        centre, patient = planner.centre, await planner.centre.patient()
        one, other = [await centre.session(await centre.doctor(), "09:00", "11:00", kinds=BOTH) for _ in range(2)]
        for session, hour in ((one, "09:00"), (other, "09:20")):
            await seen(centre, (await centre.book(session, hour, patient)).appointment)
        booked = (await centre.book(one, "10:20", patient, kind="follow_up")).appointment
        await planner.change(other.id, hours="09:00-10:00")
        await planner.change(one.id, hours="10:00-11:00", professional=other.professional)
        async with centre.transaction() as tx:
            now = await appointments.get(tx, booked.id)
        assert now is not None
        assert (now.professional, now.state) == (other.professional, State.BOOKED)

    async def test_an_intern_replaces_only_where_somebody_supervises(self, planner: Planner) -> None:
        session = await planner.centre.session(await planner.centre.doctor())
        await planner.centre.book(session, "09:00")
        supervisor = await planner.centre.doctor()
        intern = await planner.centre.intern_of(supervisor)
        refused = await refusal(planner.change(session.id, professional=intern))
        assert refused.problem is problems.HAS_APPOINTMENTS
        await planner.centre.session(supervisor)
        await planner.change(session.id, professional=intern)

    async def test_an_intern_takes_over_no_more_acts_than_a_half_day_has(self, planner: Planner) -> None:
        planner.rules = replace(planner.rules, acts_per_half_day=Dated(6))
        centre, supervisor = planner.centre, await planner.centre.doctor()
        await centre.session(supervisor)
        session = await centre.session(await centre.doctor())
        later = NOW + timedelta(minutes=1)
        hours = ("09:00", "09:20", "09:40", "10:00", "10:20", "10:40", "11:00")
        booked = {hour: (await centre.book(session, hour, now=later)).appointment for hour in hours if hour != "10:00"}
        booked["10:00"] = (await centre.book(session, "10:00", now=later + timedelta(minutes=1))).appointment
        intern = await centre.intern_of(supervisor)
        refused = await refusal(planner.change(session.id, professional=intern))
        assert refused.problem is problems.HAS_APPOINTMENTS
        listed = [each["appointment"] for each in refused.extensions["appointments"]]
        assert listed == [str(booked["10:00"].id)], "the latest booked of seven"
        done = await planner.change(session.id, AND_CANCEL, professional=intern)
        assert done.appointments == (booked["10:00"].id,)

    async def test_what_the_intern_does_already_counts(self, planner: Planner) -> None:
        planner.rules = replace(planner.rules, acts_per_half_day=Dated(6))
        centre, supervisor = planner.centre, await planner.centre.doctor()
        await centre.session(supervisor)
        intern = await centre.intern_of(supervisor)
        own = await centre.session(intern, "09:00", "10:00")
        for hour in ("09:00", "09:20", "09:40"):
            await centre.book(own, hour)
        session = await centre.session(await centre.doctor(), "10:00", "12:00")
        for hour in ("10:00", "10:20", "10:40", "11:00"):
            await centre.book(session, hour)
        refused = await refusal(planner.change(session.id, professional=intern))
        assert len(refused.extensions["appointments"]) == 1

    async def test_an_intern_takes_over_where_the_supervisor_answers_for_one_more(self, planner: Planner) -> None:
        planner.rules = replace(planner.rules, interns_per_supervisor=Dated(1))
        centre, supervisor = planner.centre, await planner.centre.doctor()
        await centre.session(supervisor)
        await centre.book(await centre.session(await centre.intern_of(supervisor)), "09:20")
        session = await centre.session(await centre.doctor())
        alone = (await centre.book(session, "09:00")).appointment
        at_once = (await centre.book(session, "09:20")).appointment
        intern = await centre.intern_of(supervisor)
        refused = await refusal(planner.change(session.id, professional=intern))
        assert [each["appointment"] for each in refused.extensions["appointments"]] == [str(at_once.id)]
        await planner.change(session.id, AND_CANCEL, professional=intern)
        async with centre.transaction() as tx:
            moved = await appointments.get(tx, alone.id)
        assert moved is not None
        assert moved.professional == intern

    async def test_an_act_nobody_covers_is_listed_in_another_room_too_and_not_with_a_doctor(
        self, planner: Planner
    ) -> None:
        centre = planner.centre
        supervisor = await centre.doctor()
        call = await reach(centre, supervisor, "08:00", "13:00")
        sessions = [await centre.session(await centre.intern_of(supervisor)) for _ in range(2)]
        given, kept = [(await centre.book(each, "09:00")).appointment.id for each in sessions]
        async with centre.transaction() as tx:
            await withdraw_reachability(tx, call, actor=SECRETARY, now=NOW)
        await recheck_supervision(centre.database, RULES, NOW + QUIET)
        assert {each.unsupported.it.id for each in await unsupported(centre)} == {given, kept}
        await planner.change(sessions[0].id, professional=await centre.doctor())
        async with centre.transaction() as tx:
            _, other_room = sessions[1], replace(sessions[1], room="7")
            await appointments.hand_over(tx, kept, sessions[1], other_room)
        assert [each.unsupported.it.id for each in await unsupported(centre)] == [kept]

    async def test_a_supervisor_who_goes_earlier_uncovers_the_interns_patients(self, planner: Planner) -> None:
        supervisor = await planner.centre.doctor()
        presence = await planner.centre.session(supervisor)
        session = await planner.centre.session(await planner.centre.intern_of(supervisor))
        await planner.centre.book(session, "09:00")
        uncovered = (await planner.centre.book(session, "11:20")).appointment
        refused = await refusal(planner.change(presence.id, hours="09:00-11:30"))
        assert [each["appointment"] for each in refused.extensions["appointments"]] == [str(uncovered.id)]
        await planner.change(presence.id, hours="09:00-11:40")

    async def test_a_patient_in_consultation_is_never_cancelled(self, planner: Planner) -> None:
        session = await planner.centre.session(await planner.centre.doctor())
        booked = (await planner.centre.book(session, "09:00")).appointment
        planner.now = monday("09:05")
        async with planner.centre.transaction() as tx:
            await mark_arrived(tx, booked.id, actor=planner.who, now=planner.now)
            await start_consultation(tx, booked.id, actor=planner.who, now=planner.now)
        other = await planner.centre.doctor()
        refused = await refusal(planner.change(session.id, AND_CANCEL, professional=other))
        assert refused.problem is problems.IN_CONSULTATION


class TestWhatIsRefused:
    async def test_what_makes_no_sense_is_refused_by_name_and_nothing_is_done(self, planner: Planner) -> None:
        centre = planner.centre
        doctor, secretary = await centre.doctor(), await centre.doctor("secretary")
        session = await centre.session(doctor)
        await centre.session(doctor, "14:00", "16:00")
        left = await centre.doctor(contract_end=MONDAY - timedelta(days=1))
        expected = {
            problems.END_BEFORE_START: planner.change(session.id, hours="11:00-09:00"),
            problems.KIND_TOO_LONG: planner.change(session.id, hours="09:00-09:10"),
            problems.SESSION_PAST: planner.change(session.id, day=date(2027, 1, 1)),
            problems.HOUR_MISSING: planner.change(session.id, day=date(2027, 3, 28), hours="02:30-05:00"),
            problems.SESSION_OVERLAP: planner.change(session.id, hours="09:00-15:00"),
            problems.NOTHING_TO_CHANGE: planner.change(session.id, hours="09:00-12:00"),
            problems.KIND_NOT_FOR_ROLE: planner.change(session.id, professional=secretary),
            problems.OUT_OF_CONTRACT: planner.change(session.id, professional=left),
            problems.PROFESSIONAL_UNKNOWN: planner.change(session.id, professional=new_id()),
            problems.KIND_UNKNOWN: planner.change(session.id, kinds=frozenset({"surgery"})),
            problems.SESSION_UNKNOWN: planner.change(new_id(), hours="09:00-11:00"),
        }
        for problem, command in expected.items():
            assert (await refusal(command)).problem is problem, problem.slug
        assert await planner.hours(MONDAY) == ["2027-01-11 09:00-12:00", "2027-01-11 14:00-16:00"]

    async def test_it_cannot_go_where_a_closure_or_an_absence_is(self, planner: Planner) -> None:
        doctor = await planner.centre.doctor()
        session = await planner.centre.session(doctor, room="Cabinet 1")
        await planner.close(of_hours(TUESDAY, "08:00-10:00"))
        await planner.close(of_hours(TUESDAY, "10:00-12:00"), room="Salle 2")
        await planner.absent(doctor, of_hours(TUESDAY, "14:00-15:00"))
        cases: tuple[tuple[ProblemType, dict[str, Any]], ...] = (
            (problems.SITE_CLOSED, {"hours": "09:00-11:00"}),
            (problems.ROOM_CLOSED, {"hours": "10:00-12:00", "room": "salle  2"}),
            (problems.PROFESSIONAL_ABSENT, {"hours": "14:00-16:00"}),
        )
        for problem, otherwise in cases:
            assert (await refusal(planner.change(session.id, day=TUESDAY, **otherwise))).problem is problem
        await planner.change(session.id, day=TUESDAY, hours="10:00-12:00")

    async def test_one_that_has_begun_keeps_its_start_but_may_end_earlier(self, planner: Planner) -> None:
        session = await planner.centre.session(await planner.centre.doctor())
        planner.now = monday("10:00")
        refused = await refusal(planner.change(session.id, hours="09:30-12:00"))
        assert refused.problem is problems.SESSION_BEGUN
        await planner.change(session.id, hours="09:00-11:00")
        planner.now = monday("11:00")
        assert (await refusal(planner.change(session.id, hours="09:00-13:00"))).problem is problems.SESSION_PAST

    async def test_a_cancelled_one_is_not_changed_and_a_stranger_changes_none(self, planner: Planner) -> None:
        session = await planner.centre.session(await planner.centre.doctor())
        planner.who = actor(site=new_id())
        assert (await refusal(planner.change(session.id, hours="09:00-11:00"))).problem.slug == "forbidden"
        planner.who = actor()
        await planner.cancel(session.id)
        refused = await refusal(planner.change(session.id, hours="09:00-11:00"))
        assert refused.problem is problems.SESSION_CANCELLED

    async def test_hours_outside_those_of_the_site_are_told(self, planner: Planner) -> None:
        session = await planner.centre.session(await planner.centre.doctor())
        changed = await planner.change(session.id, hours="19:00-21:00")
        assert changed.opened.warnings == ("outside-opening-hours",)


async def test_bookings_follow_the_new_hours(planner: Planner) -> None:
    session = await planner.centre.session(await planner.centre.doctor())
    await planner.change(session.id, hours="10:10-12:00")
    assert (await planner.centre.book(session, "10:30")).appointment.period.start == monday("10:30")
    assert (await refusal(planner.centre.book(session, "09:00"))).problem is problems.OUTSIDE_SESSION
    assert (await refusal(planner.centre.book(session, "10:40"))).problem is problems.OFF_GRID


async def test_the_patient_may_be_left_untold(planner: Planner) -> None:
    session = await planner.centre.session(await planner.centre.doctor())
    booked = (await planner.centre.book(session, "11:20")).appointment
    quietly = Consent("meeting", cancel_appointments=True, notify=False)
    await planner.change(session.id, quietly, hours="09:00-11:00")
    async with planner.centre.transaction() as tx:
        found = await appointments.get(tx, booked.id)
    assert found is not None
    assert (found.cancelled_by, found.cancel_reason, found.notify) == ("centre", "meeting", False)
    assert found.period.start == paris(MONDAY, "11:20")


async def test_a_silent_appointment_that_the_session_gives_no_more_stands_without_its_place(
    centre: Centre, booking_database: ServiceDatabase
) -> None:
    planner = Planner(centre)
    session = await centre.session(await centre.doctor(), kinds=("consultation", "protected"))
    silent = (await centre.book(session, "09:00", kind="protected")).appointment
    changed = await planner.change(session.id, AND_CANCEL, kinds=frozenset({"consultation"}))
    assert (changed.appointments, changed.without_place) == ((), 1)
    assert await blocking(booking_database, silent.id) == 1, "the patient's own time"
    await centre.book(session, "09:00")
