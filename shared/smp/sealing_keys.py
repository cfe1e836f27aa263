"""Compartment keys for services that may open a compartment: asked from registry in batches, kept for a minute."""

import time
from base64 import b64decode
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from uuid import UUID

import httpx2
import stamina

from smp.sealing import KEY_BYTES, Compartment
from smp.tokens import ServiceTokens

_BATCH = 500  # patients in one request


class KeysUnavailable(ConnectionError):
    """Registry cannot give keys for now (unreachable, overloaded, or it refuses this service). Transient."""


class CompartmentKeys:
    """Client of registry's `POST /v1/compartment-keys`. Share one per process.

    Keys found are kept for `ttl` seconds of real time, at most `capacity` of them; a key that registry does not have
    is asked again each time. `timeout` bounds one attempt, `patience` all attempts of one request (seconds).
    """

    def __init__(
        self,
        registry_url: str,
        http: httpx2.AsyncClient,
        tokens: ServiceTokens,
        *,
        ttl: float = 60.0,
        capacity: int = 10_000,
        timeout: float = 5.0,
        patience: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = registry_url.rstrip("/") + "/v1/compartment-keys"
        self._http = http
        self._tokens = tokens
        self._ttl, self._capacity = ttl, capacity
        self._timeout, self._patience = timeout, patience
        self._clock = clock
        self._known: OrderedDict[tuple[UUID, Compartment], tuple[bytes, float]] = OrderedDict()
        self._forgotten = 0

    async def get(self, patients: Collection[UUID], compartment: Compartment) -> dict[UUID, bytes]:
        """Return the keys that exist. An absent patient is a normal answer: erased, or outside our territories.

        Raises `KeysUnavailable` (transient) when registry cannot answer.
        """
        now = self._clock()
        keys = {patient: key for patient in patients if (key := self._remembered(patient, compartment, now))}
        missing = sorted(set(patients) - keys.keys())
        for start in range(0, len(missing), _BATCH):
            keys |= await self._fetch(missing[start : start + _BATCH], compartment)
        return keys

    def forget(self, patient: UUID) -> None:
        """Drop what is kept for `patient` (call it when `PatientErased` arrives)."""
        self._forgotten += 1
        for known in [entry for entry in self._known if entry[0] == patient]:
            del self._known[known]

    def _remembered(self, patient: UUID, compartment: Compartment, now: float) -> bytes | None:
        key, ends = self._known.get((patient, compartment), (None, 0.0))
        return key if now < ends else None

    async def _fetch(self, patients: list[UUID], compartment: Compartment) -> dict[UUID, bytes]:
        forgotten, ends = self._forgotten, self._clock() + self._ttl
        answer = await self._ask(patients, compartment)
        keys = _read_keys(answer, patients)
        if forgotten == self._forgotten:  # else an erasure crossed this answer: use it once, do not keep it
            self._remember(((patient, compartment), (key, ends)) for patient, key in keys.items())
        return keys

    def _remember(self, entries: Iterable[tuple[tuple[UUID, Compartment], tuple[bytes, float]]]) -> None:
        for name, entry in entries:
            self._known[name] = entry
            self._known.move_to_end(name)
        while len(self._known) > self._capacity:
            self._known.popitem(last=False)

    async def _ask(self, patients: list[UUID], compartment: Compartment) -> httpx2.Response:
        body = {"compartment": compartment, "patients": [str(patient) for patient in patients]}
        retrying = stamina.retry_context(
            on=(httpx2.TransportError, _TryAgain), attempts=6, timeout=self._patience, wait_initial=0.1, wait_max=3.0
        )
        try:
            async for attempt in retrying:
                with attempt:
                    return await self._post(body)
        except (httpx2.TransportError, _TryAgain) as error:
            raise KeysUnavailable(f"Registry gives no keys: {error or type(error).__name__}.") from None
        raise AssertionError("a retry ends with an answer or an error")  # pragma: no cover

    async def _post(self, body: Mapping[str, object]) -> httpx2.Response:
        token = await self._tokens.bearer()
        answer = await self._http.post(
            self._url, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=self._timeout
        )
        if answer.status_code == 200:
            return answer
        if answer.status_code == 401:
            self._tokens.forget()
            raise _TryAgain("HTTP 401")
        if answer.status_code == 429 or answer.status_code >= 500:
            raise _TryAgain(f"HTTP {answer.status_code}")
        raise KeysUnavailable(f"Registry refuses to give {body['compartment']} keys: HTTP {answer.status_code}.")


class _TryAgain(Exception):
    pass


def _read_keys(answer: httpx2.Response, asked: Collection[UUID]) -> dict[UUID, bytes]:
    try:
        given = answer.json()["keys"]
        keys = {UUID(patient): b64decode(key, validate=True) for patient, key in given.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise KeysUnavailable("Registry's answer is not what was agreed.") from None
    if any(len(key) != KEY_BYTES for key in keys.values()) or not keys.keys() <= set(asked):
        raise KeysUnavailable("Registry's answer is not what was agreed.")
    return keys
