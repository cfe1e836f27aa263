"""Input that is well formed and makes no sense, over HTTP: a clear answer that names what is wrong, nothing half done.

What an hour does to a dry run of an impact: `test_impact_api.py`, `test_impact.py`.
"""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.booking.desk import Desk, session_body
from tests.booking.test_agenda_api import WEEK, open_rule, rule_body
from tests.booking.test_deciding_kinds import TODAY, code, decide, session_for
from tests.booking.world import MONDAY, Centre, count_at, monday
from tests.support.databases import ServiceDatabase

ACROSS_MIDNIGHT = (
    {"start": "20:00", "end": "02:00"},
    {"start": "20:00", "end": "00:00"},
    {"start": "09:00", "end": "09:00"},
)


def refused(answer: Any, status: int = 422) -> str:
    """The name of the problem."""
    assert answer.status_code == status, answer.text
    name: str = answer.json()["type"].removeprefix("urn:smp:problem:")
    return name


class TestARule:
    async def test_without_end_reaches_the_horizon_and_no_further(self, desk: Desk) -> None:
        opened = await open_rule(desk, weekly={"weekdays": [3]})
        days = [date.fromisoformat(session["day"]) for session in opened["sessions"]]
        assert max(days) - TODAY <= timedelta(weeks=26)
        assert [following - day for day, following in pairwise(days)] == [timedelta(weeks=1)] * 25

    @pytest.mark.parametrize(
        "when",
        [
            {"weekly": None, "monthly": {"weekdays": [1], "nth": [5]}, "valid_until": "2027-01-31"},
            {"weekly": None, "dates": ["2026-12-28"], "valid_from": "2026-12-01"},
            {"weekly": {"weekdays": [7]}, "valid_until": "2027-01-09"},
        ],
    )
    async def test_without_occurrence_is_refused_by_name_and_not_kept(self, desk: Desk, when: dict[str, Any]) -> None:
        answer = await desk.post("/session-rules", rule_body(desk.centre, await desk.centre.doctor(), **when))
        assert refused(answer) == "rule-without-occurrence"
        assert (await desk.get("/session-rules", site=desk.centre.site)).json()["rules"] == []


@pytest.mark.parametrize("hours", ACROSS_MIDNIGHT)
async def test_a_session_across_midnight_is_neither_opened_nor_made_by_a_rule_or_a_change(
    desk: Desk, hours: dict[str, str]
) -> None:
    who = await desk.centre.doctor()
    assert refused(await desk.post("/sessions", {**session_body(desk.centre.site, who), **hours})) == "invalid-body"
    assert refused(await desk.post("/session-rules", rule_body(desk.centre, who, **hours))) == "invalid-body"
    session = await desk.open_session()
    changed = await desk.post(f"/sessions/{session}/change", {**hours, "reason": "meeting"})
    assert refused(changed) in {"invalid-body", "end-before-start"}
    seen = await desk.get("/sessions", site=desk.centre.site, **WEEK)
    assert [(each["session"], each["version"]) for each in seen.json()["sessions"]] == [(session, 1)]


class TestAKindLongerThanAnySession:
    async def test_is_not_decided(self, desk: Desk) -> None:
        longest: dict[str, Any] = {"roles": ["gp"], "duration_minutes": 15 * 60}
        assert (await decide(desk, code(), TODAY, **longest)).status_code == 201
        for longer in ({"duration_minutes": 15 * 60 + 5}, {"buffer_before_minutes": 5}, {"buffer_after_minutes": 5}):
            answer = await decide(desk, code(), TODAY, **{**longest, **longer})
            assert refused(answer) == "kind-contradictory"
            assert answer.json()["fault"] == "duration"

    async def test_than_the_one_it_is_for_is_refused_when_that_is_opened_changed_or_made_by_a_rule(
        self, desk: Desk
    ) -> None:
        """From the Monday after on; before, the kind fits."""
        kind, after = code(), MONDAY + timedelta(weeks=1)
        await decide(desk, kind, TODAY, duration_minutes=20, roles=["gp"])
        await decide(desk, kind, after, duration_minutes=185)
        session = await session_for(desk, kind)  # of three hours
        who = await desk.centre.doctor()
        body = {**session_body(desk.centre.site, who, (kind,)), "day": after.isoformat()}
        assert refused(await desk.post("/sessions", body)) == "kind-too-long"
        moved = await desk.post(f"/sessions/{session}/change", {"day": after.isoformat(), "reason": "meeting"})
        assert refused(moved) == "kind-too-long"
        rule = rule_body(desk.centre, who, kinds=[kind], valid_from=after.isoformat())
        assert refused(await desk.post("/session-rules", rule)) == "kind-too-long"


