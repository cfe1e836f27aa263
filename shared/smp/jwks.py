"""The issuer's public keys (JWKS, RFC 7517): fetched when first needed, kept fresh, one fetch at a time."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx2
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

PublicKey = RSAKey | ECKey | OKPKey

_log = structlog.get_logger("smp.jwks")
_KEY_TYPES = {"ES": "EC", "RS": "RSA", "PS": "RSA", "Ed": "OKP"}  # first letters of the algorithm → kty
_LARGEST_DOCUMENT = 256 * 1024  # bytes


class IssuerUnavailable(ConnectionError):
    """The issuer's keys could not be fetched and none are left to use. Transient: the caller may try again."""


class KeyRing:
    """Public keys by key id.

    After `ttl` seconds keys are refetched in the background while the old ones go on serving; an unknown key id
    asks for a refetch at most once in `pause` seconds; an unreachable issuer leaves the old keys in use for
    `keep` seconds (new tokens cannot be made meanwhile, old ones expire). `clock` is monotonic seconds.
    """

    def __init__(
        self,
        url: str,
        http: httpx2.AsyncClient,
        *,
        on_change: Callable[[], None],
        ttl: float = 300.0,
        pause: float = 3.0,
        keep: float = 3_600.0,
        timeout: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._http = http
        self._on_change = on_change
        self._ttl, self._pause, self._keep, self._timeout = ttl, pause, keep, timeout
        self._clock = clock
        self._keys: dict[str, PublicKey] = {}
        self._document: object = None
        self._fetched_at = self._tried_at = float("-inf")
        self._fetch: asyncio.Task[None] | None = None
        self.generation = 0  # +1 each time the keys change

    async def keep_fresh(self) -> None:
        """Start a background refetch when keys are old; raise `IssuerUnavailable` when they are too old to use."""
        age = self._clock() - self._fetched_at
        if age < self._ttl:
            return
        if age < self._ttl + self._keep:
            self._start_fetch_unless_paused()
            return
        await self._refetch()
        if self._clock() - self._fetched_at >= self._ttl + self._keep:
            raise IssuerUnavailable("The keys of the identity issuer cannot be fetched.")

    async def find(self, kid: str, algorithm: str) -> PublicKey | None:
        """Return the key named `kid` if it may sign with `algorithm`, refetching once if the name is unknown."""
        if kid not in self._keys:
            await self._refetch()
        key = self._keys.get(kid)
        if key is None or key.key_type != _KEY_TYPES[algorithm[:2]] or key.get("alg", algorithm) != algorithm:
            return None
        return key

    async def _refetch(self) -> None:
        self._start_fetch_unless_paused()
        if self._fetch is not None:
            await asyncio.shield(self._fetch)

    def _start_fetch_unless_paused(self) -> None:
        if self._fetch is None and self._clock() - self._tried_at >= self._pause:
            self._tried_at = self._clock()
            self._fetch = asyncio.create_task(self._fetch_once(), name="jwks")

    async def _fetch_once(self) -> None:
        try:
            document = await self._download()
            keys = _public_keys(document)
        except (httpx2.HTTPError, ValueError) as error:
            _log.warning("jwks_not_fetched", error=type(error).__name__, keys_kept=len(self._keys))
            return
        finally:
            self._fetch = None
        self._fetched_at = self._clock()
        if document == self._document:
            return
        self._document, self._keys = document, keys
        self.generation += 1
        self._on_change()

    async def _download(self) -> object:
        answer = await self._http.get(self._url, timeout=self._timeout)
        answer.raise_for_status()
        if len(answer.content) > _LARGEST_DOCUMENT:
            raise ValueError("the JWKS is too large")
        return answer.json()


def _public_keys(document: object) -> dict[str, PublicKey]:
    """Keys that can verify signatures, by key id; keys of other kinds or uses are passed over (RFC 7517 §5)."""
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError("not a JWKS")
    keys = {key["kid"]: imported for key in document["keys"] if (imported := _public_key(key)) is not None}
    if not keys:
        raise ValueError("the JWKS holds no key for signatures")
    return keys


def _public_key(key: Any) -> PublicKey | None:
    if not isinstance(key, dict) or not isinstance(key.get("kid"), str) or key.get("use", "sig") != "sig":
        return None
    key_class = _KEY_CLASSES.get(str(key.get("kty")))
    if key_class is None:  # shared secrets ("oct") above all
        return None
    try:
        return key_class.import_key(key)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


_KEY_CLASSES: dict[str, type[PublicKey]] = {"EC": ECKey, "RSA": RSAKey, "OKP": OKPKey}
