"""A sick doctor at 7:45, as the secretary lives it: ask, look, do. Three commands, whatever the number of patients."""

from collections import Counter
from typing import Any

import pytest

from smp.contracts import PatientContactChanged
from smp.ids import new_id
from tests.booking.desk import Desk, session_body
from tests.booking.world import events_of, monday
from tests.support.databases import ServiceDatabase

HOURS = [f"{hour:02}:{minute:02}" for hour in range(9, 16) for minute in (0, 20, 40)]


@pytest.fixture
async def sick(desk: Desk) -> dict[str, Any]:
    """Twenty-one patients of one doctor, from nine to four; two colleagues with some room; it is 7:45."""
    who = await desk.centre.doctor()
    body = {**session_body(desk.centre.site, who), "end": "16:00"}
    session = (await desk.post("/sessions", body)).json()["session"]
    patients = [await desk.centre.patient() for _ in HOURS]
    booked = [(await desk.book(session, at, patient=str(p))).json() for at, p in zip(HOURS, patients, strict=True)]
    for start, end in (("09:00", "11:00"), ("16:00", "18:00")):
        body = session_body(desk.centre.site, await desk.centre.doctor("retired_gp"))
        assert (await desk.post("/sessions", {**body, "start": start, "end": end})).status_code == 201
    for patient in patients[::7]:  # a landline
        contact = {"patient": patient, "reachable_by_text": False, "text_consent": True, "sealed": {"contact": "QUJD"}}
        await desk.centre.hear(patient, PatientContactChanged.model_validate(contact))
    desk.clock.time = monday("07:45")
    return {"professional": str(who), "session": session, "booked": booked}


def absence(professional: str) -> dict[str, Any]:
    return {
        "kind": "absence",
        "reason": "practitioner_away",
        "professional": professional,
        "start": monday("07:45").isoformat(),
        "end": monday("23:00").isoformat(),
    }


async def test_a_sick_doctor_is_handled_with_three_commands_of_one_secretary(
    desk: Desk, sick: dict[str, Any], booking_database: ServiceDatabase
) -> None:
    dry = await desk.post("/impacts", absence(sick["professional"]))
    assert dry.status_code == 201, dry.text
    plan = dry.json()
    figures = plan["figures"]
    assert (figures["hit"], figures["kept"], figures["displaced"]) == (21, 6, 15)
    told = figures["outcomes"]["move_to_first_proposal"]
    assert told == {"kept": 6, "moved": 6, "cancelled": 0, "call": 9}
    looked = await desk.get(f"/impacts/{plan['impact']}")
    assert [item["appointment"] for item in looked.json()["items"]] == [it["appointment"] for it in sick["booked"]]
    assert Counter(item["told_by"] for item in looked.json()["items"]) == {"text": 18, "call": 3}
    done = await desk.post(f"/impacts/{plan['impact']}/application", {})
    assert done.status_code == 202, done.text
    after = (await desk.get(f"/impacts/{plan['impact']}")).json()
    assert (after["state"], after["open"]) == ("applied", 0)
    assert {"cancelled": 0, **after["done"]} == told
    waiting = [item for item in after["items"] if item["waiting"]]
    assert len(waiting) == 9
    assert await events_of(booking_database, sick["session"]) == [("SessionOpened", 1), ("SessionCancelled", 2)]


async def test_whoever_waits_for_a_call_is_listed_until_somebody_decides(desk: Desk, sick: dict[str, Any]) -> None:
    plan = (await desk.post("/impacts", absence(sick["professional"]))).json()
    await desk.post(f"/impacts/{plan['impact']}/application", {"policy": "call"})
    path = f"/impacts/{plan['impact']}"
    items = (await desk.get(path)).json()["items"]
    [first, *_] = [item for item in items if item["waiting"]]

    async def unsupported() -> set[str]:
        listed = (await desk.get(f"/sites/{desk.centre.site}/unsupported")).json()["appointments"]
        return {each["appointment"] for each in listed if each["reason"] == "place_lost"}

    assert await unsupported() == {item["appointment"] for item in items if item["waiting"]}
    await desk.post(f"/appointments/{first['appointment']}/cancellation", {"by": "patient"})
    still = [item["appointment"] for item in (await desk.get(path)).json()["items"] if item["waiting"]]
    assert first["appointment"] not in still
    assert await unsupported() == set(still)
    assert len(still) == sum(item["waiting"] for item in items) - 1


async def test_a_plan_applied_an_hour_later_in_a_changed_world_is_refused_with_the_difference(
    desk: Desk, sick: dict[str, Any]
) -> None:
    plan = (await desk.post("/impacts", absence(sick["professional"]))).json()
    gone = sick["booked"][4]["appointment"]
    await desk.post(f"/appointments/{gone}/cancellation", {"by": "patient"})
    desk.clock.time = monday("08:45")
    new = await desk.book(sick["session"], HOURS[4])
    assert new.status_code == 201, new.text
    refused = await desk.post(f"/impacts/{plan['impact']}/application", {})
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:smp:problem:impact-changed"
    difference = refused.json()["difference"]
    assert (difference["no_longer_hit"], difference["newly_hit"]) == ([gone], [new.json()["appointment"]])
    assert (await desk.get(f"/impacts/{plan['impact']}")).json()["state"] == "planned"


