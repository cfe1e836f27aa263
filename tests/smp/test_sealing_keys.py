"""Compartment keys asked from registry: in batches, kept briefly, missing ones absent."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from uuid import UUID, uuid4

import httpx2
import pytest
import pytest_asyncio
import stamina

from smp.sealing import new_data_key
from smp.sealing_keys import CompartmentKeys, KeysUnavailable
from smp.tokens import ServiceTokens


class Registry:
    def __init__(self) -> None:
        self.keys: dict[UUID, bytes] = {}
        self.asked: list[int] = []
        self.bearers: list[str] = []
        self.moods: list[int | Exception] = []
        self.monotonic = 10.0
        self.gate = asyncio.Event()
        self.gate.set()

    def patient(self) -> UUID:
        patient = uuid4()
        self.keys[patient] = new_data_key()
        return patient

    async def answer(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/token":
            return httpx2.Response(200, json={"access_token": f"token-{len(self.bearers)}", "expires_in": 600})
        body = json.loads(request.content)
        self.asked.append(len(body["patients"]))
        self.bearers.append(request.headers["authorization"])
        mood = self.moods.pop(0) if self.moods else 200
        if isinstance(mood, Exception):
            raise mood
        assert body["compartment"] == "contact"
        known = {key: self.keys[UUID(key)] for key in body["patients"] if UUID(key) in self.keys}
        await self.gate.wait()
        return httpx2.Response(mood, json={"keys": {key: b64encode(value).decode() for key, value in known.items()}})


@pytest.fixture(autouse=True)
def retries_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest_asyncio.fixture
async def keys(registry: Registry) -> AsyncIterator[CompartmentKeys]:
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(registry.answer)) as http:
        tokens = ServiceTokens("https://identity.example.test/token", "notifications", "s", http)
        yield CompartmentKeys(
            "https://registry.example.test/", http, tokens, capacity=5, clock=lambda: registry.monotonic
        )


async def test_keys_that_exist_are_given_and_others_are_absent(registry: Registry, keys: CompartmentKeys) -> None:
    known, unknown = registry.patient(), uuid4()

    assert await keys.get([known, unknown], "contact") == {known: registry.keys[known]}


async def test_nobody_asked_means_no_request(registry: Registry, keys: CompartmentKeys) -> None:
    assert await keys.get([], "contact") == {}
    assert registry.asked == []


async def test_a_key_is_kept_for_a_minute_and_a_missing_one_is_asked_again(
    registry: Registry, keys: CompartmentKeys
) -> None:
    known, unknown = registry.patient(), uuid4()
    await keys.get([known, unknown], "contact")
    registry.monotonic += 59
    await keys.get([known, unknown], "contact")
    registry.monotonic += 2
    await keys.get([known, unknown], "contact")

    assert registry.asked == [2, 1, 2]


async def test_many_patients_are_asked_in_batches(registry: Registry, keys: CompartmentKeys) -> None:
    patients = [registry.patient() for _ in range(1_001)]

    assert await keys.get(patients, "contact") == registry.keys
    assert registry.asked == [500, 500, 1]


async def test_an_erased_patient_is_forgotten_at_once(registry: Registry, keys: CompartmentKeys) -> None:
    patient = registry.patient()
    await keys.get([patient], "contact")
    del registry.keys[patient]

    keys.forget(patient)

    assert await keys.get([patient], "contact") == {}


async def test_an_erasure_during_a_request_is_not_undone_by_its_answer(
    registry: Registry, keys: CompartmentKeys
) -> None:
    patient = registry.patient()
    registry.gate.clear()
    asking = asyncio.create_task(keys.get([patient], "contact"))
    async with asyncio.timeout(5):
        while not registry.asked:  # noqa: ASYNC110 - the request is on its way
            await asyncio.sleep(0)

    del registry.keys[patient]
    keys.forget(patient)
    registry.gate.set()
    await asking

    assert await keys.get([patient], "contact") == {}


async def test_memory_for_keys_is_bounded(registry: Registry, keys: CompartmentKeys) -> None:
    patients = [registry.patient() for _ in range(20)]
    await keys.get(patients, "contact")

    assert len(keys._known) == 5


async def test_a_passing_trouble_is_retried(registry: Registry, keys: CompartmentKeys) -> None:
    patient = registry.patient()
    registry.moods = [503, httpx2.ReadTimeout("slow")]

    assert await keys.get([patient], "contact") == {patient: registry.keys[patient]}


async def test_a_refused_token_is_replaced(registry: Registry, keys: CompartmentKeys) -> None:
    registry.moods = [401]

    await keys.get([registry.patient()], "contact")

    assert registry.bearers == ["Bearer token-0", "Bearer token-1"]


@pytest.mark.parametrize("mood", [503, 429, 403, httpx2.ConnectError("refused")])
async def test_an_unreachable_registry_is_a_passing_trouble(
    registry: Registry, keys: CompartmentKeys, mood: int | Exception
) -> None:
    registry.moods = [mood] * 3

    with pytest.raises(KeysUnavailable):
        await keys.get([registry.patient()], "contact")


async def test_what_is_already_known_needs_no_registry(registry: Registry, keys: CompartmentKeys) -> None:
    patient = registry.patient()
    await keys.get([patient], "contact")
    registry.moods = [503] * 3

    assert await keys.get([patient], "contact")


async def test_an_answer_of_another_shape_is_not_believed(registry: Registry, keys: CompartmentKeys) -> None:
    patient = registry.patient()
    registry.keys[patient] = b"short"

    with pytest.raises(KeysUnavailable):
        await keys.get([patient], "contact")