class TestAFamilyLargerThanTheRoom:
    @pytest.fixture
    async def body(self, desk: Desk) -> dict[str, Any]:
        """Eight who come together, where there are three places at one doctor's and three at another's."""
        for _ in range(2):
            await desk.centre.session(await desk.centre.doctor(), "09:00", "10:00")
        return {
            "site": str(desk.centre.site), "kind": "consultation",
            "patients": [str(await desk.centre.patient()) for _ in range(8)],
            "start": monday("08:00").isoformat(), "end": monday("19:00").isoformat(),
        }  # fmt: skip

    async def test_is_refused_whole(self, desk: Desk, body: dict[str, Any], booking_database: ServiceDatabase) -> None:
        answer = await desk.post("/appointments/family", body)
        assert refused(answer, 409) == "family-does-not-fit"
        assert answer.json()["alternatives"] == []
        assert await count_at(booking_database, desk.centre.site) == 0

    async def test_is_refused_before_anything_is_looked_for_when_it_is_larger_than_any(
        self, desk: Desk, body: dict[str, Any]
    ) -> None:
        body["patients"].append(str(await desk.centre.patient()))
        assert refused(await desk.post("/appointments/family", body)) == "invalid-body"

    async def test_is_told_of_other_days_when_the_time_it_wishes_for_is_over(
        self, desk: Desk, body: dict[str, Any]
    ) -> None:
        await desk.centre.session(await desk.centre.doctor(), "09:00", "10:00", day=MONDAY + timedelta(days=1))
        desk.clock.time = monday("19:00")
        answer = await desk.post("/appointments/family", {**body, "patients": body["patients"][:2]})
        assert refused(answer, 409) == "family-does-not-fit"
        assert len(answer.json()["alternatives"]) == 1

    async def test_as_large_as_the_room_has_all_of_it(self, desk: Desk, body: dict[str, Any]) -> None:
        answer = await desk.post("/appointments/family", {**body, "patients": body["patients"][:6]})
        assert answer.status_code == 201, answer.text
        assert len({(each["professional"], each["start"]) for each in answer.json()["appointments"]}) == 6


class TestAYearOfAbsences:
    async def test_of_one_professional_is_noted_in_one_command_and_taken_back_in_another(self, desk: Desk) -> None:
        who = await desk.centre.doctor()
        opened = (
            await desk.post("/session-rules", rule_body(desk.centre, who, weekly={"weekdays": [1, 2, 3, 4, 5]}))
        ).json()
        body = {
            "site": str(desk.centre.site), "professional": str(who), "day": "2027-01-05", "last_day": "2028-01-04",
            "reason": "leave",
        }  # fmt: skip
        noted = await desk.post("/absences", body)
        assert noted.status_code == 201, noted.text
        assert len(noted.json()["sessions"]) == len(opened["sessions"]) - 1  # all but the one of today
        back = await desk.post(f"/absences/{noted.json()['id']}/end", {})
        assert back.status_code == 200, back.text
        assert len(back.json()["opened"]) == len(noted.json()["sessions"])

    async def test_of_every_day_one_by_one_are_each_noted_and_the_horizon_stays_empty(
        self, centre: Centre, desk: Desk
    ) -> None:
        who = await centre.doctor()
        for week in range(52):
            monday_of = MONDAY + timedelta(weeks=week)
            body = {
                "site": str(centre.site), "professional": str(who), "day": monday_of.isoformat(),
                "last_day": (monday_of + timedelta(days=6)).isoformat(), "reason": "leave",
            }  # fmt: skip
            assert (await desk.post("/absences", body)).status_code == 201
        opened = await desk.post("/session-rules", rule_body(centre, who, weekly={"weekdays": [1, 2, 3, 4, 5]}))
        assert opened.status_code == 201, opened.text
        assert [session["day"] for session in opened.json()["sessions"]] == [f"2027-01-0{day}" for day in range(4, 9)]
        assert {each["reason"] for each in opened.json()["skipped"]} <= {"absence", "public_holiday"}
