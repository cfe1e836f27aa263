"""A patient is registered once, found again, reached, and forgotten."""

import asyncio
from typing import Any

import orjson
import pytest

from registry.domain.names import found_by, search_keys, search_terms
from smp.contracts import EligibilityChanged, PatientContactChanged, PatientErased, PatientRegistered
from smp.ids import new_id
from smp.sealing import WrongSeal
from tests.registry.desk import (
    COORDINATOR,
    DOCTOR,
    ELIGIBLE,
    LAVAL,
    LE_MANS,
    NOTIFICATIONS,
    SECRETARY,
    SECRETARY_72,
    Desk,
    opened,
    patient,
)
from tests.support.api import bearer

REPORTING = bearer("service", kind="service", subject="reporting", territories=("53",))


async def test_a_registered_patient_is_read_as_typed(desk: Desk) -> None:
    id = await desk.register(used_name="Martin", eligibility=ELIGIBLE)
    read = (await desk.get(f"/v1/patients/{id}", DOCTOR)).json()
    assert read["display_name"] == "MARTIN Anne"
    assert (read["birth_name"], read["given_names"], read["birth_date"]) == (
        "Lefèvre",
        ["Anne", "Lise"],
        "1950-05-01",
    )
    assert read["phones"] == [{"number": "+33612345678", "label": "patient", "mobile": True, "text_consent": True}]
    assert read["eligibility"]["status"] == "eligible"
    assert read["eligibility"]["verified_by"] == "secretary-1"
    assert (read["territory"], read["version"]) == ("53", 1)


async def test_registration_tells_only_opaque_and_sealed_things(desk: Desk) -> None:
    id = await desk.register(eligibility=ELIGIBLE)
    (told,) = await desk.told(id)
    assert isinstance(told.data, PatientRegistered)
    assert (told.sequence, told.territory) == (1, "53")
    assert (told.data.reachable_by_text, told.data.eligibility, told.data.home_site) == (True, "eligible", LAVAL)
    unsealed = {name: value for name, value in orjson.loads(told.raw).items() if name != "sealed"}
    for secret in ("Lef", "Anne", "1950-05-01", "612345678", "53130"):
        assert secret not in orjson.dumps(unsealed).decode()  # among sealed letters, three may stand by chance


async def test_the_answer_that_is_kept_for_retries_holds_no_name(desk: Desk) -> None:
    await desk.register()
    async with desk.database.admin() as admin:
        kept = await admin.fetchval("SELECT string_agg(encode(body, 'escape'), '') FROM smp.idempotency")
    assert "Anne" not in kept


async def test_the_same_command_sent_twice_registers_once(desk: Desk) -> None:
    first = await desk.post("/v1/patients", patient(), key="the-same-key")
    again = await desk.post("/v1/patients", patient(), key="the-same-key")
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())


@pytest.mark.parametrize("typed", [{"birth_name": "LEFEVRE"}, {"given_names": ["anne"]}, {"sex": "male"}])
async def test_the_same_person_typed_differently_is_refused_with_the_candidates(
    desk: Desk, typed: dict[str, Any]
) -> None:
    id = await desk.register()
    answer = await desk.post("/v1/patients", patient(**typed))
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:smp:problem:possible-duplicate"
    assert answer.json()["candidates"] == [
        {"patient": str(id), "display_name": "LEFÈVRE Anne", "birth_date": "1950-05-01", "sex": "female"}
    ]


async def test_a_human_may_say_that_these_are_two_people(desk: Desk) -> None:
    first = await desk.register()
    second = await desk.register(confirmed_not_duplicate_of=[str(first)])
    answer = await desk.post("/v1/patients", patient(confirmed_not_duplicate_of=[str(first)]))
    assert [c["patient"] for c in answer.json()["candidates"]] == [str(first), str(second)]


async def test_a_namesake_still_warns_after_the_first_one_was_erased(desk: Desk) -> None:
    first = await desk.register()
    second = await desk.register(confirmed_not_duplicate_of=[str(first)])
    await desk.post(f"/v1/patients/{first}/erasure", {"reason": "patient_request"}, COORDINATOR)
    answer = await desk.post("/v1/patients", patient())
    assert [c["patient"] for c in answer.json()["candidates"]] == [str(second)]


