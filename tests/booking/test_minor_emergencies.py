"""Minor emergencies: one red flag sends to 15 and stays raised; else a place today, or where and when else."""

import asyncio
import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from booking.domain.red_flags import FORMS, Form, RedFlag, form_on
from smp.ids import new_id
from tests.booking.desk import Desk
from tests.booking.test_api import EVERY_ROLE
from tests.booking.world import MONDAY, NOW, Centre, count_at, monday, said_of, site_opened
from tests.support.api import bearer, command_headers
from tests.support.databases import ServiceDatabase

NONE = dict.fromkeys((flag.code for flag in FORMS[-1].flags), False)
TUESDAY = MONDAY + timedelta(days=1)


def form(desk: Desk, request: UUID | None = None, **raised: bool) -> dict[str, Any]:
    return {"request": str(request or new_id()), "site": str(desk.centre.site), "answers": {**NONE, **raised}}


async def ask(desk: Desk, request: UUID | None = None, **raised: bool) -> dict[str, Any]:
    for _ in range(5):  # whoever waits too long for another answer of the same request is told to send it again
        answer = await desk.post("/minor-emergencies", form(desk, request, **raised))
        if answer.status_code != 503:
            break
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


@pytest.fixture
async def morning(desk: Desk) -> Desk:
    """Half past nine on the Monday."""
    desk.clock.time = monday("09:30")
    return desk


def test_every_question_is_asked_in_both_languages_and_only_once() -> None:
    for each in FORMS:
        assert len(each.codes) == len(each.flags)
        assert all(flag.question_fr.endswith(" ?") and flag.question_en.endswith("?") for flag in each.flags)


def test_a_form_counts_from_its_day_on() -> None:
    old, new = [Form(date(year, 1, 1), (RedFlag("sign", "Signe ?", "Sign?"),)) for year in (2026, 2027)]
    assert form_on(date(2026, 12, 31), [new, old]) is old
    assert form_on(date(2027, 1, 1), [new, old]) is new
    assert form_on(date(2020, 1, 1), [new, old]) is old


async def test_the_form_is_given_in_the_words_to_ask_it_with(desk: Desk) -> None:
    given = (await desk.get("/minor-emergencies/form")).json()
    assert given["call"] == "15"
    assert {"code": "chest_pain", "question_fr": "Douleur dans la poitrine ?", "question_en": "Pain in the chest?"} in (
        given["questions"]
    )


@pytest.mark.parametrize("flag", sorted(NONE))
async def test_any_red_flag_says_15_and_books_nothing_although_there_is_room(
    morning: Desk, booking_database: ServiceDatabase, flag: str
) -> None:
    await morning.open_session()
    said = await ask(morning, None, **{flag: True})
    assert (said["outcome"], said["call"], said["red_flags"]) == ("call_15", "15", [flag])
    assert said["today"] == said["other_sites"] == said["video"] == said["later"] == []
    assert "15" in said["message_fr"]
    assert await count_at(booking_database, morning.centre.site) == 0


async def test_a_red_flag_once_raised_stays_raised_for_that_request(morning: Desk) -> None:
    await morning.open_session()
    request = new_id()
    assert (await ask(morning, request))["outcome"] == "today"
    assert (await ask(morning, request, breathing=True))["outcome"] == "call_15"
    again = await ask(morning, request)
    assert (again["outcome"], again["red_flags"]) == ("call_15", ["breathing"])
    both = await ask(morning, request, chest_pain=True)
    assert both["red_flags"] == ["breathing", "chest_pain"]
    assert (await ask(morning))["outcome"] == "today"  # somebody else's call


async def test_one_flag_is_enough_even_if_the_rest_was_not_asked(morning: Desk) -> None:
    body = form(morning) | {"answers": {"bleeding": True}}
    assert (await morning.post("/minor-emergencies", body)).json()["outcome"] == "call_15"


async def test_without_a_flag_every_question_must_have_been_asked(morning: Desk) -> None:
    answers = {code: False for code in NONE if code != "allergy"}
    refused = await morning.post("/minor-emergencies", form(morning) | {"answers": answers})
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:smp:problem:form-incomplete")
    assert refused.json()["missing"] == ["allergy"]
    unknown = await morning.post("/minor-emergencies", form(morning) | {"answers": {**NONE, "mood": True}})
    assert unknown.status_code == 422


async def test_without_a_flag_the_next_places_of_today_are_given_and_can_be_booked(morning: Desk) -> None:
    session = await morning.open_session()
    said = await ask(morning)
    assert (said["outcome"], said["call"]) == ("today", None)
    assert [place["start"] for place in said["today"]] == [
        "2027-01-11T08:40:00Z", "2027-01-11T09:00:00Z", "2027-01-11T09:20:00Z",
    ]  # fmt: skip
    first = said["today"][0]
    assert (first["session"], first["kind"], first["mode"]) == (session, "minor_emergency", "AMB")
    booked = await morning.book(session, "09:40", kind=first["kind"], mode=first["mode"])
    assert booked.status_code == 201


