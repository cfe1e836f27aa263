"""Sites open, move, change their hours and close; each change is told once, in order."""

from typing import Any
from uuid import UUID

import pytest

from smp.contracts import OpeningHoursChanged, SiteClosed, SiteOpened, SiteRelocated
from smp.ids import new_id
from tests.registry.desk import (
    COORDINATOR,
    FUNDER,
    HILARD,
    LAVAL,
    LE_MANS,
    PADERBORN,
    PLANTAGENET,
    SECRETARY,
    SECRETARY_72,
    Desk,
    site,
)
from tests.support.api import bearer

PHONE = "02 59 29 01 30"


async def test_an_opened_site_is_told_with_everything_a_projection_needs(desk: Desk) -> None:
    (told,) = await desk.told(LAVAL)
    assert isinstance(told.data, SiteOpened)
    assert (told.sequence, told.territory) == (1, "53")
    assert (told.data.phone, told.data.zone, told.data.address.commune_code) == (
        "+33249490736",
        "Europe/Paris",
        "53130",
    )
    assert len(told.data.opening_hours) == 5


async def test_opening_the_same_world_again_changes_nothing(desk: Desk) -> None:
    answer = await desk.post("/v1/sites", site(id=LAVAL, name="Autre"), COORDINATOR)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:smp:problem:already-exists")
    assert len(await desk.told(LAVAL)) == 1


async def test_le_mans_moves_in_mid_year_and_both_addresses_are_known(desk: Desk) -> None:
    body = {"address": PADERBORN, "phone": PHONE, "from_date": "2026-06-01"}
    answer = await desk.post(f"/v1/sites/{LE_MANS}/relocation", body, COORDINATOR)
    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    read = (await desk.get(f"/v1/sites/{LE_MANS}", SECRETARY_72)).json()
    assert read["address"]["line"] == PLANTAGENET["line"]
    assert [(a["line"], a["from_date"]) for a in read["addresses"]] == [
        (PLANTAGENET["line"], "2017-06-01"),
        (PADERBORN["line"], "2026-06-01"),
    ]
    told = (await desk.told(LE_MANS))[-1]
    assert isinstance(told.data, SiteRelocated)
    assert (told.sequence, told.data.address.line, told.data.phone) == (2, PADERBORN["line"], "+33259290130")


async def test_a_move_typed_again_for_the_same_date_corrects(desk: Desk) -> None:
    for line in ("avenue Paderborm", "avenue Paderborn"):
        body = {"address": {**PADERBORN, "line": line}, "phone": PHONE, "from_date": "2026-06-01"}
        assert (await desk.post(f"/v1/sites/{LE_MANS}/relocation", body, COORDINATOR)).status_code == 200
    read = (await desk.get(f"/v1/sites/{LE_MANS}", SECRETARY_72)).json()
    assert [a["line"] for a in read["addresses"]] == [PLANTAGENET["line"], "avenue Paderborn"]
    assert [told.sequence for told in await desk.told(LE_MANS)] == [1, 2, 3]


async def test_hours_change_from_a_date_and_a_site_closes(desk: Desk) -> None:
    week = [{"weekday": 1, "opens": "09:00", "closes": "13:00"}, {"weekday": 1, "opens": "14:00", "closes": "19:00"}]
    body: dict[str, Any] = {"opening_hours": week, "from_date": "2026-03-02"}
    assert (await desk.post(f"/v1/sites/{LAVAL}/opening-hours", body, COORDINATOR)).status_code == 200
    assert (await desk.get(f"/v1/sites/{LAVAL}")).json()["opening_hours"]["ranges"] == week
    assert (await desk.post(f"/v1/sites/{LAVAL}/closure", {"from_date": "2027-01-01"}, COORDINATOR)).status_code == 200
    again = await desk.post(f"/v1/sites/{LAVAL}/closure", {"from_date": "2027-02-01"}, COORDINATOR)
    assert again.json()["type"] == "urn:smp:problem:site-closed"
    assert "2027-01-01" in again.json()["detail"]
    _, changed, closed = await desk.told(LAVAL)
    assert isinstance(changed.data, OpeningHoursChanged)
    assert isinstance(closed.data, SiteClosed)
    assert (changed.sequence, closed.sequence) == (2, 3)


