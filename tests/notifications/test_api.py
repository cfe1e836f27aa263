from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx2
import pytest

from notifications.__main__ import service
from smp.ids import new_id
from tests.notifications.test_ovh_over_http import SETTINGS
from tests.notifications.world import Book, Carrier, World, at, landline
from tests.support.api import bearer, client_for, command_headers


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_for(service, world.db.database, clock=world.clock, **SETTINGS) as client:
        yield client


@pytest.fixture
async def unreachable(world: World) -> Book:
    """An appointment of tomorrow of a patient with a landline."""
    book = world.book(await world.patient([landline()]), at("03T10:30"))
    await world.hear(world.booked(book))
    return book


async def open_calls(client: httpx2.AsyncClient, site: UUID, **query: Any) -> dict[str, Any]:
    answer = await client.get("/v1/call-tasks", params={"site": str(site), **query}, headers=bearer("secretary"))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def complete(client: httpx2.AsyncClient, task: str, headers: dict[str, str]) -> httpx2.Response:
    return await client.post(f"/v1/call-tasks/{task}/completion", json={"outcome": "reached"}, headers=headers)


async def test_the_call_list_is_in_the_order_of_the_appointments_page_by_page(
    world: World, client: httpx2.AsyncClient
) -> None:
    patient = await world.patient([landline()])
    books = [world.book(patient, at(start)) for start in ("05T10:00", "03T10:00", "04T10:00")]
    await world.hear(*[world.booked(book) for book in books])
    first = await open_calls(client, world.site, limit=2)
    second = await open_calls(client, world.site, limit=2, after=first["next"])
    found = [task["appointment"] for page in (first, second) for task in page["call_tasks"]]
    assert found == [str(books[n].appointment) for n in (1, 2, 0)]
    assert second["next"] is None


async def test_a_completed_call_leaves_the_list_once_and_says_so(
    world: World, client: httpx2.AsyncClient, unreachable: Book
) -> None:
    (task,) = (await open_calls(client, world.site))["call_tasks"]
    headers = command_headers(bearer("secretary", subject="anne"))
    done, again = await complete(client, task["task"], headers), await complete(client, task["task"], headers)
    assert (done.status_code, done.json()["ended_by"], done.json()["outcome"]) == (201, "anne", "reached")
    assert again.json() == done.json()
    assert (await open_calls(client, world.site))["call_tasks"] == []
    assert await world.said(unreachable) == ["CallTaskRaised", "CallTaskDone"]


async def test_a_call_that_ended_meanwhile_is_refused_with_its_state(
    world: World, client: httpx2.AsyncClient, unreachable: Book
) -> None:
    (task,) = (await open_calls(client, world.site))["call_tasks"]
    await world.hear(world.arrived(unreachable))
    refused = await complete(client, task["task"], command_headers(bearer("secretary")))
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:smp:problem:call-ended")
    assert refused.json()["state"] == "dropped"
    assert (await complete(client, str(new_id()), command_headers(bearer("secretary")))).status_code == 404


async def test_another_site_another_territory_and_another_trade_are_refused(
    world: World, client: httpx2.AsyncClient, unreachable: Book
) -> None:
    (task,) = (await open_calls(client, world.site))["call_tasks"]
    elsewhere, abroad, funder = (
        bearer("secretary", site=new_id()),
        bearer("secretary", territory="72"),
        bearer("funder"),
    )
    for who, status in ((elsewhere, 403), (abroad, 404), (funder, 403)):
        assert (await complete(client, task["task"], command_headers(who))).status_code == status
    for who in (elsewhere, funder):
        for path in (f"/v1/call-tasks?site={world.site}", f"/v1/messages?appointment={unreachable.appointment}"):
            expected = 200 if who is elsewhere and "messages" in path else 403
            assert (await client.get(path, headers=who)).status_code == expected
    seen = await client.get(f"/v1/call-tasks?site={world.site}", headers=abroad)
    assert seen.json()["call_tasks"] == []
    assert (await client.get("/v1/messages?appointment=1", headers=bearer("secretary"))).status_code == 422


