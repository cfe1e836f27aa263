"""The waiting list over HTTP: rights, compartments, idempotency, and the words that explain the order."""

from typing import Any
from uuid import UUID

import pytest

from smp.ids import new_id
from tests.booking.desk import Desk
from tests.booking.waiting import run_jobs
from tests.booking.world import monday
from tests.support.api import bearer


async def wait(desk: Desk, patient: str | None = None, **changes: Any) -> Any:
    """Put somebody on the list of the centre."""
    body = {
        "patient": patient or str(await desk.centre.patient()),
        "kinds": ["consultation"],
        "sites": [str(desk.centre.site)],
    }
    who = {name: changes.pop(name) for name in ("role", "key", "site", "subject") if name in changes}
    return await desk.post("/waiting-list", {**body, **changes}, **who)


async def freed_at_nine(desk: Desk) -> str:
    """A full hour of which nine o'clock has just been cancelled; returns the session."""
    session = await desk.open_session()
    booked = (await desk.book(session, "09:00")).json()["appointment"]
    for hour in range(9, 12):
        for minute in (0, 20, 40):
            if (hour, minute) != (9, 0):
                await desk.book(session, f"{hour:02}:{minute:02}")
    await desk.post(f"/appointments/{booked}/cancellation", {"by": "patient"})
    return session


async def offered(desk: Desk, entry: str) -> dict[str, Any]:
    await run_jobs(desk.centre, desk.clock.now())
    (offer,) = (await desk.get(f"/waiting-list/{entry}")).json()["offers"]
    return offer  # type: ignore[no-any-return]


async def test_from_the_call_to_the_appointment(desk: Desk) -> None:
    joined = await wait(desk, windows=[{"weekdays": [1], "start": "09:00", "end": "12:00"}])
    assert (joined.status_code, joined.json()["state"]) == (201, "waiting")
    entry = joined.json()["entry"]
    raised = await desk.post(f"/waiting-list/{entry}/priority", {"priority": "raised"}, role="gp")
    assert (raised.json()["priority"], raised.json()["priority_set_by"]) == ("raised", "a-gp")
    await freed_at_nine(desk)
    offer = await offered(desk, entry)
    (line,) = (await desk.get(f"/sites/{desk.centre.site}/waiting-list")).json()["lines"]
    assert (line["rank"], line["offer"]["offer"]) == (1, offer["offer"])
    accepted = await desk.post(f"/offers/{offer['offer']}/acceptance")
    assert accepted.status_code == 200, accepted.text
    assert accepted.json()["appointment"]["start"] == monday("09:00").isoformat().replace("+00:00", "Z")
    after = (await desk.get(f"/waiting-list/{entry}")).json()
    assert (after["state"], after["appointment"]) == ("booked", offer["appointment"])
    assert [step["what"] for step in after["trail"]] == ["joined", "priority_raised", "offered", "accepted"]
    assert (await desk.get(f"/sites/{desk.centre.site}/waiting-list")).json()["total"] == 0


