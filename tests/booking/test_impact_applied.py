"""A change of the agenda, done as it was shown, on a real database."""

from collections import Counter
from datetime import time

from booking import problems
from booking.domain.appointments import Action, State
from booking.domain.impact import Decision, DefaultPolicy
from booking.domain.intervals import Interval
from booking.store import appointments, sessions
from booking.use_cases.appointments.mark_arrived import mark_arrived
from booking.use_cases.appointments.prepare_consultation import prepare_consultation
from booking.use_cases.calendar.see_agenda import Days, see_absences
from booking.use_cases.impact.apply_impact import Application, Choice
from booking.use_cases.impact.settle_impact import settle_impacts
from smp.ids import new_id
from tests.booking.agenda import Planner
from tests.booking.impact import (
    AT_DAWN,
    TUESDAY,
    Morning,
    apply,
    away,
    begin,
    closed,
    line,
    new_hours,
    now_of,
    plan,
    progress,
)
from tests.booking.test_corrections_and_closing import step
from tests.booking.test_family import family
from tests.booking.world import MONDAY, RULES, Centre, blocking, events_of, monday, refusal, said_of
from tests.support.databases import ServiceDatabase


async def test_an_absence_that_was_applied_is_kept_no_session_is_opened_then_and_the_days_come_back(
    centre: Centre,
) -> None:
    """The days of a rule; what follows the rule again is what the rule says."""
    planner = Planner(centre, now=AT_DAWN)
    doctor = await centre.doctor()
    await planner.rule(doctor, {1, 2})
    await apply(centre, await plan(centre, away(doctor, "07:45", "10:00")))
    assert await planner.hours(MONDAY) == ["2027-01-11 10:00-12:00"]
    await planner.change_rule(await planner.only_rule(), TUESDAY, end=time(11))
    assert await planner.hours(MONDAY, TUESDAY) == ["2027-01-11 10:00-12:00", "2027-01-12 09:00-11:00"]
    refused = await refusal(centre.session(doctor, "09:00", "10:00", now=AT_DAWN))
    assert refused.problem is problems.PROFESSIONAL_ABSENT
    async with centre.transaction() as tx:
        (absence,) = await see_absences(tx, Days(centre.site, MONDAY, MONDAY))
    await planner.back(absence.id)
    assert await planner.hours(MONDAY) == ["2027-01-11 09:00-12:00"]


