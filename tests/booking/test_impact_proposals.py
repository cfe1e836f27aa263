"""What a plan proposes: by video what a doctor does, to a follow-up who knows the patient, nothing to who has come."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from booking.domain.impact import instead_by_video
from booking.domain.kinds import Kind, KindBooks, Preparation
from booking.domain.platform_kinds import platform_kinds
from booking.domain.rules import Rules
from booking.store.impacts import Item
from booking.use_cases.appointments.mark_arrived import mark_arrived
from booking.use_cases.impact.apply_impact import Application, apply_impact
from booking.use_cases.impact.plan_impact import Planned
from booking.use_cases.impact.settle_impact import settle_impact
from tests.booking.desk import Desk
from tests.booking.impact import AT_DAWN, TUESDAY, away, begin, hours, line, now_of, plan, progress
from tests.booking.test_corrections_and_closing import step
from tests.booking.test_kinds_enforced import Place as Practice
from tests.booking.world import RULES, Centre, actor, monday, refusal, said_of
from tests.support.databases import ServiceDatabase

KINDS = {kind.code: kind for kind in platform_kinds()}
VIDEO_TOO = replace(KINDS["consultation"], modes=frozenset({"AMB", "VR"}))
BOTH_WAYS = replace(RULES, kinds=KindBooks((*({**KINDS, "consultation": VIDEO_TOO}.values()),)))


def ways(item: Item) -> list[tuple[UUID, str, str | None]]:
    """The session, the mode, and the kind where it becomes another one, of each proposal."""
    return [(each.session, each.mode, each.kind) for each in item.proposals]


async def carry_out(centre: Centre, planned: Planned, rules: Rules = RULES) -> dict[str, int]:
    """To the end, which must be as it was told."""
    async with centre.transaction() as tx:
        await apply_impact(tx, planned.impact.id, Application(), rules, actor=actor(site=centre.site), now=AT_DAWN)
    await settle_impact(centre.database, planned.impact.id, rules, AT_DAWN)
    done = (await progress(centre, planned)).done
    told = planned.impact.figures["outcomes"]["move_to_first_proposal"]
    assert {outcome: done.get(outcome, 0) for outcome in told} == told
    return done


class TestByVideo:
    async def test_a_consultation_becomes_a_teleconsultation_of_a_doctor_who_gives_them(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session = await centre.session(await centre.doctor())
        booked = [(await centre.book(session, hour)).appointment for hour in ("09:00", "09:20")]
        remote = await centre.session(await centre.doctor(), "14:00", "14:20", kinds=("teleconsultation",))
        tomorrow = await centre.session(await centre.doctor(), "09:00", "09:40", day=TUESDAY)
        planned = await plan(centre, away(session.professional))
        assert [ways(item) for item in planned.items] == [
            [(remote.id, "VR", "teleconsultation"), (tomorrow.id, "AMB", None)], [(tomorrow.id, "AMB", None)],
        ]  # fmt: skip
        assert await carry_out(centre, planned) == {"moved": 2}
        first, second = [await now_of(centre, each.id) for each in booked]
        assert (first.session, first.kind, first.mode) == (remote.id, "teleconsultation", "VR")
        assert (second.session, second.kind, second.mode) == (tomorrow.id, "consultation", "AMB")
        moved = (await said_of(booking_database, first.id))[-1]
        assert (moved["type"], moved["data"]["kind"], moved["data"]["mode"]) == ("SlotMoved", "teleconsultation", "VR")

    async def test_the_same_hour_by_video_is_a_proposal_and_keeps_nothing(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        await centre.book(session, "09:00")
        remote = await centre.session(await centre.doctor(), "09:00", "09:20", kinds=("teleconsultation",))
        (item,) = (await plan(centre, away(session.professional))).items
        assert (item.kept, ways(item)) == (None, [(remote.id, "VR", "teleconsultation")])

    async def test_where_the_kind_is_done_so_at_the_same_site_too(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        booked = (await centre.book(session, "09:00")).appointment
        other = await centre.session(await centre.doctor(), "14:00", "14:40")
        planned = await plan(centre, away(session.professional), rules=BOTH_WAYS)
        assert ways(planned.items[0]) == [(other.id, "AMB", None), (other.id, "VR", None)]
        assert hours(planned.items[0]) == ["14:00", "14:20"]
        assert await carry_out(centre, planned, BOTH_WAYS) == {"moved": 1}
        assert (await now_of(centre, booked.id)).mode == "AMB"

    async def test_what_is_done_with_the_hands_stays_where_it_is_done(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor("nurse"), kinds=("nurse_care",))
        await centre.book(session, "09:00", kind="nurse_care")
        await centre.session(await centre.doctor(), "14:00", "14:40", kinds=("teleconsultation",))
        assert [item.places for item in (await plan(centre, away(session.professional))).items] == [()]

    async def test_a_visit_at_home_is_not_replaced(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor(), kinds=("home_visit",))
        await centre.book(session, "09:20", kind="home_visit")
        await centre.session(await centre.doctor(), "14:00", "14:40", kinds=("teleconsultation",))
        assert [item.places for item in (await plan(centre, away(session.professional))).items] == [()]

    async def test_the_secretary_reads_the_kind(self, desk: Desk) -> None:
        session = await desk.centre.session(await desk.centre.doctor())
        await desk.book(str(session.id), "09:00")
        await desk.centre.session(await desk.centre.doctor(), "14:00", "14:20", kinds=("teleconsultation",))
        desk.clock.time = AT_DAWN
        absence = {
            "kind": "absence", "reason": "practitioner_away", "professional": str(session.professional),
            "start": AT_DAWN.isoformat(), "end": monday("23:00").isoformat(),
        }  # fmt: skip
        (item,) = (await desk.post("/impacts", absence)).json()["items"]
        assert [(each["mode"], each["kind"]) for each in item["proposals"]] == [("VR", "teleconsultation")]

    @pytest.mark.parametrize(
        ("of", "by"),
        [
            ({"equipment": frozenset({"suture"})}, {}),
            ({"wants_room": True}, {}),
            ({"preparation": Preparation(timedelta(minutes=10))}, {}),
            ({"capacity_class": "same_day"}, {}),
            ({"compartment": "silent"}, {}),
            ({"wants_eligibility": False}, {}),
            ({"roles": frozenset({"nurse"})}, {}),
            ({}, {"follow_up_only": True}),
            ({}, {"running_cap": 1}),
        ],
    )
    def test_only_what_asks_for_no_more_takes_its_place(self, of: dict[str, Any], by: dict[str, Any]) -> None:
        seen, remote = KINDS["consultation"], KINDS["teleconsultation"]
        assert instead_by_video(seen, [remote]) == [remote]
        assert instead_by_video(replace(seen, **of), [replace(remote, **by)]) == []

    async def test_a_minor_emergency_is_seen_on_site_that_day_or_somebody_calls(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        for hour in ("09:00", "09:20"):
            await centre.book(session, hour, kind="minor_emergency")
        here = await centre.session(await centre.doctor(), "14:00", "14:20")
        await centre.session(await centre.doctor(), "15:00", "15:40", kinds=("teleconsultation",))
        planned = await plan(centre, away(session.professional))
        assert [ways(item) for item in planned.items] == [[(here.id, "AMB", None)], []]
        assert await carry_out(centre, planned) == {"moved": 1, "call": 1}

    def test_what_is_done_by_video_itself_needs_no_other_kind_for_it(self) -> None:
        remote: Kind = KINDS["teleconsultation"]
        assert instead_by_video(VIDEO_TOO, [VIDEO_TOO, remote]) == [remote]


async def test_a_follow_up_is_proposed_with_those_who_know_the_patient_only(centre: Centre) -> None:
    before = Practice(centre)
    gone, _, known = [await before.session() for _ in range(3)]
    follow_up = Practice(centre, follow_up_only=True)
    patient = await centre.patient()
    for session, hour in ((gone, "09:00"), (known, "09:20")):
        await before.see(await before.book(session, hour, patient=patient))
    await follow_up.book(gone, "11:00", patient=patient)
    (item,) = (await plan(centre, away(gone.professional, "10:00"), rules=follow_up.rules)).items
    assert [each.session for each in item.places] == [known.id]


async def test_who_has_come_is_moved_by_no_plan(centre: Centre) -> None:
    session = await centre.session(await centre.doctor())
    waits, expected = [(await centre.book(session, hour)).appointment.id for hour in ("09:00", "09:20")]
    await centre.session(await centre.doctor())
    await step(centre, mark_arrived, waits, "07:30")
    planned = await plan(centre, away(session.professional))
    found = {item.appointment: item.places for item in planned.items}
    assert found[waits] == ()
    assert len(found[expected]) == 1
    assert await carry_out(centre, planned) == {"kept": 1, "call": 1}


async def test_a_plan_of_a_coordinator_of_two_sites_is_carried_out_by_a_secretary_of_the_one_that_is_hit(
    booking_database: ServiceDatabase,
) -> None:
    here, there = [await Centre(booking_database.database, territory="85").open() for _ in range(2)]
    session = await here.session(await here.doctor())
    booked = (await here.book(session, "09:00")).appointment
    elsewhere = await there.session(await there.doctor(), "14:00", "14:20")
    of_both = replace(actor("coordinator", territory="85"), sites=frozenset({str(here.site), str(there.site)}))
    planned = await plan(here, away(session.professional), who=of_both)
    assert ways(planned.items[0]) == [(elsewhere.id, "AMB", None)]
    of_the_other = actor(site=there.site, territory="85")
    assert (await refusal(begin(here, planned, who=of_the_other))).problem.slug == "forbidden"
    await begin(here, planned, who=actor(site=here.site, territory="85"))
    await settle_impact(here.database, planned.impact.id, RULES, AT_DAWN)
    assert (await now_of(here, booked.id)).session == elsewhere.id


class TestOnePatientTwice:
    """Whatever becomes of the one, the places of the other can still be had."""

    async def test_is_not_promised_two_places_of_one_hour(self, centre: Centre) -> None:
        patient, session = await centre.patient(), await centre.session(await centre.doctor())
        for hour in ("09:00", "09:20"):
            await centre.book(session, hour, patient)
        for _ in range(2):
            await centre.session(await centre.doctor(), "14:00", "14:40")
        planned = await plan(centre, away(session.professional))
        assert [hours(item) for item in planned.items] == [["14:00", "14:00"], ["14:20", "14:20"]]
        assert await carry_out(centre, planned) == {"moved": 2}

    async def test_is_not_proposed_the_hour_of_another_appointment_that_stands_until_somebody_has_called(
        self, centre: Centre
    ) -> None:
        patient = await centre.patient()
        session = await centre.session(await centre.doctor(), kinds=("consultation", "protected"))
        medical = (await centre.book(session, "09:00", patient)).appointment
        await centre.book(session, "09:20", patient, kind="protected")
        await centre.session(await centre.doctor(), "09:20", "10:20")
        planned = await plan(centre, away(session.professional))
        assert hours(line(planned, medical)) == ["10:00"], "half an hour from 09:20 on is taken"
        assert await carry_out(centre, planned) == {"moved": 1, "call": 1}