@pytest.mark.parametrize("confirmed", [False, True])
async def test_of_many_concurrent_registrations_of_one_person_exactly_one_wins(desk: Desk, confirmed: bool) -> None:
    known = [str(await desk.register())] if confirmed else []
    await desk.warm()
    answers = await asyncio.gather(
        *(desk.post("/v1/patients", patient(confirmed_not_duplicate_of=known)) for _ in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    (winner,) = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    for answer in answers:
        if answer.status_code == 409:
            assert winner in [candidate["patient"] for candidate in answer.json()["candidates"]]


async def test_the_same_person_may_be_known_in_two_territories(desk: Desk) -> None:
    await desk.register()
    await desk.register(SECRETARY_72, home_site=LE_MANS)


async def test_a_person_who_is_not_eligible_is_registered_with_a_warning(desk: Desk) -> None:
    answer = await desk.post("/v1/patients", patient(eligibility={"status": "not_eligible"}))
    assert answer.status_code == 201
    (warning,) = answer.json()["warnings"]
    assert warning["code"] == "not-eligible-urgent-care-remains"
    assert "urgents" in warning["message"]


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"phones": []}, "no-phone"),
        ({"phones": [{"number": "02 43 00 00 01", "text_consent": True}]}, "phone-not-mobile"),
        ({"birth_date": "2015-01-01"}, "under-sixteen"),
    ],
)
async def test_what_is_doubtful_is_saved_with_a_warning(desk: Desk, changes: dict[str, Any], warning: str) -> None:
    answer = await desk.post("/v1/patients", patient(**changes))
    assert (answer.status_code, [w["code"] for w in answer.json()["warnings"]]) == (201, [warning])


async def test_new_numbers_replace_the_old_ones_and_are_told_sealed(desk: Desk) -> None:
    id = await desk.register()
    phones = [
        {"number": "0612345678", "text_consent": False},
        {"number": "02 43 00 00 01", "label": "fille"},
    ]
    answer = await desk.post(f"/v1/patients/{id}/contact", {"phones": phones})
    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    read = (await desk.get(f"/v1/patients/{id}")).json()
    assert [(p["number"], p["text_consent"]) for p in read["phones"]] == [
        ("+33612345678", False),
        ("+33243000001", False),
    ]
    _, told = await desk.told(id)
    assert isinstance(told.data, PatientContactChanged)
    assert (told.sequence, told.data.reachable_by_text, told.data.text_consent) == (2, False, False)
    key = await desk.compartment_key(id, "contact", NOTIFICATIONS)
    assert key is not None
    assert opened(told, id, "contact", key)["phones"][1] == {
        "number": "+33243000001",
        "label": "fille",
        "mobile": False,
        "text_consent": False,
    }


async def test_a_withdrawn_consent_stays_on_record(desk: Desk) -> None:
    id = await desk.register()
    await desk.post(f"/v1/patients/{id}/contact", {"phones": [{"number": "0612345678"}]})
    async with desk.database.admin() as admin:
        rows = await admin.fetch(
            "SELECT text_consent, replaced_at IS NULL AS present FROM patient_phone WHERE patient = $1 ORDER BY id", id
        )
    assert [tuple(row) for row in rows] == [(True, False), (False, True)]


async def test_the_eligibility_history_is_kept(desk: Desk) -> None:
    id = await desk.register()
    answer = await desk.post(f"/v1/patients/{id}/eligibility", ELIGIBLE)
    assert answer.json()["version"] == 2
    read = (await desk.get(f"/v1/patients/{id}")).json()
    assert [state["status"] for state in read["eligibility_history"]] == ["unverified", "eligible"]
    assert read["eligibility"]["reason"] == "DEPART_RETRAITE"
    told = (await desk.told(id))[-1]
    assert isinstance(told.data, EligibilityChanged)
    assert (told.sequence, told.data.status, told.data.reason) == (2, "eligible", "DEPART_RETRAITE")


