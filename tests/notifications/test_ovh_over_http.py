"""The whole way over real HTTP: our adapter, a provider that speaks OVHcloud's shape, and its receipts to our API."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from notifications.__main__ import service
from notifications.domain.messages import FATES, State
from notifications.providers.ovh import Account, Ovh
from notifications.use_cases.provider import Accepted, Busy, Doubtful, Refused
from smp_local.sms_sink.app import create_app
from smp_local.sms_sink.settings import Settings as SinkSettings
from tests.notifications.serving import address_of, eventually, listening_socket, serving
from tests.notifications.world import Book, World, at, mobile
from tests.support.api import runtime_for
from tests.support.databases import ServiceDatabase

PATIENCE = 2.0  # seconds for an answer of the provider's: a disk may take long
SECRET = "a-secret-path-of-the-tests"
KEYS: dict[str, Any] = {
    "sms_application_key": "application",
    "sms_application_secret": "application-secret",
    "sms_consumer_key": "consumer",
}
SETTINGS: dict[str, Any] = {
    **KEYS,
    "registry_url": "http://127.0.0.1:1",
    "token_url": "http://127.0.0.1:1/token",
    "client_id": "notifications",
    "client_secret": "unused",
    "sms_url": "http://127.0.0.1:1",
    "sms_service": "sms-local-1",
    "sms_callback_secret": SECRET,
}
ACCOUNT = Account("", "sms-local-1", "SMP", "application", "application-secret", "consumer")


class Line:
    """A sink and our API, each behind its socket, and a world that sends through them."""

    def __init__(self, world: World, ovh: Ovh, http: httpx2.AsyncClient, sink: str, api: str) -> None:
        self.world, self.ovh, self.http, self.sink, self.api = world, ovh, http, sink, api

    async def book(self, number: str) -> Book:
        book = self.world.book(await self.world.patient([mobile(number)]), at("03T10:30"))
        await self.world.hear(self.world.booked(book))
        return book

    async def settled(self, book: Book) -> str:
        """Send and look until the text has its fate or cannot go further."""

        async def done() -> bool:
            await self.world.sender.send_due()
            return State((await self.world.texts(book))[0][1]) in FATES

        await eventually(done)
        return (await self.world.texts(book))[0][1]

    async def jobs(self) -> list[dict[str, Any]]:
        jobs: list[dict[str, Any]] = (await self.http.get(f"{self.sink}/ledger")).json()["jobs"]
        return jobs

    async def all_receipts_taken(self) -> bool:
        summary = (await self.http.get(f"{self.sink}/ledger/summary")).json()
        return bool(summary["receipts"]["pending"] == 0)


@pytest.fixture
async def line(notifications_database: ServiceDatabase, tmp_path: Path) -> AsyncIterator[Line]:
    sink_socket, api_socket = listening_socket(), listening_socket()
    sink_url, api_url = address_of(sink_socket), address_of(api_socket)
    sink = create_app(
        SinkSettings(
            environment="test",
            http_port=1,
            sms_home=tmp_path,
            sms_callback_url=f"{api_url}/v1/sms-callbacks/{SECRET}",
            sms_step_seconds=0.01,
            sms_silence_seconds=2 * PATIENCE,
            **KEYS,
        )
    )
    async with (
        httpx2.AsyncClient() as http,
        runtime_for(service, notifications_database.database, **SETTINGS) as runtime,
        serving(sink, sink_socket),
        serving(service.api(runtime), api_socket, lifespan="off"),
    ):
        ovh = Ovh(replace(ACCOUNT, url=sink_url), http, timeout=PATIENCE)
        yield Line(World(notifications_database, ovh), ovh, http, sink_url, api_url)


@pytest.mark.parametrize(
    ("number", "fate", "calls", "jobs"),
    [
        ("+33639980001", "delivered", [], 1),
        ("+33639989901", "failed", [("confirmation", "invalid_number", "open")], 0),
        ("+33639989902", "failed", [("confirmation", "invalid_number", "open")], 1),
        ("+33639989903", "expired", [("confirmation", "undelivered", "open")], 1),
        ("+33639989905", "delivered", [], 1),
        ("+33639989906", "delivered", [], 1),
        ("+33639989909", "delivered", [], 1),
        ("+33639989910", "delivered", [], 1),
        ("+33639989911", "delivered", [], 1),
    ],
    ids=["happy", "invalid", "barred", "phone off", "early", "disorder", "429", "500", "time-out after accept"],
)
async def test_whatever_the_provider_does_a_text_has_one_fate_and_at_most_one_job(
    line: Line, number: str, fate: str, calls: list[tuple[str, str, str]], jobs: int
) -> None:
    book = await line.book(number)
    assert await line.settled(book) == fate
    assert await line.world.calls(book) == calls
    assert len(await line.jobs()) == jobs
    await eventually(line.all_receipts_taken)
    assert [state for _, state, _ in await line.world.texts(book)] == [fate]
    fates = [name for name in await line.world.said(book) if name.startswith("Message")][-1:]
    assert fates == [f"Message{fate.capitalize()}"]


async def test_the_sink_has_exactly_the_words_and_the_tag_of_the_text(line: Line) -> None:
    book = await line.book("+33639980001")
    await line.settled(book)
    (job,) = await line.jobs()
    (row,) = await line.world.rows("SELECT tag, body, segments, credits, provider_reference FROM message")
    assert (job["tag"], job["message"]) == (row["tag"], row["body"])
    assert (job["parts"], str(job["id"])) == (row["segments"], row["provider_reference"])
    assert row["credits"] == row["segments"] == 1


async def test_a_text_without_any_receipt_stays_accepted(line: Line) -> None:
    book = await line.book("+33639989904")
    await line.world.sender.send_due()
    assert await line.world.texts(book) == [("confirmation", "accepted", 2)]


async def test_a_stop_blacklists_the_number_and_the_next_text_becomes_a_call(line: Line) -> None:
    first = await line.book("+33639989907")
    assert await line.settled(first) == "delivered"
    second = line.world.book(first.patient, at("03T11:30"))
    await line.world.hear(line.world.booked(second))
    assert await line.settled(second) == "failed"
    assert await line.world.calls(second) == [("confirmation", "refused", "open")]


async def test_no_credit_is_no_failure_until_the_appointment_is_near(line: Line) -> None:
    book = await line.book("+33639989908")
    await line.world.sender.send_due()
    assert await line.world.texts(book) == [("confirmation", "planned", 2)]
    line.world.clock.time = at("03T10:10")
    assert await line.settled(book) == "failed"
    assert await line.world.calls(book) == [("confirmation", "undelivered", "open")]


async def test_the_adapter_tells_what_is_certain_from_what_is_doubtful(line: Line) -> None:
    text = "SMP : RDV"
    assert isinstance(await line.ovh.send("t-happy", "+33639980001", text), Accepted)
    assert await line.ovh.send("t-invalid", "+33639989901", text) == Refused("invalid_number")
    assert await line.ovh.send("t-busy", "+33639989909", text) == Busy("http_429", 1.0)
    assert await line.ovh.send("t-broken", "+33639989910", text) == Doubtful("http_500")
    assert await line.ovh.send("t-silent", "+33639989911", text) == Doubtful("no_answer:ReadTimeout")
    assert await line.ovh.find_by_tag("t-silent") is not None
    assert await line.ovh.find_by_tag("t-broken") is None


async def test_a_provider_that_cannot_be_reached_certainly_has_nothing(line: Line) -> None:
    closed = listening_socket()
    nowhere = Ovh(replace(ACCOUNT, url=address_of(closed)), line.http, timeout=PATIENCE)
    outcome = await nowhere.send("t", "+33639980001", "SMP : RDV")
    closed.close()
    assert isinstance(outcome, Busy)


async def test_a_wrong_key_or_an_unknown_sender_is_tried_again_once_mended(line: Line) -> None:
    for wrong in (replace(ACCOUNT, application_secret="wrong"), replace(ACCOUNT, sender="OTHER")):
        ovh = Ovh(replace(wrong, url=line.sink), line.http, timeout=PATIENCE)
        assert isinstance(await ovh.send("t", "+33639980001", "SMP : RDV"), Busy)


async def test_our_clock_may_be_an_hour_off(line: Line) -> None:
    ovh = Ovh(replace(ACCOUNT, url=line.sink), line.http, timeout=PATIENCE, clock=lambda: time.time() - 3600)
    assert isinstance(await ovh.send("t", "+33639980001", "SMP : RDV"), Accepted)


async def test_a_callback_with_a_wrong_secret_or_bad_values_changes_nothing(line: Line) -> None:
    book = await line.book("+33639989904")
    await line.world.sender.send_due()
    (row,) = await line.world.rows("SELECT provider_reference FROM message")
    good = {"id": row["provider_reference"], "ptt": "4", "description": "1", "date": "2026-03-02T09:00:00+01:00"}
    right, wrong = f"{line.api}/v1/sms-callbacks/{SECRET}", f"{line.api}/v1/sms-callbacks/{SECRET}x"
    assert (await line.http.get(wrong, params=good)).status_code == 404
    for bad in ({"id": ""}, {"id": "1\x00"}, {"ptt": "four"}, {"ptt": "-1"}, {"date": "<script>"}, {"ptt": "9" * 30}):
        assert (await line.http.get(right, params={**good, **bad})).status_code == 422
    assert await line.world.texts(book) == [("confirmation", "accepted", 2)]
    assert (await line.http.get(right, params={**good, "id": "999999"})).status_code == 200
    for _ in range(2):
        assert (await line.http.get(right, params=good)).status_code == 200
    assert await line.world.texts(book) == [("confirmation", "delivered", 2)]


async def test_a_text_moved_before_it_left_gives_one_job_with_the_right_hour(line: Line) -> None:
    book = await line.book("+33639980001")
    await line.world.hear(line.world.moved(book, at("03T15:00")))
    line.world.clock.time += timedelta(minutes=1)
    await line.world.sender.send_due()
    assert ["15h" in job["message"] for job in await line.jobs()] == [True]
