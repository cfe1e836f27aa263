"""Booking over HTTP: answers, refusals that help, rights, idempotency."""

from typing import Any

import pytest

from smp.ids import new_id
from tests.booking.desk import Desk, session_body
from tests.booking.world import MONDAY, count_at, monday
from tests.support.api import bearer
from tests.support.databases import ServiceDatabase

EVERY_ROLE = (
    "secretary", "coordinator", "gp", "retired_gp", "intern", "nurse", "medical_assistant", "social_worker", "manager",
    "funder", "service",
)  # fmt: skip


async def test_a_whole_visit_over_http(desk: Desk) -> None:
    session = await desk.open_session()
    found = await desk.get(
        "/availability",
        site=desk.centre.site,
        kind="consultation",
        **{"from": "2027-01-11T00:00:00+01:00", "to": "2027-01-12T00:00:00+01:00"},
    )
    assert found.json()["slots"][0]["start"] == "2027-01-11T08:00:00Z"
    hold = (
        await desk.post("/holds", {"session": session, "start": monday("09:00").isoformat(), "kind": "consultation"})
    ).json()
    assert hold["state"] == "held"
    booked = await desk.post(
        "/appointments", {"hold": hold["appointment"], "patient": str(await desk.centre.patient())}
    )
    assert (booked.status_code, booked.json()["state"]) == (201, "booked")
    where = f"/appointments/{hold['appointment']}"
    moved = await desk.post(f"{where}/move", {"session": session, "start": monday("09:40").isoformat()})
    assert moved.json()["start"] == "2027-01-11T08:40:00Z"
    desk.clock.time = monday("09:30")
    assert (await desk.post(f"{where}/arrival")).json()["state"] == "arrived"
    desk.clock.time = monday("09:45")
    assert (await desk.post(f"{where}/start", role="gp")).json()["state"] == "in_consultation"
    done = await desk.post(f"{where}/completion", {"outcome": "follow_up"}, role="gp")
    assert (done.status_code, done.json()["outcome"]) == (200, "follow_up")
    day = (await desk.get(f"/sites/{desk.centre.site}/day", date=MONDAY)).json()
    assert [(line["state"], line["waited_minutes"]) for line in day["lines"]] == [("done", 15.0)]
    trail = (await desk.get(where)).json()["trail"]
    assert [step["state"] for step in trail] == ["held", "booked", "booked", "arrived", "in_consultation", "done"]


async def test_a_taken_slot_is_a_problem_in_french_with_three_alternatives_that_can_be_booked(desk: Desk) -> None:
    session = await desk.open_session()
    await desk.book(session, "10:00")
    refused = await desk.book(session, "10:00")
    problem = refused.json()
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert problem["type"] == "urn:smp:problem:slot-taken"
    assert problem["title"] == "Créneau déjà pris"
    assert len(problem["alternatives"]) == 3
    other = problem["alternatives"][0]
    patient = str(await desk.centre.patient())
    again = {"session": other["session"], "start": other["start"], "kind": "consultation", "patient": patient}
    assert (await desk.post("/appointments", again)).status_code == 201


async def test_the_same_key_gives_the_same_appointment_and_never_a_second_one(
    desk: Desk, booking_database: ServiceDatabase
) -> None:
    session, patient, key = await desk.open_session(), str(await desk.centre.patient()), f"key-{new_id()}"
    body = {"session": session, "start": monday("09:00").isoformat(), "kind": "consultation", "patient": patient}
    first = await desk.post("/appointments", body, key=key)
    second = await desk.post("/appointments", body, key=key)
    assert first.json() == second.json()
    assert second.headers["idempotency-replayed"] == "true"
    assert await count_at(booking_database, desk.centre.site) == 1
    other = await desk.post("/appointments", {**body, "start": monday("09:20").isoformat()}, key=key)
    assert other.json()["type"] == "urn:smp:problem:idempotency-key-reused"


async def test_a_rule_is_opened_with_its_sessions_and_its_days_off(desk: Desk) -> None:
    who = await desk.centre.doctor()
    body = {
        "site": str(desk.centre.site), "professional": str(who), "kinds": ["consultation"],
        "weekly": {"weekdays": [1]}, "start": "09:00", "end": "12:00", "valid_from": "2027-01-04",
    }  # fmt: skip
    answer = await desk.post("/session-rules", body, role="coordinator")
    assert answer.status_code == 201, answer.text
    assert [session["day"] for session in answer.json()["sessions"]][:2] == ["2027-01-04", "2027-01-11"]


async def test_an_intern_is_told_by_name_of_the_problem_when_nobody_supervises(desk: Desk) -> None:
    session = await desk.open_session(role="intern")
    assert (await desk.book(session, "09:00")).json()["type"] == "urn:smp:problem:no-supervisor"


