"""The SMS sink over real HTTP: each scenario, what it remembers after a death, and what it refuses."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI

from smp.clock import set_demo_clock
from smp_local.sms_sink.app import create_app
from smp_local.sms_sink.scenarios import SCENARIOS
from tests.local.sms_client import JOBS, KEYS, OUTGOING, Client, eventually, order, settings_for


@contextlib.asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """Serve `app` on a port chosen by the kernel; yield its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listening.close()


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Client]:
    client = Client()
    async with served(client.app()) as address, client.http:
        client.callback = f"{address}/receipts/s3cret"
        yield client


@pytest_asyncio.fixture
async def client(receiver: Client, tmp_path: Path) -> AsyncIterator[Client]:
    async with served(create_app(settings_for(tmp_path, receiver.callback))) as receiver.address:
        yield receiver


async def test_an_ordinary_text_is_accepted_then_delivered(client: Client) -> None:
    answer = await client.send("+33639980101")

    assert answer.status_code == 200
    job = answer.json()["ids"][0]
    assert answer.json() == {
        "ids": [job],
        "invalidReceivers": [],
        "validReceivers": ["+33639980101"],
        "totalCreditsRemoved": 1,
    }
    await client.told(3, 4)
    assert {receipt["id"] for receipt in client.received} == {str(job)}
    assert set(client.received[0]) == {"id", "ptt", "date", "description", "descriptionDlr"}
    assert await client.states() == ["delivered"]
    seen = (await client.call("GET", f"{OUTGOING}/{job}")).json()
    assert (seen["ptt"], seen["deliveryReceipt"], seen["credits"], seen["tag"]) == (4, 1, 1, "a-tag")
    assert seen["sentAt"] <= seen["deliveredAt"]


async def test_an_invalid_number_is_told_in_a_successful_answer(client: Client) -> None:
    answer = await client.send("+33639989901")

    assert answer.status_code == 200
    assert answer.json() == {
        "ids": [],
        "invalidReceivers": ["+33639989901"],
        "validReceivers": [],
        "totalCreditsRemoved": 0,
    }


@pytest.mark.parametrize(
    ("number", "ptts", "state"),
    [
        ("+33639989902", (23,), "failed"),
        ("+33639989903", (1, 1, 8), "expired"),
        ("+33639989906", (4, 4, 3), "delivered"),
    ],
)
async def test_receipts_tell_what_became_of_the_text(
    client: Client, number: str, ptts: tuple[int, ...], state: str
) -> None:
    await client.send(number)

    await client.told(*ptts)
    assert await client.states() == [state]


async def test_some_texts_are_never_heard_of_again(client: Client) -> None:
    await client.send("+33639989904", tag="lost")
    await client.send("+33639980101")

    await client.told(3, 4)
    assert await client.states("lost") == ["pending"]


async def test_receipts_may_overtake_the_answer(client: Client) -> None:
    answer = await client.send("+33639989905")

    assert [int(receipt["ptt"]) for receipt in client.received] == [3, 4]
    assert answer.json()["ids"] == [int(client.received[0]["id"])]


async def test_after_a_stop_the_number_takes_no_more_texts(client: Client) -> None:
    first = await client.send("+33639989907", tag="first")
    second = await client.send("+33639989907", tag="second")

    assert first.json()["validReceivers"] == ["+33639989907"]
    assert second.json()["invalidReceivers"] == ["+33639989907"]
    assert (await client.call("GET", "/1.0/sms/sms-local-1/blacklists")).json() == ["+33639989907"]


async def test_without_credit_nothing_leaves_until_a_top_up(client: Client) -> None:
    assert [(await client.send("+33639989908")).status_code for _ in range(2)] == [402, 402]
    assert await client.states() == []

    topped_up = {"receiver": "+33639989908", "scenario": "happy"}
    assert (await client.http.post(client.address + "/scenarios", json=topped_up)).status_code == 204

    assert (await client.send("+33639989908")).status_code == 200


@pytest.mark.parametrize(("number", "status"), [("+33639989909", 429), ("+33639989910", 500)])
async def test_a_passing_trouble_accepts_nothing_and_then_passes(client: Client, number: str, status: int) -> None:
    refused = await client.send(number)
    accepted = await client.send(number)

    assert (refused.status_code, accepted.status_code) == (status, 200)
    assert refused.headers.get("retry-after") == ("1" if status == 429 else None)
    assert len(await client.states()) == 1


async def test_a_text_may_be_accepted_without_an_answer(client: Client) -> None:
    body = json.dumps(order("+33639989911")).encode()
    with pytest.raises(httpx2.ReadTimeout):
        await client.call_raw("POST", JOBS, body, timeout=0.5)

    assert len((await client.call("GET", f"{OUTGOING}?tag=a-tag")).json()) == 1
    await client.told(3, 4)

    assert (await client.send("+33639989911")).status_code == 200, "who does not look first sends twice"
    assert (await client.http.get(client.address + "/ledger/summary")).json()["twice"] == ["a-tag"]


async def test_a_number_can_be_told_to_play_a_scenario(client: Client) -> None:
    await client.http.post(client.address + "/scenarios", json={"receiver": "0033639980101", "scenario": "barred"})
    await client.send("+33639980101")
    await client.told(23)

    await client.http.post(client.address + "/scenarios", json={"receiver": "+33639980101", "scenario": None})
    await client.send("+33639980101", tag="again")
    await client.told(23, 3, 4)


async def test_a_receipt_is_told_again_until_it_is_taken(client: Client) -> None:
    client.answers = [500, 404, 200]

    await client.send("+33639980101")

    await client.told(3, 3, 3, 4)