class TestApplying:
    async def test_the_agenda_becomes_what_was_shown(
        self, centre: Centre, morning: Morning, booking_database: ServiceDatabase
    ) -> None:
        colleague = await centre.session(await centre.doctor(), "09:00", "09:20")
        await centre.session(await centre.doctor(), "14:00", "14:20")
        planned = await plan(centre, away(morning.session.professional))
        told = planned.impact.figures["outcomes"]["move_to_first_proposal"]
        assert told == {"kept": 1, "moved": 1, "cancelled": 0, "call": 1}
        assert (await apply(centre, planned)).done == {"kept": 1, "moved": 1, "call": 1}
        kept, moved, called = [await now_of(centre, each.id) for each in morning.patients]
        assert (kept.session, kept.period) == (colleague.id, morning.patients[0].period)
        assert moved.period.start == monday("14:00")
        assert called.state is State.BOOKED
        assert await events_of(booking_database, morning.session.id) == [("SessionOpened", 1), ("SessionCancelled", 2)]
        assert (await events_of(booking_database, called.id))[-1] == ("CallRequested", 2)

    async def test_what_an_absence_in_the_middle_leaves_after_it_is_had(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        booked = (await centre.book(session, "09:20")).appointment
        planned = await plan(centre, away(session.professional, "09:20", "11:00"))
        assert planned.impact.figures["outcomes"]["move_to_first_proposal"]["moved"] == 1
        assert (await apply(centre, planned)).done == {"moved": 1}
        moved = await now_of(centre, booked.id)
        assert (moved.professional, moved.period.start) == (session.professional, monday("11:00"))

    async def test_whoever_is_to_be_called_of_a_family_is_named_with_their_party(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        doctor = await centre.doctor()
        await centre.session(doctor, "09:00", "09:40")
        first, second = (await family(centre, [await centre.patient(), await centre.patient()])).appointments
        await apply(centre, await plan(centre, away(doctor)))
        for each in (first, second):
            said = (await said_of(booking_database, each.id))[-1]
            assert (said["type"], said["data"]["party"]) == ("CallRequested", str(first.id))

    async def test_cancel_and_tell(self, centre: Centre, morning: Morning, booking_database: ServiceDatabase) -> None:
        planned = await plan(centre, away(morning.session.professional))
        done = await apply(centre, planned, Application(DefaultPolicy.CANCEL))
        assert (
            done.done
            == {"cancelled": 3}
            == {"cancelled": planned.impact.figures["outcomes"]["cancel_and_tell"]["cancelled"]}
        )
        for each in morning.patients:
            assert (await now_of(centre, each.id)).cancel_reason == "practitioner_away"
            assert await blocking(booking_database, each.id) == 0

    async def test_nobody_who_has_come_is_cancelled_by_a_text(
        self, centre: Centre, morning: Morning, booking_database: ServiceDatabase
    ) -> None:
        waits, prepared, expected = [each.id for each in morning.patients]
        await step(centre, mark_arrived, waits, "07:30")
        await step(centre, mark_arrived, prepared, "07:30")
        await step(centre, prepare_consultation, prepared, "07:40")
        planned = await plan(centre, away(morning.session.professional))
        assert planned.impact.figures["outcomes"]["cancel_and_tell"] == {
            "kept": 0, "moved": 0, "cancelled": 1, "call": 2,
        }  # fmt: skip
        by_hand = Application(decisions={waits: Choice(Decision.CANCEL)})
        assert (await refusal(begin(centre, planned, by_hand))).problem is problems.IMPACT_DECISION
        assert (await apply(centre, planned, Application(DefaultPolicy.CANCEL))).done == {"cancelled": 1, "call": 2}
        states = [(await now_of(centre, each)).state for each in (waits, prepared, expected)]
        assert states == [State.ARRIVED, State.IN_PREPARATION, State.CANCELLED]
        assert (await events_of(booking_database, waits))[-1] == ("CallRequested", 3)

    async def test_nor_who_comes_while_the_plan_is_carried_out(self, centre: Centre, morning: Morning) -> None:
        planned = await plan(centre, away(morning.session.professional))
        await begin(centre, planned, Application(DefaultPolicy.CANCEL))
        came = morning.patients[0].id
        assert (await refusal(step(centre, mark_arrived, came, "07:45"))).problem is problems.PLACE_LOST
        async with centre.transaction() as tx:  # an arrival that had looked before the plan began
            found = await appointments.lock(tx, came)
            assert found is not None
            await appointments.save(tx, [found.step(Action.ARRIVE, AT_DAWN, "desk", arrived_at=AT_DAWN)])
        await settle_impacts(centre.database, RULES, AT_DAWN)
        assert (await progress(centre, planned)).done == {"cancelled": 2, "call": 1}
        assert (await now_of(centre, came)).state is State.ARRIVED

    async def test_one_by_one_decisions_count_before_the_policy(self, centre: Centre, morning: Morning) -> None:
        await centre.session(await centre.doctor(), "14:00", "15:40")
        planned = await plan(centre, away(morning.session.professional))
        first, second, third = morning.patients
        second_place = line(planned, second).proposals[1]
        decisions = {
            first.id: Choice(Decision.CALL),
            second.id: Choice(Decision.MOVE, 2),
            third.id: Choice(Decision.CANCEL),
        }
        done = await apply(centre, planned, Application(decisions=decisions))
        assert done.done == {"call": 1, "moved": 1, "cancelled": 1}
        assert (await now_of(centre, second.id)).period == second_place.period

    async def test_impossible_decisions_are_refused_and_nothing_is_done(self, centre: Centre, morning: Morning) -> None:
        planned = await plan(centre, away(morning.session.professional))
        first = morning.patients[0].id
        for who, choice in (
            (new_id(), Choice(Decision.CALL)),
            (first, Choice(Decision.KEEP)),
            (first, Choice(Decision.MOVE, 2)),
        ):
            refused = await refusal(begin(centre, planned, Application(decisions={who: choice})))
            assert refused.problem is problems.IMPACT_DECISION
            assert refused.extensions["appointments"] == [str(who)]
        assert (await progress(centre, planned)).impact.state == "planned"

    async def test_a_shortened_session_keeps_its_other_patients(
        self, centre: Centre, morning: Morning, booking_database: ServiceDatabase
    ) -> None:
        await apply(centre, await plan(centre, away(morning.session.professional, "09:20", "09:40")))
        first, _, third = [await now_of(centre, each.id) for each in morning.patients]
        assert (first.session, first.version) == (morning.session.id, 1)
        assert third.period == morning.patients[2].period
        assert third.session != morning.session.id, "the end of the session is one of its own"
        async with centre.transaction() as tx:
            rest = await sessions.get(tx, third.session)
        assert rest is not None
        assert rest.session.period == Interval(monday("09:40"), monday("12:00"))
        assert (await events_of(booking_database, morning.session.id))[-1] == ("SessionChanged", 2)
        refused = await refusal(centre.book(morning.session, "09:20", now=AT_DAWN))
        assert refused.problem is problems.OUTSIDE_SESSION

    async def test_an_absence_is_noted_so_that_nobody_opens_the_hours_again(
        self, centre: Centre, morning: Morning
    ) -> None:
        await apply(centre, await plan(centre, away(morning.session.professional)))
        refused = await refusal(centre.session(morning.session.professional, "14:00", "15:00", now=AT_DAWN))
        assert refused.problem is problems.PROFESSIONAL_ABSENT

    async def test_a_closed_site_opens_nothing_in_that_time(self, centre: Centre, morning: Morning) -> None:
        await apply(centre, await plan(centre, closed(centre.site)))
        assert not (await now_of(centre, morning.patients[0].id)).late
        refused = await refusal(centre.session(await centre.doctor(), "14:00", "15:00", now=AT_DAWN))
        assert refused.problem is problems.SITE_CLOSED

    async def test_other_hours_of_a_session_are_those_that_were_asked_for(
        self, centre: Centre, morning: Morning
    ) -> None:
        planned = await plan(centre, new_hours(morning.session, "09:20", "13:00"))
        assert (await apply(centre, planned)).done == {"moved": 1}
        async with centre.transaction() as tx:
            changed = await sessions.get(tx, morning.session.id)
        assert changed is not None
        assert changed.session.period == Interval(monday("09:20"), monday("13:00"))

    async def test_who_waits_for_a_call_gives_room_and_practitioner_back_but_not_the_patients_own_hour(
        self, centre: Centre, morning: Morning, booking_database: ServiceDatabase
    ) -> None:
        planned = await plan(centre, away(morning.session.professional))
        await apply(centre, planned, Application(DefaultPolicy.CALL))
        assert await blocking(booking_database, *(each.id for each in morning.patients)) == 3

    async def test_a_hold_in_the_way_is_given_up(self, centre: Centre, morning: Morning) -> None:
        hold = await centre.hold(morning.session, "10:00", now=AT_DAWN)
        await apply(centre, await plan(centre, away(morning.session.professional)))
        assert (await now_of(centre, hold.id)).state is State.CANCELLED

    async def test_whose_hour_has_begun_is_called_for_no_text_would_come_in_time(
        self, centre: Centre, morning: Morning
    ) -> None:
        late = monday("09:05")
        planned = await plan(centre, away(morning.session.professional), late)
        assert planned.impact.figures["outcomes"]["cancel_and_tell"] == {
            "kept": 0,
            "moved": 0,
            "cancelled": 2,
            "call": 1,
        }
        done = await apply(centre, planned, Application(DefaultPolicy.CANCEL), late)
        assert done.done == {"cancelled": 2, "call": 1}

    async def test_a_plan_that_hits_nobody_is_over_at_once(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        done = await begin(centre, await plan(centre, away(session.professional)))
        assert (done.impact.state, done.done, done.still_open) == ("applied", {}, 0)


async def test_the_job_goes_on_with_what_is_open(centre: Centre, morning: Morning) -> None:
    planned = await plan(centre, away(morning.session.professional))
    await begin(centre, planned)
    assert (await progress(centre, planned)).still_open == 3
    await settle_impacts(centre.database, RULES, AT_DAWN)
    over = await progress(centre, planned)
    assert (over.impact.state, over.still_open) == ("applied", 0)
    assert Counter(over.done) == {"call": 3}
