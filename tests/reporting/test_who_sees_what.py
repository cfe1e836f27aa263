"""Roles, sites, territories, small numbers and bad questions at the HTTP edge."""

import csv
import io
from typing import Any

import httpx2
import pytest

from reporting.api.csv_export import HEADER
from reporting.api.indicators import Code
from reporting.domain.indicators import CODES
from smp.ids import new_id
from tests.reporting.stories import LAVAL, LE_MANS, MAYENNE, hear, missed, seen, site_opened, told
from tests.support.api import bearer
from tests.support.databases import ServiceDatabase

NOVEMBER = {"from": "2026-11-01", "to": "2026-12-01"}
FUNDER = bearer("funder", site=new_id())
MANAGER = bearer("manager")


async def ask(
    client: httpx2.AsyncClient, auth: dict[str, str], path: str = "/v1/indicators", **query: Any
) -> httpx2.Response:
    return await client.get(path, params={**NOVEMBER, **query}, headers=auth)


async def test_the_codes_of_the_route_are_those_of_the_catalogue() -> None:
    assert frozenset(Code.__args__) == CODES  # type: ignore[attr-defined]  # what Literal keeps


@pytest.mark.parametrize(
    ("auth", "path", "status"),
    [
        (bearer("coordinator", site=LAVAL), "/v1/indicators", 200),
        (bearer("coordinator", site=LE_MANS), "/v1/indicators", 403),
        (bearer("secretary"), "/v1/indicators", 403),
        (bearer("service", kind="service"), "/v1/indicators", 403),
        (FUNDER, "/v1/indicators", 200),
        (bearer("funder", territory="72"), "/v1/indicators", 404),
        (bearer("secretary"), "/v1/indicators/definitions", 403),
        (FUNDER, "/v1/indicators/definitions", 200),
        (FUNDER, "/v1/facts/count", 403),
        (MANAGER, "/v1/facts/count", 403),
        (bearer("coordinator", site=LAVAL), "/v1/facts/count", 200),
        (bearer("coordinator", site=LE_MANS), "/v1/facts/count", 403),
        (bearer("service", kind="service"), "/v1/facts/count", 200),
        ({}, "/v1/indicators", 401),
    ],
)
async def test_each_role_reads_what_its_right_says(
    client: httpx2.AsyncClient, reporting_database: ServiceDatabase, auth: dict[str, str], path: str, status: int
) -> None:
    await hear(reporting_database.database, told(site_opened()))
    assert (await ask(client, auth, path, site=str(LAVAL))).status_code == status


async def test_a_coordinator_without_a_site_in_the_question_gets_the_own_sites_only(
    client: httpx2.AsyncClient, reporting_database: ServiceDatabase
) -> None:
    await hear(reporting_database.database, told(seen(), seen(site=MAYENNE)))
    answer = await ask(client, bearer("coordinator", site=LAVAL), code="ACT1")
    assert [(f["site"], f["value"]) for f in answer.json()["figures"]] == [(None, 1), (str(LAVAL), 1)]
    counted = await ask(client, bearer("coordinator", site=LAVAL), "/v1/facts/count")
    assert counted.json()["kinds"][0]["facts"] == 1


async def test_a_funder_sees_no_small_number_and_no_role(
    client: httpx2.AsyncClient, reporting_database: ServiceDatabase
) -> None:
    patients = [seen() for _ in range(12)]
    await hear(reporting_database.database, told(site_opened(), *patients, missed(), missed()))
    answer = await ask(client, FUNDER)
    body = answer.json()
    total = {figure["code"]: figure for figure in body["figures"] if figure["site"] is None}
    assert body["audience"] == "funder"
    assert (total["ACT1"]["value"], total["PAT1"]["value"]) == (12, 12)
    assert total["ACT1"]["breakdowns"] == {
        "mode": {"AMB": 12},
        "programming": {"programmed": 12, "unscheduled": 0},
    }
    assert (total["NSH1"]["numerator"], total["NSH1"]["denominator"], total["NSH1"]["value"]) == (
        "< 11",
        "masked",
        "masked",
    )