async def test_a_text_for_later_can_be_called_back(client: Client) -> None:
    job = (await client.send("+33639980101", differedPeriod=60)).json()["ids"][0]
    assert (await client.call("GET", JOBS)).json() == [job]
    assert (await client.call("GET", f"{JOBS}/{job}")).json()["differedDelivery"] == 60

    assert (await client.call("DELETE", f"{JOBS}/{job}")).status_code == 200

    assert await client.states() == ["cancelled"]
    assert (await client.ledger())["tags"] == {}
    assert (await client.call("DELETE", f"{JOBS}/{job}")).status_code == 404
    assert (await client.call("GET", f"{JOBS}/{job}")).status_code == 404


async def test_a_text_that_left_cannot_be_called_back(client: Client) -> None:
    job = (await client.send("+33639980101")).json()["ids"][0]

    assert (await client.call("DELETE", f"{JOBS}/{job}")).status_code == 404


async def test_one_order_may_have_several_numbers(client: Client) -> None:
    answer = await client.send("+33639980101", receivers=["+33639980101", "0033639980102", "+33639989901", "12"])

    assert answer.json()["validReceivers"] == ["+33639980101", "+33639980102"]
    assert answer.json()["invalidReceivers"] == ["+33639989901", "12"]
    assert answer.json()["totalCreditsRemoved"] == 2


async def test_the_ledger_adds_up(client: Client) -> None:
    await client.send("+33639980101", tag="one")
    await client.send("+33639980102", tag="two", message="é" * 161)
    await client.send("+33639989901", tag="three")

    summary = (await client.http.get(client.address + "/ledger/summary")).json()

    assert (summary["accepted"], summary["credits"], summary["distinct_tags"]) == (2, 3, 2)
    assert summary["twice"] == []
    assert summary["refused"] == {"invalid_receiver": 1}
    assert summary["by_scenario"] == {"happy": 2}


async def test_the_readme_lists_every_scenario() -> None:
    readme = Path(__file__).parents[2] / "deploy/local/smp_local/sms_sink/README.md"
    table = readme.read_text()

    assert all(f"| {scenario.suffix or 'any other'} | `{name}` |" in table for name, scenario in SCENARIOS.items())


async def test_dates_follow_the_demo_clock_and_signatures_real_time(receiver: Client, tmp_path: Path) -> None:
    clock = tmp_path / "clock.json"
    set_demo_clock(clock, datetime(2030, 1, 7, 8, 0, tzinfo=UTC), 1.0)
    async with served(create_app(settings_for(tmp_path, receiver.callback, clock_file=clock))) as receiver.address:
        assert (await receiver.send("+33639980101")).status_code == 200
        await receiver.told(3, 4)

        assert (await receiver.ledger())["jobs"][0]["accepted_at"].startswith("2030-01-07T08:0")
        assert receiver.received[0]["date"].startswith("2030-01-07T08:0")


async def test_nothing_accepted_is_lost_when_the_sink_is_killed(receiver: Client, tmp_path: Path) -> None:
    """A real process dies by SIGKILL between the acceptance and its receipts, and is started again."""
    receiver.answers = [503] * 1_000
    texts = 20
    first = await start_process(tmp_path, receiver)
    try:
        answers = [await receiver.send(f"+3363998{number:04}", tag=f"tag-{number}") for number in range(texts)]
        assert all(answer.status_code == 200 for answer in answers)
        await receiver.send("+33639989909", tag="busy")
    finally:
        first.send_signal(signal.SIGKILL)
        await first.wait()
    receiver.answers = []

    second = await start_process(tmp_path, receiver)
    try:

        async def all_delivered() -> bool:
            summary = (await receiver.http.get(f"{receiver.address}/ledger/summary")).json()
            return bool(summary["by_state"] == {"delivered": texts} and summary["receipts"]["pending"] == 0)

        await eventually(all_delivered)
        assert (await receiver.send("+33639989909", tag="busy")).status_code == 200, "429 was already given"
        job = answers[0].json()["ids"][0]
        assert (await receiver.call("GET", f"{OUTGOING}?tag=tag-0")).json() == [job]
    finally:
        second.terminate()
        logs, _ = await second.communicate()
    assert b"text_accepted" in logs
    assert b"+33" not in logs
    assert b"RDV" not in logs
    assert b"s3cret" not in logs


async def start_process(home: Path, client: Client) -> asyncio.subprocess.Process:
    """Run the sink as its users do, on a free port, and wait until it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    client.address = f"http://127.0.0.1:{port}"
    ours = {
        "SMP_ENVIRONMENT": "test",
        "SMP_HTTP_PORT": str(port),
        "SMP_SMS_HOME": str(home),
        "SMP_SMS_CALLBACK_URL": client.callback,
        "SMP_SMS_STEP_SECONDS": "0.01",
        **{f"SMP_{name.upper()}": value for name, value in KEYS.items()},
    }
    others = {name: value for name, value in os.environ.items() if not name.startswith("SMP_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "smp_local.sms_sink"), env=others | ours, stdout=asyncio.subprocess.PIPE
    )

    async def answers() -> bool:
        assert process.returncode is None, "the sink ended at once"
        with contextlib.suppress(httpx2.TransportError):
            return (await client.http.get(f"{client.address}/health/ready")).status_code == 200
        return False

    await eventually(answers)
    return process


async def test_two_sinks_do_not_share_a_folder(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", TAKE_THE_FOLDER, str(tmp_path)), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        assert await process.stdout.readline() == b"taken\n"
        with pytest.raises(Exception, match="locked"):
            create_app(settings_for(tmp_path, None))
    finally:
        process.kill()
        await process.communicate()


TAKE_THE_FOLDER = """
import pathlib, sys, time
from smp_local.sms_sink.store import Store
store = Store(pathlib.Path(sys.argv[1]))
print("taken", flush=True)
time.sleep(60)
"""
