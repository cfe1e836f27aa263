"""Orders that the SMS sink refuses, and what a text costs: signature, fields, bodies, sizes."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from smp_local.sms_sink.app import create_app
from smp_local.sms_sink.signature import sign
from smp_local.sms_sink.text_size import measure
from tests.local.sms_client import ESTIMATE, JOBS, OUTGOING, Client, order, settings_for


@pytest_asyncio.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    app = create_app(settings_for(tmp_path, None))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app)) as http:
        client = Client(http)
        client.address = "http://sms.test"
        yield client
    app.state.store.close()


@pytest.mark.parametrize("changed", [{"secret": "x"}, {"application": "x"}, {"consumer": "x"}, {"timestamp": "1"}])
async def test_a_request_that_we_did_not_sign_is_refused(client: Client, changed: dict[str, str]) -> None:
    answer = await client.call("POST", JOBS, order("+33639980101"), **changed)

    assert answer.status_code == 403
    assert await client.states() == []


async def test_a_signature_holds_for_one_address_method_and_body_only(client: Client) -> None:
    stamp = str(int(time.time()))
    signed = sign("secret", "consumer", "GET", f"{client.address}{OUTGOING}?tag=one", b"", stamp)
    headers = {"X-Ovh-Application": "app", "X-Ovh-Consumer": "consumer", "X-Ovh-Timestamp": stamp}

    async def status(method: str, path: str, content: bytes = b"") -> int:
        sent = headers | {"X-Ovh-Signature": signed}
        return (await client.http.request(method, client.address + path, content=content, headers=sent)).status_code

    assert await status("GET", f"{OUTGOING}?tag=one") == 200
    assert await status("GET", f"{OUTGOING}?tag=two") == 403
    assert await status("GET", OUTGOING) == 403
    assert await status("GET", f"{OUTGOING}?tag=one", b"x") == 403
    assert await status("DELETE", f"{OUTGOING}?tag=one") == 405


def test_the_signature_is_the_documented_one() -> None:
    """Computed by hand: printf 'as+ck+GET+https://eu.api.ovh.com/1.0/sms++1' | sha1sum"""
    assert (
        sign("as", "ck", "GET", "https://eu.api.ovh.com/1.0/sms", b"", "1")
        == "$1$82d8116b192d3e1986868c738d7de69b9913ef6e"
    )


async def test_the_clock_is_open_to_all(client: Client) -> None:
    assert abs((await client.http.get(client.address + "/1.0/auth/time")).json() - time.time()) < 5


@pytest.mark.parametrize(
    "changes",
    [
        {"message": ""},
        {"message": "x" * 2_001},
        {"message": "é" * 153 * 6 + "ê"},
        {"message": 3},
        {"receivers": []},
        {"receivers": "+33639980101"},
        {"receivers": ["+33639980101"] * 101},
        {"sender": "INCONNU"},
        {"sender": None},
        {"sender": None, "senderForResponse": True, "message": "voir https://smp.fr"},
        {"tag": "x" * 21},
        {"coding": "16bit"},
        {"differedPeriod": -1},
        {"charset": "latin-1"},
        {"colour": "blue"},
    ],
)
async def test_a_wrong_order_is_refused_and_nothing_leaves(client: Client, changes: dict[str, Any]) -> None:
    answer = await client.send("+33639980101", **changes)

    assert answer.status_code == 400
    assert answer.json()["errorCode"] in ("INVALID_ARGUMENT", "INVALID_SENDER")
    assert "+33639980101" not in answer.text
    assert await client.states() == []


@pytest.mark.parametrize(
    ("content", "status"), [(b"", 400), (b"{", 400), (b"[]", 400), (b"\xff", 400), (b"x" * 70_000, 413)]
)
async def test_an_unreadable_body_is_refused(client: Client, content: bytes, status: int) -> None:
    assert (await client.call_raw("POST", JOBS, content)).status_code == status


async def test_another_service_is_unknown(client: Client) -> None:
    assert (await client.call("GET", "/1.0/sms/sms-other-1/outgoing")).status_code == 404
    assert (await client.call("GET", f"{OUTGOING}/999")).status_code == 404
    assert (await client.call("GET", f"{OUTGOING}/first")).status_code == 400


@pytest.mark.parametrize(
    ("message", "no_stop", "size"),
    [
        ("é" * 160, True, ("7bits", 160, 160, 1)),
        ("é" * 161, True, ("7bits", 161, 153, 2)),
        ("é" * 149, False, ("7bits", 160, 160, 1)),
        ("é" * 150, False, ("7bits", 161, 153, 2)),
        ("€" * 80, True, ("7bits", 160, 160, 1)),
        ("a" * 152 + "€" + "a" * 152, True, ("7bits", 306, 153, 3)),
        ("ê" * 70, True, ("unicode", 70, 70, 1)),
        ("ê" * 71, True, ("unicode", 71, 67, 2)),
        ("😀" * 35, True, ("unicode", 70, 70, 1)),
    ],
)
async def test_the_cost_of_a_text_is_told_before(
    client: Client, message: str, no_stop: bool, size: tuple[str, int, int, int]
) -> None:
    body = {"message": message, "noStopClause": no_stop, "senderType": "alpha"}
    answer = (await client.call("POST", ESTIMATE, body)).json()

    fields = ("charactersClass", "characters", "maxCharactersPerPart", "parts")
    assert tuple(answer[field] for field in fields) == size
    assert measure(message, stop_clause=not no_stop).parts == size[-1]
