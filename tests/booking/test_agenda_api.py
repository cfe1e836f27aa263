"""The agenda over HTTP: rules, sessions, closures, absences, presence."""

from typing import Any

import pytest

from smp.ids import new_id
from tests.booking.desk import Desk, session_body
from tests.booking.world import MONDAY, Centre, events_of
from tests.support.databases import ServiceDatabase

DECADE: dict[str, Any] = {"from": "2027-01-01", "to": "2037-01-01"}
WEEK: dict[str, Any] = {"from": MONDAY, "to": "2027-01-17"}


def rule_body(centre: Centre, who: object, **changes: Any) -> dict[str, Any]:
    return {
        "site": str(centre.site), "professional": str(who), "kinds": ["consultation"],
        "weekly": {"weekdays": [1]}, "start": "09:00", "end": "12:00", "valid_from": "2027-01-04", **changes,
    }  # fmt: skip


async def open_rule(desk: Desk, **changes: Any) -> Any:
    answer = await desk.post("/session-rules", rule_body(desk.centre, await desk.centre.doctor(), **changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_rule_reaches_half_a_year_ahead(desk: Desk) -> None:
    opened = await open_rule(desk)
    days = [session["day"] for session in opened["sessions"]]
    assert (days[0], days[-1]) == ("2027-01-04", "2027-07-05")
    assert [(each["day"], each["reason"]) for each in opened["skipped"]] == [
        ("2027-03-29", "public_holiday"), ("2027-05-17", "public_holiday"),
    ]  # fmt: skip


async def test_a_rule_of_the_month_is_opened_changed_ended_and_seen(desk: Desk) -> None:
    rule = (await open_rule(desk, weekly=None, monthly={"weekdays": [2], "nth": [1, -1]}))["rule"]
    changed = await desk.post(f"/session-rules/{rule}/change", {"from_day": "2027-02-01", "start": "08:00"})
    assert changed.status_code == 200, changed.text
    assert changed.json()["version"] == 2
    assert changed.json()["followed"]["changed"][0]["start"] == "2027-02-02T07:00:00Z"
    ended = await desk.post(f"/session-rules/{rule}/change", {"from_day": "2027-02-10", "ends": True})
    assert len(ended.json()["followed"]["cancelled"]) == 9
    (seen,) = (await desk.get("/session-rules", site=desk.centre.site)).json()["rules"]
    assert [(each["version"], each["nth"], each["ended"]) for each in seen["versions"]] == [
        (1, [-1, 1], False), (2, [-1, 1], False), (3, [-1, 1], True),
    ]  # fmt: skip


async def test_an_occurrence_is_changed_once_whatever_is_sent_twice(
    desk: Desk, booking_database: ServiceDatabase
) -> None:
    session = await desk.open_session()
    body, key = {"end": "11:00", "reason": "meeting"}, f"key-{new_id()}"
    first = await desk.post(f"/sessions/{session}/change", body, key=key)
    second = await desk.post(f"/sessions/{session}/change", body, key=key)
    assert first.status_code == 200, first.text
    assert first.json() == second.json()
    assert first.json()["end"] == "2027-01-11T10:00:00Z"
    assert await events_of(booking_database, first.json()["session"]) == [("SessionOpened", 1), ("SessionChanged", 2)]
    (seen,) = (await desk.get("/sessions", site=desk.centre.site, **WEEK)).json()["sessions"]
    assert (seen["edited"]["reason"], seen["version"], seen["state"]) == ("meeting", 2, "open")


async def test_a_closure_is_noted_seen_and_ended(desk: Desk) -> None:
    await open_rule(desk)
    body = {
        "site": str(desk.centre.site), "day": MONDAY.isoformat(), "start": "10:00", "end": "11:00", "reason": "works",
    }  # fmt: skip
    closed = await desk.post("/closures", body)
    assert closed.status_code == 201, closed.text
    assert [each["end"] for each in closed.json()["changed"]] == ["2027-01-11T09:00:00Z"]
    seen = (await desk.get("/sessions", site=desk.centre.site, **WEEK)).json()
    assert len(seen["sessions"]) == 2
    assert [(each["reason"], each["source"]) for each in seen["skipped"]] == [("closure", closed.json()["id"])]
    (listed,) = (await desk.get("/closures", site=desk.centre.site, **WEEK)).json()["closures"]
    assert (listed["id"], listed["reason"]) == (closed.json()["id"], "works")
    ended = await desk.post(f"/closures/{listed['id']}/end", {})
    assert ended.status_code == 200, ended.text
    assert (await desk.get("/closures", site=desk.centre.site, **WEEK)).json()["closures"] == []
    assert len((await desk.get("/sessions", site=desk.centre.site, **WEEK)).json()["sessions"]) == 1


async def test_an_absence_is_noted_seen_and_ended(desk: Desk) -> None:
    opened = await open_rule(desk)
    who = opened["sessions"][0]["professional"]
    body = {
        "site": str(desk.centre.site), "professional": who, "day": "2027-01-11", "last_day": "2027-01-24",
        "reason": "leave",
    }  # fmt: skip
    noted = await desk.post("/absences", body)
    assert noted.status_code == 201, noted.text
    assert len(noted.json()["sessions"]) == 2
    (listed,) = (await desk.get("/absences", site=desk.centre.site, **WEEK)).json()["closures"]
    back = await desk.post(f"/absences/{listed['id']}/end", {"from_day": "2027-01-18"})
    assert [each["day"] for each in back.json()["opened"]] == ["2027-01-18"]


async def test_presence_is_agreed_counted_and_exceeded_with_a_warning(desk: Desk) -> None:
    who = await desk.centre.doctor("retired_gp")
    terms = {
        "site": str(desk.centre.site), "professional": str(who), "contract_start": "2027-01-01",
        "wished_weekdays": [1], "weekly_cap": 1,
    }  # fmt: skip
    agreed = await desk.post("/presence-plans", terms, role="manager")
    assert (agreed.status_code, agreed.json()["version"]) == (200, 1), agreed.text
    body = {**session_body(desk.centre.site, who), "end": "17:00"}
    opened = (await desk.post("/sessions", body)).json()
    assert opened["warnings"] == ["over-weekly-cap"]
    assert opened["excess"]["over"] == [{"period": "2027-W02", "half_days": 2, "cap": 1, "over_by": 1}]
    (counted,) = (await desk.get("/presence", site=desk.centre.site, **WEEK)).json()["professionals"]
    assert (counted["weeks"], counted["over"][0]["over_by"]) == ({"2027-W02": 2}, 1)
    again = (await desk.post("/presence-plans", terms, role="manager")).json()
    assert (agreed.json()["over"], again["over"]) == ([], opened["excess"]["over"])


@pytest.mark.parametrize(
    "changes",
    [
        {"start": "20:00", "end": "02:00"},  # across midnight
        {"weekly": None},
        {"monthly": {"weekdays": [1], "nth": [1]}},
        {"weekly": None, "monthly": {"weekdays": [1], "nth": [0]}},
        {"weekly": {"weekdays": [8]}},
        {"weekly": {"weekdays": [1], "every_weeks": 0}},
        {"valid_until": "2026-12-31"},
        {"valid_from": "2027-02-30"},
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused(desk: Desk, changes: dict[str, Any]) -> None:
    answer = await desk.post("/session-rules", rule_body(desk.centre, await desk.centre.doctor(), **changes))
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:smp:problem:invalid-body"), answer.text


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"weekly": None, "dates": ["2026-12-01"], "valid_from": "2026-11-01"}, "rule-without-occurrence"),
        ({"weekly": {"weekdays": [1], "every_weeks": 53}, "valid_from": "2027-01-05", "valid_until": "2027-06-01"},
         "rule-without-occurrence"),
        ({"end": "09:10"}, "kind-too-long"),
        ({"start": "05:00", "end": "20:30"}, "session-too-long"),
        ({"kinds": ["social"]}, "kind-not-for-role"),
    ],
)  # fmt: skip
async def test_a_rule_that_leads_to_nothing_is_refused_by_name(desk: Desk, changes: dict[str, Any], slug: str) -> None:
    answer = await desk.post("/session-rules", rule_body(desk.centre, await desk.centre.doctor(), **changes))
    assert (answer.status_code, answer.json()["type"]) == (422, f"urn:smp:problem:{slug}"), answer.text
    assert (await desk.get("/session-rules", site=desk.centre.site)).json()["rules"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"from_day": "2027-02-01", "room": "1", "any_room": True},
        {"from_day": "2027-02-01", "valid_until": "2027-03-01", "without_end": True},
        {"from_day": "2027-02-01", "ends": True, "start": "08:00"},
        {"from_day": "2027-02-01", "weekly": {"weekdays": [1]}, "dates": ["2027-02-01"]},
    ],
)
async def test_a_change_that_contradicts_itself_is_refused(desk: Desk, body: dict[str, Any]) -> None:
    answer = await desk.post(f"/session-rules/{new_id()}/change", body)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:smp:problem:invalid-body"), answer.text