async def test_the_texts_of_an_appointment_are_shown_with_their_states_and_words(
    world: World, client: httpx2.AsyncClient, carrier: Carrier
) -> None:
    book = world.book(await world.patient(), at("19T10:30"))
    await world.hear(world.booked(book))
    await world.sender.send_due()
    path = f"/v1/messages?appointment={book.appointment}"
    messages = (await client.get(path, headers=bearer("secretary"))).json()["messages"]
    assert [(m["purpose"], m["state"], m["segments"]) for m in messages] == [
        ("confirmation", "accepted", 1),
        ("reminder", "planned", None),
    ]
    assert messages[0]["text"] == carrier.texts[0]
    assert messages[0]["traceparent"] == book.traceparent
    assert (await client.get(path, headers=bearer("secretary", site=new_id()))).status_code == 403
    assert (await client.get(path, headers=bearer("secretary", territory="72"))).json() == {"messages": []}


async def test_a_preview_shows_words_hour_and_price_and_plans_nothing(world: World, client: httpx2.AsyncClient) -> None:
    patient = await world.patient()
    body = {"purpose": "reminder", "site": str(world.site), "start": "2026-03-19T10:30:00+01:00"}
    shown = (await client.post("/v1/messages/preview", json=body, headers=bearer("secretary"))).json()
    assert shown["text"].startswith("Rappel : rendez-vous jeudi 19 mars à 10h30, SMP Henri Dunant")
    assert (shown["by"], shown["encoding"], shown["segments"]) == ("text", "gsm7", 1)
    assert shown["due_at"] == "2026-03-17T09:30:00Z"
    past = {**body, "purpose": "change", "start": "2026-03-01T10:30:00+01:00", "patient": str(patient)}
    assert (await client.post("/v1/messages/preview", json=past, headers=bearer("secretary"))).json()["by"] == "nothing"
    assert await world.rows("SELECT 1 FROM message") == []


async def test_a_preview_says_that_somebody_must_call(world: World, client: httpx2.AsyncClient) -> None:
    patient = await world.patient([landline()])
    body = {
        "purpose": "cancellation",
        "site": str(world.site),
        "start": "2026-03-03T10:30:00+01:00",
        "patient": str(patient),
    }
    shown = (await client.post("/v1/messages/preview", json=body, headers=bearer("coordinator"))).json()
    assert (shown["by"], shown["call_reason"]) == ("call", "no_mobile")


@pytest.mark.parametrize(
    "change",
    [
        {"start": "2026-02-30T10:30:00+01:00"},
        {"start": "2026-03-19T10:30:00"},
        {"purpose": "marketing"},
        {"site": "laval"},
        {"mode": "XX"},
        {"colour": "blue"},
    ],
)
async def test_bad_input_to_the_preview_is_answered_with_the_field_at_fault(
    world: World, client: httpx2.AsyncClient, change: dict[str, str]
) -> None:
    body = {"purpose": "reminder", "site": str(new_id()), "start": "2026-03-19T10:30:00+01:00", **change}
    answer = await client.post("/v1/messages/preview", json=body, headers=bearer("secretary"))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/{next(iter(change))}"


async def test_a_site_not_known_yet_is_said_in_the_readers_language(world: World, client: httpx2.AsyncClient) -> None:
    body = {"purpose": "reminder", "site": str(new_id()), "start": "2026-03-19T10:30:00+01:00"}
    for language, title in (("fr", "Centre inconnu"), ("en", "Unknown site")):
        headers = {**bearer("secretary"), "Accept-Language": language}
        answer = await client.post("/v1/messages/preview", json=body, headers=headers)
        assert (answer.status_code, answer.json()["title"]) == (404, title)