async def test_an_answer_sent_twice_is_one_answer(desk: Desk) -> None:
    first, second = (await wait(desk)).json()["entry"], (await wait(desk)).json()["entry"]
    await freed_at_nine(desk)
    offer = (await offered(desk, first))["offer"]
    key = f"key-{new_id()}"
    answers = [await desk.post(f"/offers/{offer}/refusal", key=key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["idempotency-replayed"] == "true"
    again = await desk.post(f"/offers/{offer}/later")
    assert (again.status_code, again.json()["type"]) == (409, "urn:smp:problem:offer-over")
    assert (await offered(desk, second))["state"] == "running"


async def test_joining_sent_twice_is_one_entry(desk: Desk) -> None:
    patient, key = str(await desk.centre.patient()), f"key-{new_id()}"
    first = await wait(desk, patient, key=key)
    second = await wait(desk, patient, key=key)
    assert first.json() == second.json()
    assert (await wait(desk, patient)).json()["type"] == "urn:smp:problem:already-waiting"


async def test_wishes_change_and_the_place_in_the_order_stays(desk: Desk) -> None:
    entry = (await wait(desk)).json()
    body = {"kinds": ["minor_emergency"], "sites": entry["sites"], "video_accepted": True}
    changed = (await desk.post(f"/waiting-list/{entry['entry']}/wishes", body)).json()
    assert (changed["kinds"], changed["video_accepted"], changed["version"]) == (["minor_emergency"], True, 2)
    assert changed["waiting_since"] == entry["waiting_since"]
    left = await desk.post(f"/waiting-list/{entry['entry']}/departure", {"reason": "moved_away"})
    assert left.json()["state"] == "left"
    refused = await desk.post(f"/waiting-list/{entry['entry']}/wishes", body)
    assert refused.json()["type"] == "urn:smp:problem:waiting-list-entry-over"


async def test_the_list_is_read_page_by_page_in_order(desk: Desk) -> None:
    entries = [(await wait(desk)).json()["entry"] for _ in range(3)]
    await desk.post(f"/waiting-list/{entries[2]}/priority", {"priority": "high"}, role="nurse")
    where = f"/sites/{desk.centre.site}/waiting-list"
    first = (await desk.get(where, limit=2)).json()
    second = (await desk.get(where, limit=2, after=first["next"])).json()
    assert [line["entry"] for line in first["lines"] + second["lines"]] == [entries[2], entries[0], entries[1]]
    assert [line["rank"] for line in second["lines"]] == [3]
    assert (first["total"], second["next"]) == (3, None)


async def test_the_order_of_any_two_is_explained_in_plain_french(desk: Desk) -> None:
    first = (await wait(desk)).json()["entry"]
    second = (await wait(desk, waiting_since="2026-12-01")).json()["entry"]
    told = (await desk.get("/waiting-list/explanation", first=first, second=second)).json()
    assert (told["first_comes_first"], told["criterion"]) == (False, "waiting_since")
    assert told["sentences"][:3] == [
        "La seconde inscription passe avant la première.",
        "Les deux ont la même priorité (ordinaire).",
        "Elle attend depuis le 1er décembre 2026, l'autre depuis le 4 janvier 2027.",
    ]


async def test_nobody_gets_ahead_by_a_day_to_come(desk: Desk) -> None:
    assert (await wait(desk, waiting_since="2027-03-01")).json()["waiting_since"] == "2027-01-04"


@pytest.mark.parametrize(
    "changes",
    [
        {"kinds": []},
        {"sites": []},
        {"kinds": ["Consultation !"]},
        {"windows": [{"weekdays": [], "start": "09:00", "end": "12:00"}]},
        {"windows": [{"weekdays": [8], "start": "09:00", "end": "12:00"}]},
        {"windows": [{"weekdays": [1], "start": "12:00", "end": "09:00"}]},
        {
            "windows": [
                {"weekdays": [1], "start": "09:00", "end": "12:00", "first_day": "2027-02-01", "last_day": "2027-01-01"}
            ]
        },
        {"mobility": "walks"},
        {"priority": "high"},
    ],
)
async def test_wishes_that_make_no_sense_are_refused(desk: Desk, changes: dict[str, Any]) -> None:
    answer = await wait(desk, **changes)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:smp:problem:invalid-body")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"kinds": ["astrology"]}, "kind-unknown"),
        ({"kinds": ["consultation", "social"]}, "kinds-of-two-compartments"),
        ({"practitioners": [str(UUID(int=9))]}, "professional-unknown"),
        ({"patient": str(UUID(int=9))}, "patient-unknown"),
        ({"replaces": str(UUID(int=9))}, "nothing-to-replace"),
    ],
)
async def test_what_cannot_be_waited_for_is_refused_with_its_reason(
    desk: Desk, changes: dict[str, Any], problem: str
) -> None:
    assert (await wait(desk, **changes)).json()["type"] == f"urn:smp:problem:{problem}"