async def test_a_place_kept_for_the_day_is_given_to_a_minor_emergency_only(morning: Desk) -> None:
    centre = morning.centre
    session = await centre.session(await centre.doctor(), shares={"same_day": 1})
    for hour in ("09:40", "10:00", "10:20", "10:40", "11:00", "11:20"):
        await centre.book(session, hour, now=monday("09:30"))
    assert [place["start"] for place in (await ask(morning))["today"]] == ["2027-01-11T10:40:00Z"]


async def test_when_this_site_is_full_other_sites_video_and_tomorrow_are_given(
    morning: Desk, booking_database: ServiceDatabase
) -> None:
    here, there = [await somewhere(morning.centre, "63") for _ in range(2)]
    tomorrow = await here.session(await here.doctor(), day=TUESDAY)
    neighbour = await there.session(await there.doctor(), kinds=("minor_emergency",))
    by_video = await there.session(await there.doctor(), "14:00", "15:00", kinds=("teleconsultation",))
    body = form(morning) | {"site": str(here.site)}
    answer = await morning.post("/minor-emergencies", body, site=here.site, territory="63")
    said = answer.json()
    assert said["outcome"] == "elsewhere_or_later", answer.text
    assert said["today"] == []
    assert {place["session"] for place in said["other_sites"]} == {str(neighbour.id)}
    assert {(place["session"], place["mode"]) for place in said["video"]} == {(str(by_video.id), "VR")}
    assert {place["session"] for place in said["later"]} == {str(tomorrow.id)}
    await morning.post("/minor-emergencies", body, site=here.site, territory="63")
    (unmet,) = await said_of(booking_database, here.site)  # once per request
    assert (unmet["type"], unmet["data"]["nearest_site"]) == ("DemandUnmet", str(there.site))


async def test_where_there_is_no_place_at_all_it_is_said(morning: Desk, booking_database: ServiceDatabase) -> None:
    nowhere = replace(morning.centre, territory="62", site=new_id(), sequences={})
    await nowhere.hear(nowhere.site, site_opened(nowhere.site))
    body = form(morning) | {"site": str(nowhere.site)}
    said = (await morning.post("/minor-emergencies", body, site=nowhere.site, territory="62")).json()
    assert said["outcome"] == "no_place"
    assert await reasons(booking_database, nowhere.site) == ["no_session"]


async def test_why_there_was_no_place_today_is_recorded(morning: Desk, booking_database: ServiceDatabase) -> None:
    centre, now = morning.centre, monday("09:30")
    session = await centre.session(await centre.doctor(), shares={"regulation": 1})
    for hour in ("09:40", "10:00", "10:20", "10:40", "11:00", "11:20"):
        await centre.book(session, hour, now=now)
    assert (await ask(morning))["today"] == []
    await centre.book(session, "11:40", now=now, channel="regulation")
    assert (await ask(morning))["today"] == []
    assert await reasons(booking_database, centre.site) == ["not_released", "full"]


async def test_a_morning_that_is_over_is_too_late_and_not_without_session(
    morning: Desk, booking_database: ServiceDatabase
) -> None:
    await morning.open_session()
    morning.clock.time = monday("12:30")
    assert (await ask(morning))["reason"] == "too_late"
    assert await reasons(booking_database, morning.centre.site) == ["too_late"]


async def test_the_nearest_site_with_room_is_recorded_and_not_the_one_with_the_soonest_place(
    morning: Desk, booking_database: ServiceDatabase
) -> None:
    here, full, near, far = [await somewhere(morning.centre, "64") for _ in range(4)]
    for other, minutes in ((full, 5), (near, 10), (far, 90)):
        path = f"/v1/sites/{here.site}/distances/{other.site}"
        headers = command_headers(bearer("manager", site=here.site, territory="64"))
        declared = await morning.client.put(path, json={"minutes": minutes}, headers=headers)
        assert declared.status_code == 200, declared.text
    for _ in range(3):  # as many places, all sooner, as are shown
        await far.session(await far.doctor(), "10:00", "10:20")
    await near.session(await near.doctor(), "11:00", "11:20")
    said = await ask_at(morning, here)
    assert {place["site"] for place in said["other_sites"]} == {str(far.site)}
    (unmet,) = await said_of(booking_database, here.site)
    assert unmet["data"]["nearest_site"] == str(near.site)


async def test_beyond_tomorrow_the_next_places_here_are_given(morning: Desk) -> None:
    here = await somewhere(morning.centre, "65")
    on_thursday = await here.session(await here.doctor(), day=MONDAY + timedelta(days=3))
    said = await ask_at(morning, here)
    assert (said["outcome"], said["reason"]) == ("elsewhere_or_later", "no_session")
    assert {place["session"] for place in said["later"]} == {str(on_thursday.id)}


