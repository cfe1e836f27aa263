"""Tokens a service shows to another service: OAuth 2.0 client credentials (RFC 6749 §4.4)."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote_plus

import httpx2
import stamina

_RENEW_BEFORE_END = 60.0  # seconds, or a fifth of the token's life when that is shorter


class TokensUnavailable(ConnectionError):
    """No token could be had from the issuer for now. Transient: try again later."""


class ClientRefused(Exception):
    """The issuer refuses this client: SMP_CLIENT_ID or SMP_CLIENT_SECRET is wrong, or the client is not allowed."""


class ServiceTokens:
    """Bearer tokens of this service, cached until shortly before they expire; one request at a time.

    `timeout` bounds one attempt and `patience` all attempts together (seconds); `clock` is monotonic seconds.
    """

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: str,
        http: httpx2.AsyncClient,
        *,
        timeout: float = 5.0,
        patience: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = token_url
        self._credentials = httpx2.BasicAuth(quote_plus(client_id), quote_plus(client_secret))  # RFC 6749 §2.3.1
        self._http = http
        self._timeout, self._patience = timeout, patience
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token = ""
        self._renew_at = self._ends_at = float("-inf")

    async def bearer(self) -> str:
        """Return a token that is valid now.

        Raises `TokensUnavailable` when the issuer cannot be reached, `ClientRefused` when it refuses this service.
        """
        if self._clock() < self._renew_at:
            return self._token
        async with self._lock:
            if self._clock() < self._renew_at:
                return self._token
            try:
                await self._renew()
            except TokensUnavailable:
                if self._clock() >= self._ends_at:
                    raise
            return self._token

    def forget(self) -> None:
        """Drop the cached token: another service refused it."""
        self._renew_at = self._ends_at = float("-inf")

    async def _renew(self) -> None:
        retrying = stamina.retry_context(
            on=(httpx2.TransportError, _TryAgain), attempts=5, timeout=self._patience, wait_initial=0.1, wait_max=2.0
        )
        try:
            async for attempt in retrying:
                with attempt:
                    await self._request()
        except (httpx2.TransportError, _TryAgain) as error:
            raise TokensUnavailable(f"No token from the identity issuer: {type(error).__name__}.") from None

    async def _request(self) -> None:
        asked_at = self._clock()
        answer = await self._http.post(
            self._url,
            data={"grant_type": "client_credentials"},
            auth=self._credentials,
            timeout=self._timeout,
        )
        if answer.status_code == 429 or answer.status_code >= 500:
            raise _TryAgain
        if answer.status_code != 200:
            raise ClientRefused(f"The identity issuer refuses this client (HTTP {answer.status_code}).")
        self._token, lifetime = _read_answer(answer)
        self._ends_at = asked_at + lifetime.total_seconds()
        self._renew_at = self._ends_at - min(_RENEW_BEFORE_END, lifetime.total_seconds() / 5)


class _TryAgain(Exception):
    pass


def _read_answer(answer: httpx2.Response) -> tuple[str, timedelta]:
    try:
        body = answer.json()
        token, seconds = body["access_token"], float(body.get("expires_in", 60))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _TryAgain from None
    if not isinstance(token, str) or not token or seconds <= 0:
        raise _TryAgain
    return token, timedelta(seconds=seconds)
