"""What the floor promises to every route: who calls, once per key, problems that help, nothing half done."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from smp.ids import new_id
from tests.support.api import bearer, client_for, command_headers
from tests.support.databases import ServiceDatabase
from tests.support.toy_service import SERVICE

SECRETARY = bearer("secretary")


@pytest.fixture
async def client(floor_database: ServiceDatabase) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_for(SERVICE, floor_database.database, body_limit_bytes=4096) as made:
        yield made


async def add(client: httpx2.AsyncClient, text: str = "x", key: str | None = None, **fields: Any) -> httpx2.Response:
    return await client.post("/v1/notes", json={"text": text, **fields}, headers=command_headers(SECRETARY, key))


async def count(floor: ServiceDatabase, table: str) -> int:
    async with floor.admin() as admin:
        return int(await admin.fetchval(f"SELECT count(*) FROM {table}"))


async def test_the_same_key_and_body_get_the_same_answer_and_one_effect(
    client: httpx2.AsyncClient, floor_database: ServiceDatabase
) -> None:
    first = await add(client, key="key-0001")
    second = await add(client, key="key-0001")
    assert (first.status_code, first.content) == (second.status_code, second.content) == (201, first.content)
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert await count(floor_database, "note") == await count(floor_database, "smp.outbox") == 1


async def test_the_same_key_with_another_body_is_refused(
    client: httpx2.AsyncClient, floor_database: ServiceDatabase
) -> None:
    await add(client, "one", key="key-0001")
    answer = await add(client, "two", key="key-0001")
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:smp:problem:idempotency-key-reused"
    assert await count(floor_database, "note") == 1


async def test_two_at_once_with_the_same_key_have_one_effect(
    client: httpx2.AsyncClient, floor_database: ServiceDatabase
) -> None:
    answers = await asyncio.gather(*(add(client, key="key-0001") for _ in range(8)))
    assert {a.status_code for a in answers} == {201}
    assert len({a.content for a in answers}) == 1
    assert await count(floor_database, "note") == 1


async def test_the_key_of_one_caller_is_not_the_key_of_another(client: httpx2.AsyncClient) -> None:
    await add(client, "one", key="key-0001")
    other = command_headers(bearer("secretary", subject="another"), "key-0001")
    assert (await client.post("/v1/notes", json={"text": "two"}, headers=other)).status_code == 201


async def test_a_refusal_keeps_nothing_and_helps_in_the_callers_language(
    client: httpx2.AsyncClient, floor_database: ServiceDatabase
) -> None:
    french = await add(client, "busy", key="key-0001")
    english = await client.post(
        "/v1/notes", json={"text": "busy"}, headers={**command_headers(SECRETARY), "Accept-Language": "en-GB,fr;q=0.5"}
    )
    assert french.status_code == 409
    assert french.headers["content-type"] == "application/problem+json"
    assert french.json() == {
        "type": "urn:smp:problem:toy-busy",
        "title": "Déjà pris",
        "status": 409,
        "detail": "Trois autres : 3.",
        "count": 3,
        "alternatives": [1, 2, 3],
    }
    assert english.json()["title"] == "Busy"
    assert await count(floor_database, "note") == await count(floor_database, "smp.outbox") == 0
    assert await count(floor_database, "smp.idempotency") == 0


async def test_a_command_without_key_is_told_how_to_have_one(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/notes", json={"text": "x"}, headers=SECRETARY)
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:smp:problem:idempotency-key-missing"


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic abc"}])
async def test_who_does_not_say_who_they_are_is_refused(client: httpx2.AsyncClient, header: dict[str, str]) -> None:
    answer = await client.post("/v1/notes", json={"text": "x"}, headers={**header, "Idempotency-Key": "key-0001"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_role_or_a_site_that_is_not_the_callers_is_refused(client: httpx2.AsyncClient) -> None:
    own, other = new_id(), new_id()
    headers = command_headers(bearer("secretary", site=own))
    assert (await client.post("/v1/notes", json={"text": "x", "site": str(own)}, headers=headers)).status_code == 201
    headers = command_headers(bearer("secretary", site=own))
    assert (await client.post("/v1/notes", json={"text": "x", "site": str(other)}, headers=headers)).status_code == 403
    headers = command_headers(bearer("funder"))
    assert (await client.post("/v1/notes", json={"text": "x"}, headers=headers)).status_code == 403


async def test_another_territory_sees_nothing(client: httpx2.AsyncClient) -> None:
    note = (await add(client)).json()["id"]
    assert (await client.get(f"/v1/notes/{note}", headers=bearer("gp"))).status_code == 200
    assert (await client.get(f"/v1/notes/{note}", headers=bearer("gp", territory="72"))).status_code == 404


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"text": ""}, "/text", "string_too_short"),
        ({"text": "a" * 201}, "/text", "string_too_long"),
        ({"text": "a\x00b"}, "/text", "control_character"),
        ({"text": "a\x1bb"}, "/text", "control_character"),
        ({"text": 5}, "/text", "string_type"),
        ({"unknown": 1}, "/unknown", "extra_forbidden"),
        ({"day": "2026-02-30"}, "/day", "date_from_datetime_parsing"),
        ({"day": "0001-01-01"}, "/day", "day_out_of_range"),
        ({"at": "2026-11-23T08:00:00"}, "/at", "timezone_aware"),
        ({"at": "9999-12-31T23:59:59-01:00"}, "/at", "instant_out_of_range"),
        ({"site": "not-a-uuid"}, "/site", "uuid_parsing"),
    ],
)
async def test_bad_input_is_told_field_by_field_and_never_echoed(
    client: httpx2.AsyncClient, fields: dict[str, Any], pointer: str, code: str
) -> None:
    answer = await client.post("/v1/notes", json={"text": "x", **fields}, headers=command_headers(SECRETARY))
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["in"], error["pointer"], error["code"]) == ("body", pointer, code)


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"", b"[" * 3000, b'{"text": "\\ud800"}', b"null", b"5"])
async def test_a_body_that_is_no_json_object_is_refused(client: httpx2.AsyncClient, body: bytes) -> None:
    headers = {**command_headers(SECRETARY), "Content-Type": "application/json"}
    answer = await client.post("/v1/notes", content=body, headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_body_that_is_not_said_to_be_json_is_refused_as_such(
    client: httpx2.AsyncClient, floor_database: ServiceDatabase, kind: str
) -> None:
    headers = {**command_headers(SECRETARY), "Content-Type": kind}
    answer = await client.post("/v1/notes", content=b'{"text": "x"}', headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (415, "urn:smp:problem:unsupported-media-type")
    assert await count(floor_database, "note") == 0


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_over_the_limit_is_refused_whether_announced_or_not(
    client: httpx2.AsyncClient, announced: bool
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 100

    content: Any = b"x" * 10_000 if announced else chunks()
    headers = {**command_headers(SECRETARY), "Content-Type": "application/json"}
    answer = await client.post("/v1/notes", content=content, headers=headers)
    assert answer.status_code == 413
    assert answer.json()["limit_bytes"] == 4096


async def test_work_that_takes_too_long_is_undone_and_may_be_tried_again(floor_database: ServiceDatabase) -> None:
    async with client_for(SERVICE, floor_database.database, request_seconds=1.0) as client:
        answer = await add(client, "slow")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"
    assert await count(floor_database, "note") == 0


async def test_a_bug_is_answered_without_a_word_of_what_was_sent(
    client: httpx2.AsyncClient, floor_database: ServiceDatabase
) -> None:
    answer = await add(client, "bug")
    assert answer.status_code == 500
    assert answer.json()["type"] == "urn:smp:problem:internal"
    assert await count(floor_database, "note") == 0
    assert (await add(client, "fine")).status_code == 201


async def test_an_unknown_address_and_a_wrong_method_are_problems_too(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/nowhere")).json()["type"] == "urn:smp:problem:no-such-route"
    assert (await client.delete("/v1/notes")).json()["type"] == "urn:smp:problem:method-not-allowed"


async def test_the_trace_of_the_caller_goes_into_the_outbox_and_the_request_id_comes_back(
    client: httpx2.AsyncClient, floor_database: ServiceDatabase
) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {
        **command_headers(SECRETARY),
        "traceparent": f"00-{trace}-00f067aa0ba902b7-01",
        "X-Request-Id": "request-0001",
    }
    answer = await client.post("/v1/notes", json={"text": "x"}, headers=headers)
    assert answer.headers["x-request-id"] == "request-0001"
    async with floor_database.admin() as admin:
        assert trace in await admin.fetchval("SELECT traceparent FROM smp.outbox")


async def test_health_and_metrics_answer_without_a_token(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/health/live")).status_code == 200
    assert (await client.get("/health/ready")).status_code == 200
    assert "smp_http_seconds" in (await client.get("/metrics")).text


async def test_the_openapi_document_names_the_key_the_token_and_the_refusals(client: httpx2.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    post = document["paths"]["/v1/notes"]["post"]
    assert [p["name"] for p in post["parameters"]] == ["Idempotency-Key"]
    assert post["security"]
    assert "urn:smp:problem:toy-busy" in post["responses"]["409"]["description"]