async def test_a_funder_cannot_find_a_small_site_by_asking_for_the_others(
    client: httpx2.AsyncClient, reporting_database: ServiceDatabase
) -> None:
    """The total of 20, less the 15 of Laval, would tell the 5 of Mayenne."""
    acts = [seen() for _ in range(15)] + [seen(site=MAYENNE) for _ in range(5)]
    await hear(reporting_database.database, told(*acts))
    together = (await ask(client, FUNDER, code="ACT1")).json()["figures"]
    assert {f["site"]: f["value"] for f in together} == {None: 20, str(LAVAL): "masked", str(MAYENNE): "< 11"}
    alone = (await ask(client, FUNDER, code="ACT1", site=str(LAVAL))).json()["figures"]
    assert [f["value"] for f in alone] == ["masked"]


async def test_a_funder_asks_for_whole_months(client: httpx2.AsyncClient) -> None:
    refused = await ask(client, FUNDER, to="2026-11-30")
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:smp:problem:period-too-fine")
    assert "mois entiers" in refused.json()["detail"]


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-11-23", "to": "2026-11-23"},
        {"from": "2026-12-01", "to": "2026-11-01"},
        {"from": "1999-01-01"},
        {"to": "9999-12-31"},
        {"from": "2026-02-30"},
        {"from": "yesterday"},
        {"site": "laval"},
        {"code": "ACT9"},
        {"format": "xlsx"},
    ],
)
async def test_a_question_that_makes_no_sense_is_refused_in_words(
    client: httpx2.AsyncClient, query: dict[str, str]
) -> None:
    refused = await ask(client, MANAGER, **query)
    assert refused.status_code == 422
    assert refused.json()["title"] in ("Période non valide", "Saisie invalide")


async def test_definitions_say_what_is_counted_and_what_is_not(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/indicators/definitions", headers=MANAGER)
    by_code = {definition["code"]: definition for definition in answer.json()}
    assert by_code.keys() == CODES
    assert by_code["NSH1"]["version"] == 2
    assert "annulés" in by_code["NSH1"]["exclusions"]
    assert "Hyndman et Fan, type 1" in by_code["DEL1"]["method"]


def rows(answer: httpx2.Response) -> list[dict[str, str]]:
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""), delimiter=";"))


async def test_the_table_says_the_same_as_the_json_with_french_numbers(
    client: httpx2.AsyncClient, reporting_database: ServiceDatabase
) -> None:
    acts = [seen() for _ in range(11)] + [missed()]
    await hear(reporting_database.database, told(site_opened(), *acts))
    by_format = await ask(client, MANAGER, site=str(LAVAL), format="csv")
    by_header = await ask(client, {**MANAGER, "Accept": "text/csv"}, site=str(LAVAL))
    assert by_format.content == by_header.content
    assert "indicateurs_2026-11-01_2026-12-01.csv" in by_format.headers["content-disposition"]
    table = rows(by_format)
    assert tuple(table[0]) == HEADER
    no_show = next(row for row in table if row["code"] == "NSH1")
    assert (no_show["numérateur"], no_show["dénominateur"], no_show["valeur"], no_show["unité"]) == (
        "1",
        "12",
        "8,3",
        "%",
    )
    modes = {row["modalité"]: row["valeur"] for row in table if row["dimension"] == "mode"}
    assert modes == {"AMB": "11"}


async def test_the_table_of_a_funder_hides_the_same_numbers(
    client: httpx2.AsyncClient, reporting_database: ServiceDatabase
) -> None:
    await hear(reporting_database.database, told(site_opened(), *[seen() for _ in range(15)], missed()))
    table = rows(await ask(client, FUNDER, site=str(LAVAL), code="NSH1", format="csv"))
    assert (table[0]["numérateur"], table[0]["dénominateur"], table[0]["valeur"]) == ("< 11", "masqué", "masqué")


async def test_a_name_that_a_spreadsheet_would_run_or_split_is_made_harmless(
    client: httpx2.AsyncClient, reporting_database: ServiceDatabase
) -> None:
    name = '=HYPERLINK("x");"Été" 2026'
    await hear(reporting_database.database, told(site_opened(name=name)))
    table = rows(await ask(client, MANAGER, site=str(LAVAL), format="csv"))
    assert {row["nom du site"] for row in table} == {f"'{name}"}
    assert None not in table[0]


async def test_the_openapi_document_names_every_route(client: httpx2.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    assert set(paths) == {"/v1/indicators", "/v1/indicators/definitions", "/v1/facts/count"}
