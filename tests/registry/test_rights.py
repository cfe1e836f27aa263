"""Who may do what, and what bad input gets."""

import re
from typing import Any

import orjson
import pytest

from registry.api.rights import Right
from registry.domain.rules import Rule
from registry.problems import OF_RULE
from tests.registry.desk import (
    COORDINATOR,
    DOCTOR,
    FUNDER,
    LAVAL,
    LE_MANS,
    NOTIFICATIONS,
    SECRETARY,
    Desk,
    patient,
)
from tests.support.api import bearer, command_headers

MANAGER = bearer("manager")
BOOKING = bearer("service", kind="service", subject="booking")


@pytest.mark.parametrize("auth", [DOCTOR, MANAGER, FUNDER, NOTIFICATIONS, bearer("secretary", site=LE_MANS)])
async def test_only_the_desk_of_the_site_registers_patients(desk: Desk, auth: dict[str, str]) -> None:
    answer = await desk.post("/v1/patients", patient(), auth)
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:smp:problem:forbidden")


@pytest.mark.parametrize("auth", [MANAGER, FUNDER, NOTIFICATIONS])
async def test_those_who_do_not_receive_patients_read_no_identity(desk: Desk, auth: dict[str, str]) -> None:
    id = await desk.register()
    assert (await desk.get(f"/v1/patients/{id}", auth)).status_code == 403
    for path, body in (("search", {"name": "lefevre"}), ("lookup", {"patients": [str(id)]})):
        answer = await desk.client.post(f"/v1/patients/{path}", json=body, headers=auth)
        assert answer.status_code == 403
        assert "Lef" not in answer.text


@pytest.mark.parametrize("auth", [SECRETARY, DOCTOR, MANAGER])
async def test_only_the_coordinator_erases(desk: Desk, auth: dict[str, str]) -> None:
    id = await desk.register()
    answer = await desk.post(f"/v1/patients/{id}/erasure", {"reason": "patient_request"}, auth)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("auth", "compartment"),
    [
        (NOTIFICATIONS, "identity"),
        (NOTIFICATIONS, "statistics"),
        (BOOKING, "contact"),
        (COORDINATOR, "contact"),
        (bearer("coordinator", subject="notifications"), "contact"),
    ],
)
async def test_a_compartment_key_goes_only_to_a_service_that_is_granted_it(
    desk: Desk, auth: dict[str, str], compartment: str
) -> None:
    id = await desk.register()
    body = {"compartment": compartment, "patients": [str(id)]}
    answer = await desk.client.post("/v1/compartment-keys", json=body, headers=auth)
    assert answer.status_code == 403
    assert "keys" not in answer.json()


async def test_more_than_500_keys_at_once_are_refused(desk: Desk) -> None:
    body = {"compartment": "contact", "patients": [str(LAVAL)] * 501}
    answer = await desk.client.post("/v1/compartment-keys", json=body, headers=NOTIFICATIONS)
    assert answer.json()["type"] == "urn:smp:problem:invalid-body"


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"birth_date": "2026-02-30"}, "invalid-body"),
        ({"birth_date": "2031-01-01"}, "birth-date-in-the-future"),
        ({"birth_date": "1899-01-01"}, "birth-date-too-old"),
        ({"birth_date": "0001-01-01"}, "invalid-body"),
        ({"birth_name": "Le\u0000fevre"}, "invalid-body"),
        ({"birth_name": "x" * 101}, "invalid-body"),
        ({"birth_name": "---"}, "name-empty"),
        ({"given_names": []}, "invalid-body"),
        ({"sex": "M"}, "invalid-body"),
        ({"nir": "269054958815780"}, "invalid-body"),
        ({"commune_code": "5313"}, "invalid-body"),
        ({"commune_code": "AB130"}, "commune-invalid"),
        ({"phones": [{"number": "0" * 30}]}, "invalid-body"),
        ({"phones": [{"number": "06 12 34"}]}, "phone-invalid"),
        ({"phones": [{"number": "0612345678"}, {"number": "+33 6 12 34 56 78"}]}, "phone-twice"),
        ({"eligibility": {"status": "eligible"}}, "eligibility-incomplete"),
        ({"eligibility": {"status": "unverified", "from_date": "2027-01-01"}}, "eligibility-date-invalid"),
        ({"eligibility": {"status": "eligible", "reason": "PARCE_QUE"}}, "invalid-body"),
        ({"home_site": "0195a000-0000-7000-8000-00000000dead"}, "site-unknown"),
    ],
)
async def test_bad_input_gets_a_clear_answer_and_registers_nobody(
    desk: Desk, changes: dict[str, Any], slug: str
) -> None:
    before = len(await desk.told())
    answer = await desk.post("/v1/patients", patient(**changes))
    assert answer.status_code in (400, 404, 422)
    assert answer.json()["type"] == f"urn:smp:problem:{slug}"
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert len(await desk.told()) == before


@pytest.mark.parametrize("name", [b"\\ud800", b"\\u0000", b"\\u0007", b"\xff"])
async def test_characters_that_no_name_holds_are_refused(desk: Desk, name: bytes) -> None:
    body = orjson.dumps(patient(birth_name="#")).replace(b"#", name)
    headers = {**command_headers(SECRETARY), "Content-Type": "application/json"}
    answer = await desk.client.post("/v1/patients", content=body, headers=headers)
    assert answer.status_code in (400, 422)


async def test_nothing_personal_is_ever_part_of_an_address(desk: Desk) -> None:
    paths = (await desk.client.get("/openapi.json")).json()["paths"]
    operations = [operation for path in paths.values() for operation in path.values()]
    parameters = {p["name"] for operation in operations for p in operation.get("parameters", [])}
    assert parameters == {"site_id", "professional_id", "patient_id", "site", "Idempotency-Key"}


async def test_a_refusal_never_repeats_what_was_typed(desk: Desk) -> None:
    answer = await desk.post("/v1/patients", patient(birth_name="Secretissime" * 20))
    assert answer.status_code == 422
    assert "Secretissime" not in answer.text


def test_every_rule_has_its_refusal_in_two_languages() -> None:
    assert OF_RULE.keys() == set(Rule)
    for problem in OF_RULE.values():
        assert problem.title_fr != problem.title_en
        assert set(re.findall(r"{\w+}", problem.detail_fr)) == set(re.findall(r"{\w+}", problem.detail_en))


def test_the_funder_has_no_right_to_anything_personal() -> None:
    assert {right for right in Right if "funder" in right.value} == {Right.READ_SITES}
    assert {right for right in Right if "service" in right.value} == {Right.OPEN_COMPARTMENTS}
