"""Professionals join, change role and leave; interns have supervisors as long as both are there."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from smp.contracts import ProfessionalJoined, ProfessionalRoleChanged, SupervisionAssigned, SupervisionEnded
from smp.ids import new_id
from tests.registry.desk import COORDINATOR, FUNDER, LAVAL, LE_MANS, SECRETARY, SECRETARY_72, Desk, professional
from tests.support.api import bearer


async def supervise(desk: Desk, intern: UUID, supervisor: UUID, **dates: str) -> None:
    body = {"supervisor": str(supervisor), "from_date": "2026-01-05", **dates}
    answer = await desk.post(f"/v1/professionals/{intern}/supervision", body, COORDINATOR)
    assert answer.status_code == 201, answer.text


async def test_a_professional_joins_with_role_sites_and_contract(desk: Desk) -> None:
    id = await desk.join("retired_gp", rpps="810999000002", contract_end="2026-12-31")
    (told,) = await desk.told(id)
    assert isinstance(told.data, ProfessionalJoined)
    assert (told.data.role, told.data.sites, told.data.contract_end) == ("retired_gp", (LAVAL,), date(2026, 12, 31))
    assert "Gaudin" not in told.raw
    read = (await desk.get(f"/v1/professionals/{id}")).json()
    assert (read["family_name"], read["rpps"], read["role"]) == ("Gaudin", "10999000002", "retired_gp")


async def test_opening_the_same_world_again_joins_nobody_twice(desk: Desk) -> None:
    id = await desk.join("gp", id=new_id())
    answer = await desk.post("/v1/professionals", professional(id=id), COORDINATOR)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:smp:problem:already-exists")
    assert len(await desk.told(id)) == 1


async def test_an_rpps_number_belongs_to_one_professional_of_a_territory(desk: Desk) -> None:
    await desk.join("gp", rpps="10999000002")
    answer = await desk.post("/v1/professionals", professional(rpps="10999000002"), COORDINATOR)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:smp:problem:rpps-taken")
    await desk.join("gp", rpps="10999000002", sites=[str(LE_MANS)])


@pytest.mark.parametrize(
    ("changes", "warning"),
    [({"rpps": "10999000003"}, "rpps-key-doubtful"), ({"role": "nurse"}, "rpps-missing"), ({"role": "secretary"}, "")],
)
async def test_a_doubtful_rpps_warns(desk: Desk, changes: dict[str, str], warning: str) -> None:
    answer = await desk.post("/v1/professionals", professional(**changes), COORDINATOR)
    assert answer.status_code == 201
    assert [w["code"] for w in answer.json()["warnings"]] == ([warning] if warning else [])


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"rpps": "1099900000"}, "rpps-invalid"),
        ({"contract_end": "2025-01-01"}, "contract-dates-invalid"),
        ({"family_name": "--"}, "name-empty"),
        ({"role": "plumber"}, "invalid-body"),
        ({"sites": []}, "invalid-body"),
        ({"sites": [str(LAVAL), str(LE_MANS)]}, "sites-of-several-territories"),
    ],
)
async def test_bad_input_is_refused(desk: Desk, changes: dict[str, Any], slug: str) -> None:
    answer = await desk.post("/v1/professionals", professional(**changes), COORDINATOR)
    assert (answer.status_code, answer.json()["type"]) == (422, f"urn:smp:problem:{slug}")


async def test_a_gp_who_retires_stays_in_the_rotation(desk: Desk) -> None:
    id = await desk.join("gp")
    body = {"role": "retired_gp", "from_date": "2026-04-01"}
    answer = await desk.post(f"/v1/professionals/{id}/role", body, COORDINATOR)
    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    read = (await desk.get(f"/v1/professionals/{id}")).json()
    assert (read["role"], [r["role"] for r in read["roles"]]) == ("gp", ["gp", "retired_gp"])
    assert isinstance((await desk.told(id))[-1].data, ProfessionalRoleChanged)


async def test_a_supervision_is_told_as_a_fact_of_the_intern(desk: Desk) -> None:
    intern, doctor = await desk.join("intern"), await desk.join("retired_gp")
    await supervise(desk, intern, doctor, until_date="2026-04-30")
    told = (await desk.told(intern))[-1]
    assert isinstance(told.data, SupervisionAssigned)
    assert (told.sequence, told.data.supervisor, told.data.until_date) == (2, doctor, date(2026, 4, 30))
    read = (await desk.get(f"/v1/professionals/{intern}")).json()
    assert read["supervisions"] == [{"supervisor": str(doctor), "from_date": "2026-01-05", "until_date": "2026-04-30"}]


async def test_a_nurse_does_not_supervise(desk: Desk) -> None:
    intern, nurse = await desk.join("intern"), await desk.join("nurse")
    body = {"supervisor": str(nurse), "from_date": "2026-01-05"}
    answer = await desk.post(f"/v1/professionals/{intern}/supervision", body, COORDINATOR)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:smp:problem:cannot-supervise")


async def test_the_same_supervision_asked_many_times_at_once_is_assigned_once(desk: Desk) -> None:
    intern, doctor = await desk.join("intern"), await desk.join("gp")
    body = {"supervisor": str(doctor), "from_date": "2026-01-05", "until_date": "2026-04-30"}
    await desk.warm()
    answers = await asyncio.gather(
        *(desk.post(f"/v1/professionals/{intern}/supervision", body, COORDINATOR) for _ in range(6))
    )
    assert sorted(a.status_code for a in answers) == [201] + [409] * 5
    assert [told.sequence for told in await desk.told(intern)] == [1, 2]


async def test_a_supervision_ends_on_its_last_day(desk: Desk) -> None:
    intern, doctor = await desk.join("intern"), await desk.join("gp")
    await supervise(desk, intern, doctor)
    body = {"supervisor": str(doctor), "until_date": "2026-02-27"}
    assert (await desk.post(f"/v1/professionals/{intern}/supervision/end", body, COORDINATOR)).status_code == 200
    told = (await desk.told(intern))[-1]
    assert isinstance(told.data, SupervisionEnded)
    assert (told.sequence, told.data.until_date) == (3, date(2026, 2, 27))
    later = {"supervisor": str(doctor), "until_date": "2026-03-27"}
    answer = await desk.post(f"/v1/professionals/{intern}/supervision/end", later, COORDINATOR)
    assert answer.json()["type"] == "urn:smp:problem:supervision-unknown"


async def test_when_a_supervisor_leaves_all_their_interns_are_told(desk: Desk) -> None:
    doctor, other = await desk.join("gp"), await desk.join("gp")
    interns = [await desk.join("intern") for _ in range(2)]
    for intern in interns:
        await supervise(desk, intern, doctor)
        await supervise(desk, intern, other)
    answer = await desk.post(f"/v1/professionals/{doctor}/departure", {"from_date": "2026-03-02"}, COORDINATOR)
    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    for intern in interns:
        *_, told = await desk.told(intern)
        assert isinstance(told.data, SupervisionEnded)
        assert (told.sequence, told.data.supervisor, told.data.until_date) == (4, doctor, date(2026, 3, 1))
        read = (await desk.get(f"/v1/professionals/{intern}")).json()
        ends = {s["supervisor"]: s["until_date"] for s in read["supervisions"]}
        assert ends == {str(doctor): "2026-03-01", str(other): None}


async def test_when_an_intern_becomes_a_doctor_the_supervision_ends(desk: Desk) -> None:
    intern, doctor = await desk.join("intern"), await desk.join("gp")
    await supervise(desk, intern, doctor)
    body = {"role": "gp", "from_date": "2026-05-01"}
    assert (await desk.post(f"/v1/professionals/{intern}/role", body, COORDINATOR)).status_code == 200
    told = await desk.told(intern)
    assert [(t.name, t.sequence) for t in told][-2:] == [("ProfessionalRoleChanged", 3), ("SupervisionEnded", 4)]


async def test_when_a_gp_retires_and_stays_the_supervision_goes_on(desk: Desk) -> None:
    intern, doctor = await desk.join("intern"), await desk.join("gp")
    await supervise(desk, intern, doctor)
    body = {"role": "retired_gp", "from_date": "2026-05-01"}
    assert (await desk.post(f"/v1/professionals/{doctor}/role", body, COORDINATOR)).status_code == 200
    assert len(await desk.told(intern)) == 2


async def test_a_list_may_be_asked_for_one_site(desk: Desk) -> None:
    here = await desk.join("gp")
    await desk.join("gp", sites=[str(LE_MANS)])
    listed = (await desk.get(f"/v1/professionals?site={LAVAL}", COORDINATOR)).json()["professionals"]
    assert [p["id"] for p in listed] == [str(here)]
    assert len((await desk.get("/v1/professionals", COORDINATOR)).json()["professionals"]) == 2
    assert (await desk.get(f"/v1/professionals/{here}", SECRETARY_72)).status_code == 404


@pytest.mark.parametrize("auth", [SECRETARY, FUNDER, bearer("manager", site=LE_MANS)])
async def test_only_those_who_manage_the_site_change_a_professional(desk: Desk, auth: dict[str, str]) -> None:
    id = await desk.join("gp")
    answer = await desk.post(f"/v1/professionals/{id}/departure", {"from_date": "2026-03-02"}, auth)
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:smp:problem:forbidden")
    assert len(await desk.told(id)) == 1