async def test_doctors_see_the_agenda_but_do_not_plan_and_strangers_do_neither(desk: Desk) -> None:
    opened = await open_rule(desk)
    where: dict[str, Any] = {"site": desk.centre.site, **WEEK}
    assert (await desk.get("/sessions", role="gp", **where)).status_code == 200
    assert (await desk.get("/session-rules", role="manager", site=desk.centre.site)).status_code == 200
    assert (await desk.get("/sessions", role="funder", **where)).status_code == 403
    assert (await desk.get("/sessions", **{**where, "site": new_id()})).status_code == 403
    for path in ("/closures", "/absences", "/presence"):
        assert (await desk.get(path, role="gp", **where)).status_code == 403, path
    change = {"from_day": "2027-02-01", "ends": True}
    assert (await desk.post(f"/session-rules/{opened['rule']}/change", change, role="gp")).status_code == 403
    stranger = await desk.post(f"/session-rules/{opened['rule']}/change", change, site=new_id())
    assert stranger.status_code == 403


async def test_no_session_lasts_more_than_fifteen_hours_not_even_on_the_long_day(desk: Desk) -> None:
    body = session_body(desk.centre.site, await desk.centre.doctor())
    refused = await desk.post("/sessions", {**body, "start": "00:00", "end": "23:00"})
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:smp:problem:session-too-long")
    longest = await desk.post("/sessions", {**body, "day": "2027-10-31", "start": "00:30", "end": "15:30"})
    assert longest.status_code == 201, longest.text


async def test_a_window_of_years_is_refused(desk: Desk) -> None:
    answer = await desk.get("/sessions", site=desk.centre.site, **DECADE)
    assert answer.json()["type"] == "urn:smp:problem:period-too-long"
