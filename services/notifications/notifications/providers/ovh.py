"""OVHcloud SMS over its HTTP API (`/sms/{service}/jobs`), as described in DOMAIN 5.3."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
import orjson

from notifications.use_cases.provider import Accepted, Busy, Doubtful, Outcome, ProviderUnavailable, Refused
from smp.logging import log

_CLOCK_SECONDS = 3600.0
_VALIDITY_MINUTES = 24 * 60
_VERSION = "/1.0"


@dataclass(frozen=True, slots=True)
class Account:
    """An OVH account that may send; `url` is the API's address without its version (`https://eu.api.ovh.com`)."""

    url: str
    service: str
    sender: str
    application_key: str
    application_secret: str = field(repr=False)
    consumer_key: str = field(repr=False)


class Ovh:
    """One account. `timeout` in seconds bounds each request; after it nobody knows what OVH has done."""

    name = "ovh"

    def __init__(
        self,
        account: Account,
        http: httpx2.AsyncClient,
        timeout: float = 10.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._account = account
        self._base = account.url.rstrip("/") + _VERSION
        self._http = http
        self._timeout = timeout
        self._clock = clock
        self._ahead = 0.0
        self._clock_read_at: float | None = None

    async def send(self, tag: str, number: str, text: str) -> Outcome:
        """See `SmsProvider.send`. Transactional: no STOP clause, no marketing hours."""
        job = {
            "message": text,
            "receivers": [number],
            "sender": self._account.sender,
            "noStopClause": True,
            "charset": "UTF-8",
            "coding": "7bit",
            "class": "phoneDisplay",
            "priority": "high",
            "validityPeriod": _VALIDITY_MINUTES,
            "tag": tag,
        }
        try:
            answer = await self._call("POST", self._path("jobs"), job)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, ProviderUnavailable) as error:
            return Busy(f"unreachable:{type(error).__name__}")
        except httpx2.TransportError as error:
            return Doubtful(f"no_answer:{type(error).__name__}")
        if answer.status_code != 200:
            return _read_error(answer)
        outcome = _read_job(answer, number)
        return Refused("blacklisted") if isinstance(outcome, Refused) and await self._said_stop(number) else outcome

    async def find_by_tag(self, tag: str) -> Accepted | None:
        """See `SmsProvider.find_by_tag`."""
        try:
            references = await self._get(self._path("outgoing"), {"tag": tag})
            if not references:
                return None
            reference = str(min(references))
            outgoing = await self._get(self._path(f"outgoing/{reference}"))
            return Accepted(reference, float(outgoing.get("credits", 0)))
        except (httpx2.TransportError, ValueError, TypeError, AttributeError) as error:
            raise ProviderUnavailable(type(error).__name__) from None

    async def _said_stop(self, number: str) -> bool:
        """Whether the number's owner answered STOP once; when OVH cannot tell, the number counts as invalid."""
        try:
            return number in await self._get(self._path("blacklists"))
        except (httpx2.TransportError, ProviderUnavailable, ValueError, TypeError):
            return False

    async def _get(self, path: str, query: dict[str, str] | None = None) -> Any:
        answer = await self._call("GET", path, None, query)
        if answer.status_code != 200:
            raise ProviderUnavailable(f"HTTP {answer.status_code}")
        return answer.json()

    async def _call(
        self, method: str, path: str, body: dict[str, Any] | None, query: dict[str, str] | None = None
    ) -> httpx2.Response:
        url = str(httpx2.URL(self._base + path, params=query))
        content = orjson.dumps(body) if body is not None else b""
        timestamp = str(round(await self._now()))
        headers = {
            "X-Ovh-Application": self._account.application_key,
            "X-Ovh-Consumer": self._account.consumer_key,
            "X-Ovh-Timestamp": timestamp,
            "X-Ovh-Signature": self._sign(method, url, content, timestamp),
            "Content-Type": "application/json",
        }
        return await self._http.request(method, url, content=content, headers=headers, timeout=self._timeout)

    def _sign(self, method: str, url: str, content: bytes, timestamp: str) -> str:
        account = self._account
        signed = "+".join((account.application_secret, account.consumer_key, method, url, content.decode(), timestamp))
        return "$1$" + hashlib.sha1(signed.encode()).hexdigest()  # noqa: S324  # OVH's signature, not ours to choose

    async def _now(self) -> float:
        """OVH's clock: signatures are refused when ours is off. Read once an hour."""
        now = self._clock()
        if self._clock_read_at is None or now - self._clock_read_at > _CLOCK_SECONDS:
            try:
                answer = await self._http.get(self._base + "/auth/time", timeout=self._timeout)
                answer.raise_for_status()
                self._ahead = float(answer.json()) - now
            except (httpx2.HTTPError, ValueError, TypeError) as error:
                raise ProviderUnavailable(f"clock: {type(error).__name__}") from None
            self._clock_read_at = now
        return now + self._ahead

    def _path(self, rest: str) -> str:
        return f"/sms/{self._account.service}/{rest}"


def _read_job(answer: httpx2.Response, number: str) -> Outcome:
    """A 200 with the number among the invalid ones is a failure; one that cannot be read leaves a doubt."""
    try:
        job = answer.json()
        if number in job["invalidReceivers"] or not job["ids"]:
            return Refused("invalid_number")
        return Accepted(str(job["ids"][0]), float(job["totalCreditsRemoved"]))
    except (ValueError, KeyError, TypeError, IndexError):
        return Doubtful("unreadable_answer")


def _read_error(answer: httpx2.Response) -> Outcome:
    """Refusals of OVH that may pass: too many requests, no credit, a key or a sender to be mended."""
    status = answer.status_code
    if status >= 500:
        # A gateway may answer so for a job that went through.
        return Doubtful(f"http_{status}")
    if status not in (402, 429):
        log.error("the provider refuses our requests", provider="ovh", status=status)
    return Busy(f"http_{status}", _retry_after(answer))


def _retry_after(answer: httpx2.Response) -> float | None:
    try:
        return float(answer.headers.get("Retry-After", ""))
    except ValueError:
        return None
