"""What was asked for and could not be offered: the reason, once per need; distances; and next places, over HTTP."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from smp.ids import new_id
from tests.booking.desk import Desk
from tests.booking.world import NOW, Centre, events_of, monday, said_of
from tests.support.api import bearer, command_headers
from tests.support.databases import ServiceDatabase

MORNING = {"from": monday("08:00").isoformat(), "to": monday("12:00").isoformat()}


async def demand(desk: Desk, **changes: Any) -> Any:
    return await desk.post("/demand", {"site": str(desk.centre.site), "kind": "consultation", **MORNING, **changes})


async def test_an_empty_answer_says_why_and_is_recorded_once_per_need(
    desk: Desk, booking_database: ServiceDatabase
) -> None:
    found = (await desk.get("/availability", site=desk.centre.site, kind="consultation", **MORNING)).json()
    assert (found["slots"], found["reason"]) == ([], "no_session")
    need = str(new_id())
    first, again = await demand(desk, need=need), await demand(desk, need=need)
    assert (first.status_code, first.json()["reason"], first.json()["is_new"]) == (201, "no_session", True)
    assert (again.json()["need"], again.json()["is_new"]) == (need, False)
    other = await demand(desk, need=str(new_id()))
    assert other.json()["is_new"]
    assert await events_of(booking_database, desk.centre.site) == [("DemandUnmet", 1), ("DemandUnmet", 2)]


async def test_without_an_id_the_patient_and_the_day_are_the_need(desk: Desk) -> None:
    patient = str(await desk.centre.patient())
    first, again = await demand(desk, patient=patient), await demand(desk, patient=patient)
    assert (first.json()["is_new"], again.json()["is_new"]) == (True, False)
    desk.clock.time = NOW + timedelta(days=1)
    assert (await demand(desk, patient=patient)).json()["is_new"]
    assert (await demand(desk)).json()["is_new"]
    assert (await demand(desk)).json()["is_new"]


async def test_the_same_patient_without_company_is_another_need(desk: Desk) -> None:
    patient = str(await desk.centre.patient())
    assert [
        (await demand(desk, patient=patient, **company)).json()["is_new"]
        for company in ({}, {"with": "social_worker"}, {"with": "social_worker"})
    ] == [True, True, False]


async def test_nothing_is_recorded_while_there_is_room(desk: Desk, booking_database: ServiceDatabase) -> None:
    await desk.open_session()
    refused = await demand(desk)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:smp:problem:there-is-room")
    assert len(refused.json()["alternatives"]) == 3
    assert await events_of(booking_database, desk.centre.site) == []


async def test_company_that_never_comes_is_unmet_though_the_doctor_is_free(
    desk: Desk, booking_database: ServiceDatabase
) -> None:
    await desk.open_session()
    company = {"with": "social_worker"}
    found = (await desk.get("/availability", site=desk.centre.site, kind="consultation", **MORNING, **company)).json()
    assert (found["slots"], found["reason"]) == ([], "no_session")
    noted = await demand(desk, **company)
    assert (noted.status_code, noted.json()["reason"]) == (201, "no_session")
    (told,) = await said_of(booking_database, desk.centre.site)
    assert told["data"]["together_with"] == "social_worker"
    await desk.open_session(("social",), "social_worker")
    refused = await demand(desk, **company)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:smp:problem:there-is-room")


async def test_next_and_third_next_of_a_site(desk: Desk) -> None:
    await desk.open_session()
    answer = await desk.get("/availability/next", kind="consultation", site=desk.centre.site)
    (told,) = answer.json()["sites"]
    assert told["next"]["start"] == "2027-01-11T08:00:00Z"
    assert told["third"]["start"] == "2027-01-11T08:40:00Z"
    assert {each["capacity_class"]: each["places"] for each in told["places"]}["desk"] == 9


async def test_a_distance_is_declared_between_two_different_sites_that_are_known(desk: Desk) -> None:
    site = desk.centre.site

    async def declare(other: UUID, role: str = "manager") -> Any:
        headers = command_headers(bearer(role, site=site))
        return await desk.client.put(f"/v1/sites/{site}/distances/{other}", json={"minutes": 20}, headers=headers)

    other = Centre(desk.centre.database)
    await other.open()
    assert (await declare(other.site)).json() == {"site": str(site), "other": str(other.site), "minutes": 20}
    assert (await declare(other.site, "social_worker")).status_code == 403
    assert (await declare(site)).json()["type"] == "urn:smp:problem:same-site"
    assert (await declare(new_id())).json()["type"] == "urn:smp:problem:site-unknown"
    long_past = {"from": (NOW - timedelta(days=2)).isoformat(), "to": (NOW - timedelta(days=1)).isoformat()}
    found = (await desk.get("/availability", site=site, kind="consultation", **long_past)).json()
    assert (found["reason"], found["nearest"]) == ("too_late", None)
    await other.session(await other.doctor())
    found = (await desk.get("/availability", site=site, kind="consultation", **MORNING)).json()
    assert (found["nearest"]["site"], found["nearest"]["travel_minutes"]) == (str(other.site), 20)