async def test_each_compartment_opens_with_its_own_key_only(desk: Desk) -> None:
    id, other = await desk.register(), await desk.register(birth_name="Autre")
    (told,) = await desk.told(id)
    contact = await desk.compartment_key(id, "contact", NOTIFICATIONS)
    statistics = await desk.compartment_key(id, "statistics", REPORTING)
    others = await desk.compartment_key(other, "contact", NOTIFICATIONS)
    assert contact is not None
    assert statistics is not None
    assert others is not None
    assert opened(told, id, "contact", contact)["phones"][0]["number"] == "+33612345678"
    assert opened(told, id, "statistics", statistics) == {
        "birth_year": 1950,
        "sex": "female",
        "commune_code": "53130",
    }
    with pytest.raises(WrongSeal):
        opened(told, id, "identity", contact)
    with pytest.raises(WrongSeal):
        opened(told, id, "contact", others)


async def test_an_erased_patient_is_gone_and_every_sealed_copy_is_unreadable(desk: Desk) -> None:
    id = await desk.register(eligibility=ELIGIBLE)
    await desk.post(f"/v1/patients/{id}/contact", {"phones": [{"number": "0698765432"}]})
    answer = await desk.post(f"/v1/patients/{id}/erasure", {"reason": "patient_request"}, COORDINATOR)
    assert (answer.status_code, answer.json()["version"]) == (200, 3)
    assert await desk.compartment_key(id, "contact", NOTIFICATIONS) is None
    assert (await desk.get(f"/v1/patients/{id}")).json()["type"] == "urn:smp:problem:patient-unknown"
    assert await desk.found("lefevre") == []
    told = (await desk.told(id))[-1]
    assert isinstance(told.data, PatientErased)
    assert told.sequence == 3
    async with desk.database.admin() as admin:
        for table in ("patient_key", "patient_search_key", "patient_phone", "patient_eligibility"):
            assert await admin.fetchval(f"SELECT count(*) FROM {table} WHERE patient = $1", id) == 0
        row = await admin.fetchval("SELECT jsonb_strip_nulls(to_jsonb(p))::text FROM patient AS p WHERE id = $1", id)
    left = orjson.loads(row)
    assert left["erasure_reason"] == "patient_request"
    assert left.keys() - NOT_PERSONAL == set()


NOT_PERSONAL = {
    "id", "territory", "home_site", "namesake", "version", "registered_at", "registered_by", "erased_at", "erased_by",
    "erasure_reason",
}  # fmt: skip


async def test_nothing_can_be_changed_after_the_erasure(desk: Desk) -> None:
    id = await desk.register()
    await desk.post(f"/v1/patients/{id}/erasure", {"reason": "patient_request"}, COORDINATOR)
    for path, body in (
        ("contact", {"phones": []}),
        ("eligibility", {"status": "unverified"}),
        ("erasure", {"reason": "patient_request"}),
    ):
        answer = await desk.post(f"/v1/patients/{id}/{path}", body, COORDINATOR)
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:smp:problem:patient-unknown")


async def test_erasure_and_change_at_the_same_moment_keep_the_numbers_of_the_story(desk: Desk) -> None:
    id = await desk.register()
    await desk.warm()
    answers = await asyncio.gather(
        desk.post(f"/v1/patients/{id}/erasure", {"reason": "patient_request"}, COORDINATOR),
        *(desk.post(f"/v1/patients/{id}/contact", {"phones": []}) for _ in range(5)),
    )
    assert {answer.status_code for answer in answers} <= {200, 404}
    told = await desk.told(id)
    assert [event.sequence for event in told] == list(range(1, len(told) + 1))
    assert told[-1].name == "PatientErased"


PEOPLE = [
    ("Lefèvre", "Anne"),
    ("Le Goff", "Yann"),
    ("Legoff", "Maël"),
    ("de La Fontaine", "Œdipe"),
    ("Martin-Dupont", "Marie-Ange"),
    ("D’Artagnan", "Zoé"),
]
SEARCHES = ["lefevre", "LEF", "goff", "le goff", "legoff ya", "yann", "fontaine", "de la f", "dupont", "ang mart",
            "oe", "artagnan", "zoe d'art", "marie d", "dupond", "e", "Œ"]  # fmt: skip