@pytest.mark.parametrize("days", [1, 3])
async def test_a_coming_place_is_of_the_kind_as_it_is_given_on_its_day(morning: Desk, days: int) -> None:
    here = await somewhere(morning.centre, f"{66 + days}")
    changed = {"code": "minor_emergency", "valid_from": TUESDAY.isoformat(), "duration_minutes": 40}
    body = {"site": str(here.site), **changed}
    decided = await morning.post("/kinds", body, role="coordinator", site=here.site, territory=here.territory)
    assert decided.status_code == 201, decided.text
    await here.session(await here.doctor(), "09:00", "10:00", day=MONDAY + timedelta(days=days))
    starts_and_ends = [(place["start"][11:16], place["end"][11:16]) for place in (await ask_at(morning, here))["later"]]
    assert starts_and_ends == [("08:00", "08:40"), ("08:20", "09:00")]


async def test_a_place_that_nobody_prepares_is_none_where_the_kind_is_prepared(morning: Desk) -> None:
    here = await somewhere(morning.centre, "70")
    prepared = {"minutes": 10, "same_room": False}
    body = {"site": str(here.site), "code": "minor_emergency", "valid_from": "2027-01-05", "preparation": prepared}
    morning.clock.time = NOW
    decided = await morning.post("/kinds", body, role="coordinator", site=here.site, territory=here.territory)
    assert decided.status_code == 201, decided.text
    await here.session(await here.doctor(), "10:00", "10:40")
    morning.clock.time = monday("09:30")
    assert (await ask_at(morning, here))["reason"] == "no_session"
    await here.session(await here.doctor("medical_assistant"), "10:10", "10:20", kinds=("preparation",))
    assert [place["start"] for place in (await ask_at(morning, here))["today"]] == ["2027-01-11T09:20:00Z"]


async def somewhere(centre: Centre, territory: str) -> Centre:
    """A site in a territory of its own: the sites of other tests are not neighbours."""
    return await replace(centre, territory=territory, site=new_id(), sequences={}).open()


async def ask_at(desk: Desk, where: Centre) -> dict[str, Any]:
    body = form(desk) | {"site": str(where.site)}
    answer = await desk.post("/minor-emergencies", body, site=where.site, territory=where.territory)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def reasons(database: ServiceDatabase, site: UUID) -> list[str]:
    """Why somebody was not seen at a site, in the order it was said."""
    async with database.admin() as connection:
        rows = await connection.fetch("SELECT payload FROM smp.outbox WHERE aggregateid = $1 ORDER BY position", site)
    return [json.loads(row["payload"])["reason"] for row in rows]


async def test_the_same_command_twice_is_answered_and_counted_once(morning: Desk) -> None:
    body, where = form(morning, chest_pain=True), f"/sites/{morning.centre.site}/minor-emergencies"
    first = await morning.post("/minor-emergencies", body, key="minor-emergency-0001")
    again = await morning.post("/minor-emergencies", body, key="minor-emergency-0001")
    assert first.json() == again.json()
    other = await morning.post("/minor-emergencies", form(morning), key="minor-emergency-0001")
    assert other.json()["type"] == "urn:smp:problem:idempotency-key-reused"
    await ask(morning)
    counted = (await morning.get(where, date=MONDAY, role="manager")).json()
    assert (counted["asked"], counted["sent_to_15"]) == (2, 1)


async def test_a_flag_raised_at_the_same_moment_is_not_lost(morning: Desk) -> None:
    for _ in range(6):
        request = new_id()
        await asyncio.gather(ask(morning, request), ask(morning, request, suicide=True), ask(morning, request))
        assert (await ask(morning, request))["red_flags"] == ["suicide"]


async def test_what_is_kept_names_nobody(morning: Desk, booking_database: ServiceDatabase) -> None:
    await ask(morning, bleeding=True)
    async with booking_database.admin() as connection:
        columns = await connection.fetch(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'minor_emergency'"
        )
    assert {row["column_name"] for row in columns} == {
        "territory", "id", "site", "form", "red_flags", "asked_at", "asked_by", "raised_at", "version",
    }  # fmt: skip


@pytest.mark.parametrize("role", EVERY_ROLE)
async def test_who_may_ask(morning: Desk, role: str) -> None:
    allowed = role not in {"manager", "funder", "service"}
    answer = await morning.post("/minor-emergencies", form(morning), role=role)
    assert answer.status_code == (200 if allowed else 403)
    elsewhere = await morning.post(
        "/minor-emergencies", form(morning), role=role, site=Centre(morning.centre.database).site
    )
    assert elsewhere.status_code == 403


async def test_a_regulator_asks_by_the_channel_of_regulation_only(morning: Desk) -> None:
    for channel, status in (("phone", 403), ("regulation", 200)):
        answer = await morning.post("/minor-emergencies", {**form(morning), "channel": channel}, role="regulator")
        assert answer.status_code == status, answer.text