@pytest.mark.parametrize(
    "changes",
    [
        {"start": "2027-02-30T09:00:00+01:00"},
        {"start": "2027-01-11T09:00:00"},
        {"kind": "Surgery!"},
        {"mode": "XX"},
        {"channel": "walk_in"},
        {"patient": "nobody"},
        {"unknown": 1},
        {"session": None},
        {"hold": "0199c0de-0000-7000-8000-000000000001"},
    ],
)
async def test_a_body_that_makes_no_sense_is_refused_and_nothing_is_saved(
    desk: Desk, booking_database: ServiceDatabase, changes: dict[str, Any]
) -> None:
    session = await desk.open_session()
    answer = await desk.book(session, "09:00", **changes)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:smp:problem:invalid-body"
    assert await count_at(booking_database, desk.centre.site) == 0


async def test_a_kind_that_the_territory_does_not_have_is_refused(desk: Desk) -> None:
    session = await desk.open_session()
    answer = await desk.book(session, "09:00", kind="surgery")
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:smp:problem:kind-unknown")


@pytest.mark.parametrize(
    "changes",
    [
        {"start": "12:00", "end": "09:00"},
        {"start": "25:00"},
        {"start": "09:00:30"},
        {"day": "2027-02-29"},
        {"kinds": []},
        {"slot_minutes": 7},
        {"room": "a\u0000b"},
    ],
)
async def test_a_session_that_makes_no_sense_is_refused(desk: Desk, changes: dict[str, Any]) -> None:
    body = session_body(desk.centre.site, await desk.centre.doctor())
    answer = await desk.post("/sessions", {**body, **changes})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:smp:problem:invalid-body")


async def test_the_two_nights_of_the_change_of_hour_have_a_clear_answer(desk: Desk) -> None:
    body = session_body(desk.centre.site, await desk.centre.doctor())
    missing = await desk.post("/sessions", {**body, "day": "2027-03-28", "start": "02:30", "end": "06:00"})
    assert missing.json()["type"] == "urn:smp:problem:hour-missing"
    twice = await desk.post("/sessions", {**body, "day": "2027-10-31", "start": "02:30", "end": "06:00"})
    assert twice.json()["start"] == "2027-10-31T00:30:00Z", "the first of the two"
    assert twice.json()["warnings"] == ["outside-opening-hours"]


async def test_cancelling_a_session_lists_who_is_expected(desk: Desk) -> None:
    session = await desk.open_session()
    booked = (await desk.book(session, "09:00")).json()
    refused = await desk.post(f"/sessions/{session}/cancellation", {"reason": "practitioner_away"})
    assert refused.status_code == 409
    assert [each["appointment"] for each in refused.json()["appointments"]] == [booked["appointment"]]
    body = {"reason": "practitioner_away", "cancel_appointments": True}
    done = await desk.post(f"/sessions/{session}/cancellation", body)
    assert done.json() == {"sessions": [session], "appointments": [booked["appointment"]], "without_place": 0}


class TestRights:
    """Sites, territories and compartments by hand; `test_rights.py` walks the whole table."""

    async def test_somebody_of_another_site_can_neither_read_nor_act(self, desk: Desk) -> None:
        session = await desk.open_session()
        booked = (await desk.book(session, "09:00")).json()["appointment"]
        for path, body in (
            (f"/appointments/{booked}/cancellation", {"by": "patient"}),
            (f"/sessions/{session}/cancellation", {"reason": "practitioner_away"}),
            ("/holds", {"session": session, "start": monday("10:00").isoformat(), "kind": "consultation"}),
            (f"/appointments/{booked}/move", {"session": session, "start": monday("10:00").isoformat()}),
        ):
            assert (await desk.post(path, body, site=new_id())).status_code == 403, path
        headers = bearer("secretary", site=new_id())
        assert (await desk.client.get(f"/v1/appointments/{booked}", headers=headers)).status_code == 403
        day = await desk.client.get(
            f"/v1/sites/{desk.centre.site}/day", params={"date": MONDAY.isoformat()}, headers=headers
        )
        assert day.status_code == 403

    async def test_another_territory_sees_nothing_at_all(self, desk: Desk) -> None:
        session = await desk.open_session()
        booked = (await desk.book(session, "09:00")).json()["appointment"]
        headers = bearer("secretary", territory="72")
        assert (await desk.client.get(f"/v1/appointments/{booked}", headers=headers)).status_code == 404
        answer = await desk.post(f"/appointments/{booked}/cancellation", {"by": "patient"}, territory="72", site="*")
        assert answer.status_code == 404

    async def test_a_doctor_sees_a_social_appointment_as_taken_time_only(self, desk: Desk) -> None:
        session = await desk.open_session(("social",), role="social_worker")
        refused = await desk.post(
            "/holds", {"session": session, "start": monday("09:00").isoformat(), "kind": "social"}, role="gp"
        )
        assert refused.status_code == 403
        booked = (await desk.book(session, "09:00", kind="social")).json()["appointment"]
        seen = (await desk.get(f"/appointments/{booked}", role="gp")).json()
        assert (seen["patient"], seen["kind"], seen["state"]) == (None, None, "booked")
        lines = (await desk.get(f"/sites/{desk.centre.site}/day", role="nurse", date=MONDAY)).json()["lines"]
        assert [(line["patient"], line["kind"]) for line in lines] == [(None, None)]
        assert (await desk.get(f"/appointments/{booked}", role="social_worker")).json()["kind"] == "social"