async def test_the_search_agrees_with_the_rule_for_every_spelling(desk: Desk) -> None:
    for family, given in PEOPLE:
        await desk.register(birth_name=family, given_names=[given])
    for typed in SEARCHES:
        expected = {
            f"{family.upper()} {given}"
            for family, given in PEOPLE
            if found_by(search_terms(typed), search_keys([family, given]))
        }
        assert set(await desk.found(typed)) == expected, typed
    assert await desk.found("goff") == ["LE GOFF Yann"]
    assert await desk.found("le goff") == ["LEGOFF Maël", "LE GOFF Yann"]


async def test_people_are_found_by_birth_date_alone_or_with_a_name(desk: Desk) -> None:
    await desk.register()
    await desk.register(birth_name="Morel", given_names=["Paul"])
    await desk.register(birth_name="Lefèvre", given_names=["Luc"], birth_date="1970-01-01")
    assert await desk.found(birth_date="1950-05-01") == ["LEFÈVRE Anne", "MOREL Paul"]
    assert await desk.found("lefevre", birth_date="1950-05-01") == ["LEFÈVRE Anne"]


@pytest.mark.parametrize("asked", [{"name": "dur"}, {"birth_date": "1950-05-01"}])
async def test_a_long_answer_comes_in_pages_without_gap_or_double(desk: Desk, asked: dict[str, str]) -> None:
    names = [f"Durand{letter}" for letter in "abcdefg"]
    for name in names:
        await desk.register(birth_name=name)
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        body = {**asked, **after, "limit": 3}
        page = (await desk.client.post("/v1/patients/search", json=body, headers=SECRETARY)).json()
        seen += [person["birth_name"] for person in page["patients"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert seen == names


async def test_a_search_for_nothing_is_refused(desk: Desk) -> None:
    answer = await desk.client.post("/v1/patients/search", json={"name": "-"}, headers=SECRETARY)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:smp:problem:nothing-to-search")


async def test_the_day_list_gets_its_names(desk: Desk) -> None:
    id, erased = await desk.register(eligibility=ELIGIBLE), await desk.register(birth_name="Parti")
    await desk.post(f"/v1/patients/{erased}/erasure", {"reason": "retention_ended"}, COORDINATOR)
    body = {"patients": [str(id), str(erased), str(new_id())]}
    answer = await desk.client.post("/v1/patients/lookup", json=body, headers=DOCTOR)
    assert answer.json()["patients"] == [
        {
            "id": str(id),
            "display_name": "LEFÈVRE Anne",
            "birth_date": "1950-05-01",
            "sex": "female",
            "eligibility": "eligible",
        }
    ]


async def test_another_territory_sees_and_changes_nothing(desk: Desk) -> None:
    id = await desk.register()
    assert await desk.found("lefevre", SECRETARY_72) == []
    assert await desk.found(auth=SECRETARY_72, birth_date="1950-05-01") == []
    assert (await desk.get(f"/v1/patients/{id}", SECRETARY_72)).status_code == 404
    names = await desk.client.post("/v1/patients/lookup", json={"patients": [str(id)]}, headers=SECRETARY_72)
    assert names.json() == {"patients": []}
    assert (await desk.post(f"/v1/patients/{id}/contact", {"phones": []}, SECRETARY_72)).status_code == 404
    elsewhere = bearer("service", kind="service", subject="notifications", territory="72")
    assert await desk.compartment_key(id, "contact", elsewhere) is None
    answer = await desk.post("/v1/patients", patient(home_site=LAVAL), SECRETARY_72)
    assert answer.json()["type"] == "urn:smp:problem:site-unknown"


async def test_the_territory_comes_from_the_home_site_or_the_only_one(desk: Desk) -> None:
    body = patient(home_site=None)
    assert (await desk.post("/v1/patients", body, COORDINATOR)).json()["type"] == "urn:smp:problem:territory-unclear"
    id = await desk.register(home_site=None)
    assert (await desk.get(f"/v1/patients/{id}")).json()["territory"] == "53"