async def test_the_same_command_again_gives_the_same_answer_and_another_one_only_tells_the_progress(
    desk: Desk, sick: dict[str, Any]
) -> None:
    key = f"impact-{new_id()}"
    first = await desk.post("/impacts", absence(sick["professional"]), key=key)
    assert (await desk.post("/impacts", absence(sick["professional"]), key=key)).json() == first.json()
    path = f"/impacts/{first.json()['impact']}"
    assert (await desk.post(f"{path}/application", {})).json()["state"] == "applying"
    again = await desk.post(f"{path}/application", {"policy": "cancel_and_tell"})
    assert (again.status_code, again.json()["state"]) == (202, "applied")
    assert "cancelled" not in again.json()["done"]


async def test_lines_come_in_pages(desk: Desk, sick: dict[str, Any]) -> None:
    plan = (await desk.post("/impacts", absence(sick["professional"]))).json()
    page = (await desk.get(f"/impacts/{plan['impact']}", limit=15)).json()
    rest = (await desk.get(f"/impacts/{plan['impact']}", limit=15, after=page["next"])).json()
    assert (len(page["items"]), len(rest["items"]), rest["next"]) == (15, 6, None)


async def test_a_manager_plans_without_reading_who_is_hit(desk: Desk, sick: dict[str, Any]) -> None:
    plan = (await desk.post("/impacts", absence(sick["professional"]), role="manager")).json()
    assert {item["patient"] for item in plan["items"]} == {None}
    seen = (await desk.get(f"/impacts/{plan['impact']}")).json()
    assert None not in {item["patient"] for item in seen["items"]}


@pytest.mark.parametrize("role", ["gp", "nurse", "social_worker", "funder", "intern"])
async def test_who_does_not_plan_is_refused(desk: Desk, role: str) -> None:
    refused = [
        await desk.post("/impacts", absence(str(new_id())), role=role),
        await desk.post(f"/impacts/{new_id()}/application", {}, role=role),
        await desk.get(f"/impacts/{new_id()}", role=role),
    ]
    assert {answer.status_code for answer in refused} == {403}


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "earthquake"},
        {"professional": None},
        {"session": str(new_id())},
        {"end": monday("07:00").isoformat()},
        {"kind": "site_moved"},
        {"reason": "he has the flu"},
        {"end": "2028-02-01T00:00:00Z"},
        {"start": "2027-01-11T07:45:00"},
    ],
)
async def test_a_change_that_makes_no_sense_is_refused(desk: Desk, changes: dict[str, Any]) -> None:
    answer = await desk.post("/impacts", {**absence(str(new_id())), **changes})
    assert answer.status_code == 422, answer.text


async def test_what_is_not_known_is_said(desk: Desk) -> None:
    assert (await desk.post("/impacts", absence(str(new_id())))).status_code == 404
    assert (await desk.get(f"/impacts/{new_id()}")).status_code == 404
    assert (await desk.post(f"/impacts/{new_id()}/application", {})).status_code == 404


async def test_hours_are_whole_minutes_as_for_any_session(desk: Desk, sick: dict[str, Any]) -> None:
    late = {**absence(sick["professional"]), "start": monday("07:45").replace(second=30).isoformat()}
    assert (await desk.post("/impacts", late)).status_code == 422


async def test_decisions_that_contradict_each_other_are_refused(desk: Desk, sick: dict[str, Any]) -> None:
    plan = (await desk.post("/impacts", absence(sick["professional"]))).json()
    one = {"appointment": plan["items"][0]["appointment"], "decision": "call"}
    path = f"/impacts/{plan['impact']}/application"
    for decisions in ([one, {**one, "decision": "cancel"}], [{**one, "decision": "move", "proposal": 3}]):
        assert (await desk.post(path, {"decisions": decisions})).status_code == 422
    other = [{"appointment": str(new_id()), "decision": "call"}]
    refused = await desk.post(path, {"decisions": other})
    assert refused.json()["type"] == "urn:smp:problem:impact-decision-impossible"


async def test_a_site_where_one_does_not_work_is_neither_planned_nor_read(desk: Desk, sick: dict[str, Any]) -> None:
    plan = (await desk.post("/impacts", absence(sick["professional"]))).json()
    assert (await desk.post("/impacts", absence(sick["professional"]), site=new_id())).status_code == 403
    applied = await desk.post(f"/impacts/{plan['impact']}/application", {}, site=new_id())
    assert applied.status_code == 403