async def test_a_consultation_is_not_waited_for_by_who_has_a_doctor(desk: Desk) -> None:
    refused = await wait(desk, str(await desk.centre.patient("not_eligible")))
    assert refused.json()["type"] == "urn:smp:problem:patient-not-eligible"
    accepted = await wait(desk, str(await desk.centre.patient("unverified")))
    assert accepted.json()["warnings"] == ["eligibility-unverified"]


class TestWhoMay:
    async def test_only_a_clinician_says_how_urgent_medical_care_is(self, desk: Desk) -> None:
        entry = (await wait(desk)).json()["entry"]
        answers = {
            role: (await desk.post(f"/waiting-list/{entry}/priority", {"priority": "high"}, role=role)).status_code
            for role in ("secretary", "coordinator", "medical_assistant", "social_worker", "gp", "nurse")
        }
        assert [role for role, status in answers.items() if status == 200] == ["gp", "nurse"]
        assert {status for role, status in answers.items() if role not in ("gp", "nurse")} == {403}

    async def test_only_a_social_worker_says_how_urgent_social_care_is(self, desk: Desk) -> None:
        entry = (await wait(desk, kinds=["social"], role="social_worker")).json()["entry"]
        by_doctor = await desk.post(f"/waiting-list/{entry}/priority", {"priority": "high"}, role="gp")
        assert by_doctor.status_code == 403
        done = await desk.post(f"/waiting-list/{entry}/priority", {"priority": "high"}, role="social_worker")
        assert done.json()["priority"] == "high"

    async def test_to_a_doctor_somebody_who_waits_for_social_care_is_only_somebody(self, desk: Desk) -> None:
        entry = (await wait(desk, kinds=["social"], subject="desk")).json()["entry"]
        where = f"/sites/{desk.centre.site}/waiting-list"
        (line,) = (await desk.get(where, role="gp")).json()["lines"]
        assert (line["rank"], line["entry"], line["patient"], line["kinds"]) == (1, None, None, None)
        assert (await desk.get(f"/waiting-list/{entry}", role="gp")).status_code == 404
        assert (await desk.get(where, role="secretary")).json()["lines"][0]["entry"] == entry

    async def test_who_waits_for_something_silent_leaves_no_line_to_others(self, desk: Desk) -> None:
        await wait(desk, kinds=["protected"], subject="a-coordinator")
        known = (await wait(desk)).json()["entry"]
        path = f"/sites/{desk.centre.site}/waiting-list"
        seen = (await desk.get(path, role="coordinator")).json()
        assert ([line["rank"] for line in seen["lines"]], seen["total"]) == ([1, 2], 2)
        shown = (await desk.get(path)).json()
        assert ([(line["rank"], line["entry"]) for line in shown["lines"]], shown["total"]) == ([(1, known)], 1)

    async def test_another_site_neither_reads_nor_acts(self, desk: Desk) -> None:
        entry = (await wait(desk)).json()["entry"]
        assert (await wait(desk, site=new_id())).status_code == 403
        for path, body in (("departure", {"reason": "moved_away"}), ("priority", {"priority": "high"})):
            answer = await desk.post(f"/waiting-list/{entry}/{path}", body, role="gp", site=new_id())
            assert answer.status_code == 403
        headers = bearer("secretary", site=new_id())
        assert (await desk.client.get(f"/v1/waiting-list/{entry}", headers=headers)).status_code == 403
        assert (await desk.client.get(f"/v1/sites/{desk.centre.site}/waiting-list", headers=headers)).status_code == 403

    async def test_another_territory_sees_nothing_at_all(self, desk: Desk) -> None:
        entry = (await wait(desk)).json()["entry"]
        headers = bearer("secretary", territory="72")
        assert (await desk.client.get(f"/v1/waiting-list/{entry}", headers=headers)).status_code == 404
