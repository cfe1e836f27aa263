"""The platform as a centre's software sees it: HTTP, tokens of roles, idempotency keys, patience.

A command is sent again with the same key until it is answered: an unanswered one may have been done.
"""

import asyncio
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import httpx2

from smp_local.addresses import Addresses
from smp_local.trouble import Trouble
from smp_local.worlds.history import Entry, History

ROLE_GRANT = "urn:smp:local:role"
Service = Literal["registry", "booking", "notifications", "reporting"]
Json = dict[str, Any]

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0  # seconds between two attempts
_UNANSWERED = frozenset({500, 502, 503, 504})
_IN_PROGRESS = "conflict"  # the same key is being worked on, or two transactions met: ask again


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody with a token: `subject` is opaque, `sites` are ids or `*`, `territories` are codes."""

    subject: str
    role: str
    territories: str
    sites: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said. `slug` names the refusal; `replayed` tells an answer that had been given before."""

    status: int
    body: Any
    slug: str | None = None
    replayed: bool = False

    @property
    def ok(self) -> bool:
        return self.status < 400

    @property
    def alternatives(self) -> list[Json]:
        """The other slots that a refusal proposes."""
        found: list[Json] = self.body.get("alternatives", []) if isinstance(self.body, dict) else []
        return found


class Platform:
    """Use as an async context manager. `patience`: real seconds after which an unanswered request is given up."""

    def __init__(self, addresses: Addresses, *, patience: float = 60.0, history: History | None = None) -> None:
        self.addresses = addresses
        self.history = history or History()
        self._patience = patience
        self._tokens: dict[Staff, tuple[str, float]] = {}
        self._http = httpx2.AsyncClient(timeout=10, trust_env=False, limits=httpx2.Limits(max_connections=32))

    async def __aenter__(self) -> "Platform":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def command(
        self,
        who: Staff,
        service: Service,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str,
        again_on: Collection[str] = (),
        headers: Mapping[str, str] | None = None,
        method: Literal["POST", "PUT"] = "POST",
    ) -> Answer:
        """Do once whatever happens, and tell what came of it. `again_on`: refusals that time alone will lift.

        Raises Trouble when no answer comes within the patience; the history then keeps the command as unknown.
        """
        entry = self.history.of(key, service, path)
        extra = {**(headers or {}), "Idempotency-Key": key}
        answer = await self._insist(who, method, service, path, entry, again_on, json=dict(body or {}), headers=extra)
        entry.status, entry.slug = answer.status, answer.slug
        entry.outcome = "ok" if answer.ok else "refused"
        if answer.ok and isinstance(answer.body, dict):
            entry.answer = answer.body
        return answer

    async def read(self, who: Staff, service: Service, path: str, **parameters: object) -> Answer:
        """A GET; raises Trouble when no answer comes within the patience."""
        given = {name.rstrip("_"): value for name, value in parameters.items() if value is not None}
        return await self._insist(who, "GET", service, path, None, (), params=given)

    async def ask(self, who: Staff, service: Service, path: str, body: Mapping[str, Any]) -> Answer:
        """A question with a body (a search by name): it changes nothing and needs no key."""
        return await self._insist(who, "POST", service, path, None, (), json=dict(body))

    async def sink(self, path: str) -> Any:
        """What the stand-in of the SMS provider shows to testers."""
        answer = await self._http.get(f"{self.addresses.sms}{path}", timeout=30)
        answer.raise_for_status()
        return answer.json()

    async def _insist(
        self, who: Staff, method: str, service: Service, path: str, entry: Entry | None, again_on: Collection[str],
        **request: Any,
    ) -> Answer:  # fmt: skip
        url = f"{getattr(self.addresses, service)}{path}"
        deadline = time.monotonic() + self._patience
        pause = _FIRST_PAUSE
        while True:
            answer = await self._try(who, method, url, entry, dict(request))
            if answer is not None and not _is_for_later(answer, again_on):
                return answer
            if time.monotonic() > deadline:
                raise Trouble(
                    f"Le service {service} ne répond pas depuis {self._patience:g} s ({method} {path}).",
                    "« make status » dit ce qui tourne ; la même commande reprendra là où elle s'est arrêtée.",
                )
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _try(self, who: Staff, method: str, url: str, entry: Entry | None, request: Json) -> Answer | None:
        """One attempt; None when nobody knows what came of it."""
        if entry:
            entry.attempts += 1
        try:
            bearer = await self.token(who)
        except httpx2.TransportError:
            return None
        headers = {"Authorization": f"Bearer {bearer}", **request.pop("headers", {})}
        try:
            response = await self._http.request(method, url, headers=headers, **request)
        except httpx2.TransportError as error:
            if entry and not isinstance(error, httpx2.ConnectError):
                entry.doubts += 1
                entry.outcome = "unknown"
            return None
        if response.status_code == 401:
            self._tokens.pop(who, None)
        if response.status_code in _UNANSWERED:
            if entry:
                entry.doubts += 1
                entry.outcome = "unknown"
            return None
        return _read(response)

    async def token(self, who: Staff) -> str:
        """A bearer token of theirs, kept for most of its life. Raises Trouble when the issuer refuses."""
        known = self._tokens.get(who)
        if known and known[1] > time.monotonic():
            return known[0]
        form = {
            "grant_type": ROLE_GRANT,
            "role": who.role,
            "territories": who.territories,
            "sites": who.sites,
            "subject": who.subject,
        }
        response = await self._http.post(f"{self.addresses.identity}/token", data=form)
        if response.status_code != 200:
            raise Trouble(
                "L'émetteur d'identités refuse un jeton.", f"Réponse {response.status_code} : voyez identity.log"
            )
        given = response.json()
        self._tokens[who] = given["access_token"], time.monotonic() + 0.8 * given["expires_in"]
        return self._tokens[who][0]


def _is_for_later(answer: Answer, again_on: Collection[str]) -> bool:
    return answer.status == 401 or answer.slug == _IN_PROGRESS or answer.slug in again_on


def _read(response: httpx2.Response) -> Answer:
    try:
        body = response.json()
    except ValueError:
        body = {}
    slug = str(body.get("type", "")).rpartition(":")[2] if response.status_code >= 400 else None
    return Answer(response.status_code, body, slug, "idempotency-replayed" in response.headers)
