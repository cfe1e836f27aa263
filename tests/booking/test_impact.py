"""A change of the agenda, asked first: who is hit, what is proposed, and what a changed world makes of it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from booking import problems
from booking.domain.appointments import Appointment, State
from booking.domain.impact import Change, ChangeKind, Decision, DefaultPolicy
from booking.domain.intervals import Interval
from booking.domain.kinds import KindBooks
from booking.domain.platform_kinds import platform_kinds
from booking.use_cases.appointments.cancel_appointment import CancelRequest, cancel_appointment
from booking.use_cases.impact.apply_impact import Application, Choice, apply_impact
from booking.use_cases.impact.plan_impact import Planned
from booking.use_cases.impact.settle_impact import settle_impact
from smp.contracts import PatientContactChanged, PatientErased
from smp.ids import new_id
from tests.booking.impact import (
    AT_DAWN,
    BY_POLICY,
    TUESDAY,
    Morning,
    apply,
    away,
    begin,
    closed,
    hours,
    line,
    new_hours,
    now_of,
    plan,
    progress,
)
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


async def landline_of(centre: Centre, it: Appointment) -> None:
    """From now on no text reaches the patient."""
    assert it.patient is not None
    contact = {"patient": it.patient, "reachable_by_text": False, "text_consent": True, "sealed": {"contact": "QUJD"}}
    await centre.hear(it.patient, PatientContactChanged.model_validate(contact))


class TestTheDryRun:
    async def test_it_says_who_is_hit_and_changes_nothing(
        self, centre: Centre, morning: Morning, booking_database: ServiceDatabase
    ) -> None:
        planned = await plan(centre, away(morning.session.professional))
        assert [item.appointment for item in planned.items] == [each.id for each in morning.patients]
        assert planned.impact.figures["hit"] == 3
        assert await events_of(booking_database, morning.session.id) == [("SessionOpened", 1)]
        assert [(await now_of(centre, each.id)).version for each in morning.patients] == [1, 1, 1]

    async def test_a_colleague_who_is_free_at_the_same_hour_keeps_the_appointment(
        self, centre: Centre, morning: Morning
    ) -> None:
        colleague = await centre.session(await centre.doctor("retired_gp"), "09:00", "09:20")
        planned = await plan(centre, away(morning.session.professional))
        kept = line(planned, morning.patients[0]).kept
        assert kept is not None
        assert kept.session == colleague.id
        assert [item.kept for item in planned.items[1:]] == [None, None]
        assert (planned.impact.figures["kept"], planned.impact.figures["displaced"]) == (1, 2)

    async def test_the_others_are_proposed_two_places_nobody_the_same(self, centre: Centre, morning: Morning) -> None:
        await centre.session(await centre.doctor(), "14:00", "14:40")
        await centre.session(await centre.doctor(), "09:00", "10:00", day=TUESDAY)
        planned = await plan(centre, away(morning.session.professional))
        assert hours(*planned.items) == ["14:00", "09:00", "14:20", "09:20", "09:40"]
        assert planned.impact.figures["without_proposal"] == 0

    async def test_what_is_left_of_a_shortened_session_is_proposed(self, centre: Centre, morning: Morning) -> None:
        planned = await plan(centre, new_hours(morning.session, "09:20", "10:20"))
        assert [item.appointment for item in planned.items] == [morning.patients[0].id]
        assert hours(*planned.items) == ["10:00"]

    async def test_an_absence_in_the_middle_leaves_both_ends(self, centre: Centre, morning: Morning) -> None:
        planned = await plan(centre, away(morning.session.professional, "09:20", "09:40"))
        assert [item.appointment for item in planned.items] == [morning.patients[1].id]
        assert hours(*planned.items) == ["10:00", "10:20"]

    async def test_whoever_a_text_cannot_reach_is_counted_as_a_call(self, centre: Centre, morning: Morning) -> None:
        await landline_of(centre, morning.patients[0])
        figures = (await plan(centre, away(morning.session.professional))).impact.figures
        assert (figures["reachable_by_text"], figures["calls"]) == (2, 1)

    async def test_the_interns_patients_are_hit_when_their_only_supervisor_goes(self, centre: Centre) -> None:
        one, other = await centre.doctor(), await centre.doctor()
        await centre.session(one)
        await centre.session(other, "09:00", "10:00")
        session = await centre.session(await centre.intern_of(one, other))
        covered = (await centre.book(session, "09:20")).appointment
        uncovered = (await centre.book(session, "10:20")).appointment
        period = Interval(monday("08:00"), monday("13:00"))
        planned = await plan(centre, Change(ChangeKind.SUPERVISOR_GONE, "called_away", professional=one, period=period))
        assert [item.appointment for item in planned.items] == [uncovered.id]
        assert covered.id not in {item.appointment for item in planned.items}

    async def test_of_three_interns_of_whom_one_supervisor_may_keep_two_the_latest_booked_is_hit(
        self, centre: Centre
    ) -> None:
        one, other = await centre.doctor(), await centre.doctor()
        for supervisor in (one, other):
            await centre.session(supervisor)
        booked = []
        for minutes in (2, 0, 1):
            session = await centre.session(await centre.intern_of(one, other))
            booked.append((await centre.book(session, "09:20", now=NOW + timedelta(minutes=minutes))).appointment)
        planned = await plan(centre, away(one))
        assert [item.appointment for item in planned.items] == [booked[0].id]

    async def test_another_site_is_proposed_only_by_those_who_work_there_too_and_by_video_where_the_kind_is_done_so(
        self, booking_database: ServiceDatabase
    ) -> None:
        here, there = [await Centre(booking_database.database, territory="85").open() for _ in range(2)]
        kinds = {kind.code: kind for kind in platform_kinds()}
        kinds["consultation"] = replace(kinds["consultation"], modes=frozenset({"AMB", "VR"}))
        rules = replace(RULES, kinds=KindBooks(tuple(kinds.values())))
        session = await here.session(await here.doctor())
        patient = (await here.book(session, "09:00")).appointment
        await there.session(await there.doctor(), "14:00", "14:40")
        both = replace(actor(territory="85"), sites=frozenset({str(here.site), str(there.site)}))
        assert (
            await plan(
                here, away(session.professional), rules=rules, who=replace(both, sites=frozenset({str(here.site)}))
            )
        ).items[0].proposals == ()
        planned = await plan(here, away(session.professional), rules=rules, who=both)
        assert [(each.site, each.mode) for each in planned.items[0].proposals] == [
            (there.site, "VR"), (there.site, "AMB"),
        ]  # fmt: skip
        async with here.transaction() as tx:
            await apply_impact(tx, planned.impact.id, BY_POLICY, rules, actor=both, now=AT_DAWN)
        await settle_impact(here.database, planned.impact.id, rules, AT_DAWN)
        moved = await now_of(here, patient.id)
        assert (moved.site, moved.mode, moved.period.start) == (there.site, "VR", monday("14:00"))

    async def test_a_closed_site_hits_everybody_there_and_an_appointment_elsewhere_stays(
        self, centre: Centre, morning: Morning, booking_database: ServiceDatabase
    ) -> None:
        other = await Centre(booking_database.database).open()
        await other.book(await other.session(await other.doctor()), "09:00")
        second = await centre.session(await centre.doctor(), "14:00", "16:00")
        late = (await centre.book(second, "15:00")).appointment
        planned = await plan(centre, closed(centre.site))
        assert {item.appointment for item in planned.items} == {late.id, *(each.id for each in morning.patients)}
        assert planned.impact.figures["without_proposal"] == 4

    async def test_a_silent_appointment_is_never_moved_by_a_plan_and_never_told_of(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session = await centre.session(await centre.doctor(), kinds=("protected",))
        await centre.session(await centre.doctor(), kinds=("protected",))
        patient = (await centre.book(session, "09:00", kind="protected")).appointment
        planned = await plan(centre, away(session.professional))
        assert (planned.items[0].places, planned.impact.figures["calls"]) == ((), 1)
        assert (await apply(centre, planned)).done == {"call": 1}
        *_, said = await said_of(booking_database, patient.id)
        assert (said["type"], said["sequence"], said["data"]["compartment"]) == ("CallRequested", 2, "silent")

    async def test_a_silent_appointment_ends_as_a_call_even_where_all_are_cancelled(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session = await centre.session(await centre.doctor(), kinds=("protected",))
        patient = (await centre.book(session, "09:00", kind="protected")).appointment
        planned = await plan(centre, away(session.professional))
        assert planned.impact.figures["outcomes"]["cancel_and_tell"]["call"] == 1
        by_hand = Application(DefaultPolicy.CANCEL, {patient.id: Choice(Decision.CANCEL)})
        assert (await refusal(begin(centre, planned, by_hand))).problem is problems.IMPACT_DECISION
        assert (await apply(centre, planned, Application(DefaultPolicy.CANCEL))).done == {"call": 1}
        assert await events_of(booking_database, patient.id) == [("SlotBooked", 1), ("CallRequested", 2)]
        assert (await now_of(centre, patient.id)).state is State.BOOKED

    async def test_hours_that_would_meet_another_session_are_refused_before_anything_is_planned(
        self, centre: Centre, morning: Morning
    ) -> None:
        await centre.session(morning.session.professional, "14:00", "16:00")
        refused = await refusal(plan(centre, new_hours(morning.session, "09:00", "14:20")))
        assert refused.problem is problems.SESSION_OVERLAP

    async def test_a_session_across_midnight_is_refused_before_anything_is_planned(
        self, centre: Centre, morning: Morning
    ) -> None:
        hours = Interval(monday("09:00"), paris(TUESDAY, "10:00"))
        refused = await refusal(plan(centre, replace(new_hours(morning.session, "09:00", "12:00"), period=hours)))
        assert refused.problem is problems.END_BEFORE_START
        until_midnight = Interval(monday("09:00"), paris(TUESDAY, "00:00"))
        await plan(centre, replace(new_hours(morning.session, "09:00", "12:00"), period=until_midnight))

    async def test_a_patient_is_not_proposed_an_hour_at_which_they_are_expected_elsewhere(
        self, centre: Centre, morning: Morning
    ) -> None:
        colleague = await centre.session(await centre.doctor(), "14:00", "14:40")
        await centre.book(colleague, "14:00", morning.patients[0].patient)
        planned = await plan(centre, away(morning.session.professional))
        assert hours(planned.items[0]) == ["14:20"]

    async def test_who_is_with_the_practitioner_is_finished_with_first(self, centre: Centre, morning: Morning) -> None:
        first = morning.patients[0]
        async with centre.transaction() as tx:
            await tx.execute("UPDATE appointment SET state = 'in_consultation' WHERE id = $1", first.id)
        refused = await refusal(plan(centre, away(morning.session.professional)))
        assert refused.problem is problems.IN_CONSULTATION
        assert refused.extensions["appointments"][0]["appointment"] == str(first.id)

    async def test_a_site_where_one_does_not_work_is_refused(self, centre: Centre, morning: Morning) -> None:
        stranger = actor(site=new_id())
        refused = await refusal(plan(centre, away(morning.session.professional), who=stranger))
        assert refused.problem.slug == "forbidden"

    async def test_what_is_not_known_is_said(self, centre: Centre) -> None:
        period = Interval(monday("08:00"), monday("13:00"))
        unknown = {
            problems.PROFESSIONAL_UNKNOWN: away(new_id()),
            problems.SITE_UNKNOWN: closed(new_id()),
            problems.SESSION_UNKNOWN: Change(ChangeKind.SESSION_CHANGE, "x", session=new_id(), period=period),
        }
        for problem, change in unknown.items():
            assert (await refusal(plan(centre, change, who=SECRETARY))).problem is problem

    async def test_hours_that_a_session_has_already_are_refused(self, centre: Centre, morning: Morning) -> None:
        same = Change(ChangeKind.SESSION_CHANGE, "shortened", session=morning.session.id, period=morning.session.period)
        assert (await refusal(plan(centre, same))).problem is problems.NOTHING_TO_CHANGE

    async def test_a_year_of_absence_is_planned_and_more_is_refused(self, centre: Centre, morning: Morning) -> None:
        who = morning.session.professional
        year = Interval(AT_DAWN, AT_DAWN + timedelta(days=366))
        leave = Change(ChangeKind.ABSENCE, "leave", professional=who, period=year)
        assert len((await plan(centre, leave)).items) == 3
        longer = replace(leave, period=Interval(AT_DAWN, year.end + timedelta(minutes=1)))
        assert (await refusal(plan(centre, longer))).problem is problems.PERIOD_TOO_LONG


class TestAChangedWorld:
    async def refused(
        self, centre: Centre, planned: Planned, now: datetime = AT_DAWN, how: Application = BY_POLICY
    ) -> dict[str, list[object]]:
        refused = await refusal(begin(centre, planned, how, now))
        assert refused.problem is problems.IMPACT_CHANGED
        assert (await progress(centre, planned)).impact.state == "planned"
        difference: dict[str, list[object]] = refused.extensions["difference"]
        return difference

    async def test_a_new_booking_is_told(self, centre: Centre, morning: Morning) -> None:
        planned = await plan(centre, away(morning.session.professional))
        new = (await centre.book(morning.session, "11:00", now=AT_DAWN)).appointment
        assert await self.refused(centre, planned) == {"newly_hit": [str(new.id)]}

    async def test_a_patient_who_has_cancelled_meanwhile_is_told(self, centre: Centre, morning: Morning) -> None:
        planned = await plan(centre, away(morning.session.professional))
        gone = morning.patients[1].id
        async with centre.transaction() as tx:
            await cancel_appointment(tx, gone, CancelRequest("patient"), RULES, actor=SECRETARY, now=AT_DAWN)
        assert await self.refused(centre, planned) == {"no_longer_hit": [str(gone)]}

    async def test_a_promised_place_that_was_taken_is_told(self, centre: Centre, morning: Morning) -> None:
        colleague = await centre.session(await centre.doctor(), "14:00", "15:00")
        planned = await plan(centre, away(morning.session.professional))
        await centre.book(colleague, "14:20", now=AT_DAWN)
        [taken] = (await self.refused(centre, planned))["places_taken"]
        assert taken["place"]["start"] == monday("14:20").isoformat()  # type: ignore[index]

    async def test_a_patient_whom_a_text_reaches_no_more_is_told_unless_they_keep_their_hour(
        self, centre: Centre, morning: Morning
    ) -> None:
        await centre.session(await centre.doctor(), "09:00", "09:20")
        kept, displaced, _ = morning.patients
        planned = await plan(centre, away(morning.session.professional))
        for each in (kept, displaced):
            await landline_of(centre, each)
        assert await self.refused(centre, planned) == {"reached_otherwise": [str(displaced.id)]}
        again = await plan(centre, away(morning.session.professional))
        assert again.impact.figures["calls"] == planned.impact.figures["calls"] + 1
        await apply(centre, again)

    async def test_whoever_would_not_be_told_by_a_text_any_more_because_their_hour_has_come_is_told(
        self, centre: Centre, morning: Morning
    ) -> None:
        planned = await plan(centre, away(morning.session.professional))
        assert planned.impact.figures["outcomes"]["cancel_and_tell"]["cancelled"] == 3
        first, second, _ = [each.id for each in morning.patients]
        at, cancelled = monday("09:20"), Application(DefaultPolicy.CANCEL)
        assert await self.refused(centre, planned, at, cancelled) == {"begun": [str(first), str(second)]}
        by_hand = Application(DefaultPolicy.CANCEL, {first: Choice(Decision.CALL), second: Choice(Decision.CALL)})
        assert (await apply(centre, planned, by_hand, at)).done == {"call": 2, "cancelled": 1}

    async def test_an_hour_later_places_that_have_gone_by_are_told(self, centre: Centre, morning: Morning) -> None:
        await centre.session(await centre.doctor(), "08:00", "10:20")
        planned = await plan(centre, away(morning.session.professional))
        assert len((await self.refused(centre, planned, monday("09:10")))["places_taken"]) == 1

    async def test_a_session_changed_meanwhile_is_told(self, centre: Centre, morning: Morning) -> None:
        who = morning.session.professional
        early, late = await plan(centre, away(who, "11:00", "12:00")), await plan(centre, away(who, "10:40", "11:20"))
        await apply(centre, early)
        assert await self.refused(centre, late) == {"sessions": [str(morning.session.id)]}

    async def test_an_untouched_world_an_hour_later_is_as_good(self, centre: Centre, morning: Morning) -> None:
        planned = await plan(centre, away(morning.session.professional), monday("06:45"))
        assert (await apply(centre, planned)).still_open == 0


class TestSiteMoved:
    async def test_everybody_stays_and_whoever_no_text_reaches_is_called(
        self, centre: Centre, morning: Morning, booking_database: ServiceDatabase
    ) -> None:
        first = morning.patients[0]
        await landline_of(centre, first)
        planned = await plan(
            centre, Change(ChangeKind.SITE_MOVED, "new_address", site=centre.site, from_day=MONDAY), NOW
        )
        assert planned.impact.figures["calls"] == 1
        assert (await apply(centre, planned, now=NOW)).done == {"kept": 2, "call": 1}
        assert await events_of(booking_database, morning.session.id) == [("SessionOpened", 1)]
        assert (await events_of(booking_database, first.id))[-1] == ("CallRequested", 2)
        assert await blocking(booking_database, first.id) == 2, "the session takes place"

    @pytest.mark.usefixtures("morning")
    async def test_those_before_the_move_are_not_hit(self, centre: Centre) -> None:
        change = Change(ChangeKind.SITE_MOVED, "new_address", site=centre.site, from_day=TUESDAY)
        assert (await plan(centre, change, NOW)).items == ()


class TestReachability:
    async def test_an_erased_patient_is_reachable_no_more_whatever_is_heard_late(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        who = await centre.patient()
        await centre.hear(who, PatientErased(patient=who, erased_at=NOW), sequences=[5])
        changed = {"patient": who, "reachable_by_text": True, "text_consent": True, "sealed": {"contact": "QUJD"}}
        await centre.hear(who, PatientContactChanged.model_validate(changed), sequences=[3])
        async with booking_database.admin() as connection:
            row = await connection.fetchrow("SELECT * FROM patient_contact WHERE patient = $1", who)
        assert row is not None
        assert row["reachable_by_text"] is False