async def test_a_person_sees_only_the_sites_of_their_territories(desk: Desk) -> None:
    assert [s["id"] for s in (await desk.get("/v1/sites")).json()["sites"]] == [str(LAVAL)]
    assert [s["id"] for s in (await desk.get("/v1/sites", FUNDER)).json()["sites"]] == [str(LAVAL)]
    assert len((await desk.get("/v1/sites", COORDINATOR)).json()["sites"]) == 2
    assert (await desk.get(f"/v1/sites/{LE_MANS}")).json()["type"] == "urn:smp:problem:site-unknown"


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"zone": "Europe/Laval"}, "zone-unknown"),
        ({"zone": "../../etc/passwd"}, "zone-unknown"),
        ({"subdivision": "53"}, "subdivision-unknown"),
        ({"finess": "53999"}, "finess-invalid"),
        ({"phone": "12 34 56"}, "phone-invalid"),
        ({"phone": "0" * 30}, "invalid-body"),
        ({"opened_on": "2026-02-30"}, "invalid-body"),
        ({"name": "SMP\u0000"}, "invalid-body"),
        ({"name": ""}, "invalid-body"),
        ({"colour": "blue"}, "invalid-body"),
        ({"opening_hours": [{"weekday": 8, "opens": "09:00", "closes": "10:00"}]}, "invalid-body"),
        ({"opening_hours": [{"weekday": 1, "opens": "09:00", "closes": "24:00"}]}, "invalid-body"),
        ({"opening_hours": [{"weekday": 1, "opens": "10:00", "closes": "09:00"}]}, "opening-hours-empty-range"),
    ],
)
async def test_bad_input_is_refused_and_opens_nothing(desk: Desk, changes: dict[str, Any], slug: str) -> None:
    id = new_id()
    answer = await desk.post("/v1/sites", site(id=id, **changes), COORDINATOR)
    assert (answer.status_code, answer.json()["type"]) == (422, f"urn:smp:problem:{slug}")
    assert await desk.told(id) == []


async def test_a_doubtful_finess_is_saved_with_a_warning_in_the_language_asked_for(desk: Desk) -> None:
    body = site(id=new_id(), finess="539990003")
    answer = await desk.post("/v1/sites", body, {**COORDINATOR, "Accept-Language": "en"})
    assert answer.status_code == 201
    assert answer.json()["warnings"][0]["message"] == "The key of the FINESS number is doubtful: check it."


@pytest.mark.parametrize(
    "auth",
    [
        SECRETARY,
        FUNDER,
        bearer("manager", territory="72"),
        bearer("manager", site=LE_MANS),
    ],
)
async def test_only_those_who_manage_a_site_change_it(desk: Desk, auth: dict[str, str]) -> None:
    changes: dict[str, dict[str, Any]] = {
        "closure": {"from_date": "2027-01-01"},
        "relocation": {"address": HILARD, "phone": PHONE, "from_date": "2027-01-01"},
        "opening-hours": {"opening_hours": [], "from_date": "2027-01-01"},
    }
    for path, body in changes.items():
        answer = await desk.post(f"/v1/sites/{LAVAL}/{path}", body, auth)
        assert answer.status_code in (403, 404)
    assert len(await desk.told(LAVAL)) == 1


async def test_a_site_is_opened_only_in_a_territory_of_the_caller(desk: Desk) -> None:
    body = site(id=new_id(), address=PLANTAGENET)
    assert (await desk.post("/v1/sites", body, bearer("manager"))).json()["type"] == "urn:smp:problem:forbidden"


async def test_an_unknown_site_is_refused(desk: Desk) -> None:
    missing: UUID = new_id()
    answer = await desk.post(f"/v1/sites/{missing}/closure", {"from_date": "2027-01-01"}, COORDINATOR)
    assert (answer.status_code, answer.json()["title"]) == (404, "Site inconnu")
