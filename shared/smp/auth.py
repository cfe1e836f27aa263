"""Who is calling: a bearer token becomes an `Actor`, or a typed refusal that never echoes the token.

Tokens are JSON Web Tokens (RFC 7519, profile RFC 9068) signed by an OpenID Connect issuer and checked against its
JWKS (RFC 7517). Only asymmetric signatures are accepted, so a public key can never be abused as an HMAC secret.
Time here is real time, never the demo clock.
"""

import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

import httpx2
import orjson
from joserfc import jws
from joserfc.errors import BadSignatureError, JoseError
from joserfc.util import urlsafe_b64decode

from smp.jwks import IssuerUnavailable, KeyRing
from smp.tokens import ClientRefused, ServiceTokens, TokensUnavailable

__all__ = [
    "Actor",
    "ClientRefused",
    "InvalidToken",
    "IssuerUnavailable",
    "Reason",
    "ServiceTokens",
    "TokenVerifier",
    "TokensUnavailable",
    "actor_from_claims",
    "refuse_local_issuer_in_production",
]

EVERY_SITE = "*"

Kind = Literal["person", "service"]
Reason = Literal[
    "malformed",
    "algorithm_refused",
    "unknown_key",
    "bad_signature",
    "wrong_issuer",
    "wrong_audience",
    "expired",
    "not_yet_valid",
    "issued_in_the_future",
    "malformed_claims",
]

_ASYMMETRIC = frozenset({"ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"})
_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
_TERRITORY = re.compile(r"[0-9][0-9AB][0-9]?")  # code of a département: 53, 2A, 974
_ROLE = re.compile(r"[a-z][a-z_]{1,39}")
_LONGEST_TOKEN = 8_192  # characters
_LONGEST_LIST = 200  # values in one claim


class InvalidToken(Exception):
    """The bearer token is refused; `reason` says why in one stable word. Never holds the token or its claims."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `subject` is the person's opaque id, or the client id of a service.

    `sites` holds canonical UUID texts; "*" stands for every site of the actor's territories, so whoever asks
    `covers_site` must ask `covers_territory` too (row security does it for what is read from the database).
    """

    subject: str
    roles: frozenset[str]
    sites: frozenset[str]
    territories: frozenset[str]
    kind: Kind = "person"

    def has_role(self, *roles: str) -> bool:
        """True when the actor holds at least one of `roles`."""
        return not self.roles.isdisjoint(roles)

    def covers_site(self, site: UUID) -> bool:
        """True when the actor works at `site`, or at every site of its territories."""
        return EVERY_SITE in self.sites or str(site) in self.sites

    def covers_territory(self, code: str) -> bool:
        """True when `code` (département) is one of the actor's territories."""
        return code in self.territories


class TokenVerifier:
    """Verifies bearer tokens of one issuer for one audience. Safe to share between the tasks of one event loop.

    A token seen before costs one hash and one look-up; it is forgotten when it expires or when the issuer's keys
    change. `leeway` is seconds, `now` real time in seconds since the epoch, `clock` monotonic seconds.
    """

    def __init__(
        self,
        issuer: str,
        audience: str,
        jwks_url: str,
        http: httpx2.AsyncClient,
        *,
        algorithms: tuple[str, ...] = ("ES256", "RS256", "EdDSA"),
        leeway: float = 30.0,
        remembered_tokens: int = 4_096,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if refused := sorted(set(algorithms) - _ASYMMETRIC):
            raise ValueError(f"algorithms must be asymmetric signatures; refused: {', '.join(refused)}")
        self._issuer = issuer.rstrip("/")  # settings may add a slash to a bare host
        self._audience = audience
        self._algorithms = frozenset(algorithms)
        self._leeway = leeway
        self._capacity = remembered_tokens
        self._now = now
        self._known: OrderedDict[bytes, tuple[Actor, float]] = OrderedDict()
        self._keys = KeyRing(jwks_url, http, on_change=self._known.clear, clock=clock)

    async def verify(self, token: str) -> Actor:
        """Return the actor that `token` speaks for.

        Raises `InvalidToken` when the token is refused, `IssuerUnavailable` (transient) when no key could be
        fetched to judge it.
        """
        await self._keys.keep_fresh()
        digest = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        known = self._known.get(digest)
        if known is None:
            return await self._verify_unknown(token, digest)
        actor, ends = known
        if self._now() >= ends:
            del self._known[digest]
            raise InvalidToken("expired")
        self._known.move_to_end(digest)
        return actor

    async def _verify_unknown(self, token: str, digest: bytes) -> Actor:
        header = self._read_header(token)
        key = await self._keys.find(header["kid"], header["alg"])
        if key is None:
            raise InvalidToken("unknown_key")
        generation = self._keys.generation
        try:
            payload = jws.deserialize_compact(token, key, algorithms=list(self._algorithms)).payload
        except BadSignatureError:
            raise InvalidToken("bad_signature") from None
        except (JoseError, ValueError, TypeError):
            raise InvalidToken("malformed") from None
        claims = _read_json_object(payload or b"")
        ends = self._check_claims(claims)
        actor = actor_from_claims(claims)
        if generation == self._keys.generation:
            self._remember(digest, actor, ends)
        return actor

    def _read_header(self, token: str) -> dict[str, str]:
        if len(token) > _LONGEST_TOKEN or token.count(".") != 2 or not token.isascii():
            raise InvalidToken("malformed")
        try:
            header = _read_json_object(urlsafe_b64decode(token.partition(".")[0].encode()))
        except ValueError:
            raise InvalidToken("malformed") from None
        algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
        if not isinstance(algorithm, str) or algorithm not in self._algorithms:
            raise InvalidToken("algorithm_refused")
        if not isinstance(kid, str) or not isinstance(kind, str) or kind.lower() not in _TYPES:
            raise InvalidToken("malformed")
        return {"alg": algorithm, "kid": kid}

    def _check_claims(self, claims: Mapping[str, Any]) -> float:
        """Return when the token ends (seconds since the epoch, leeway included), or refuse it."""
        if str(claims.get("iss")).rstrip("/") != self._issuer:
            raise InvalidToken("wrong_issuer")
        audience = claims.get("aud")
        if self._audience not in (audience if isinstance(audience, list) else [audience]):
            raise InvalidToken("wrong_audience")
        now = self._now()
        ends = _seconds(claims.get("exp")) + self._leeway
        if now >= ends:
            raise InvalidToken("expired")
        if "nbf" in claims and now < _seconds(claims["nbf"]) - self._leeway:
            raise InvalidToken("not_yet_valid")
        if now < _seconds(claims.get("iat")) - self._leeway:
            raise InvalidToken("issued_in_the_future")
        return ends

    def _remember(self, digest: bytes, actor: Actor, ends: float) -> None:
        self._known[digest] = (actor, ends)
        if len(self._known) > self._capacity:
            self._known.popitem(last=False)


def actor_from_claims(claims: Mapping[str, Any]) -> Actor:
    """Translate verified claims into an actor; raises `InvalidToken("malformed_claims")` rather than guess.

    Claims: `sub`, `roles`, `sites` (UUIDs or "*"), `territories` (département codes), `kind`, `client_id`. Without
    `kind`, a token whose subject is its own client is a service (RFC 9068 §2.2).
    """
    client = claims.get("client_id")
    subject = _text(claims.get("sub"))
    kind = claims.get("kind", "service" if client == subject else "person")
    roles = frozenset(_texts(claims.get("roles")))
    territories = frozenset(_texts(claims.get("territories")))
    if kind not in ("person", "service") or ("service" in roles) != (kind == "service"):
        raise InvalidToken("malformed_claims")
    if not all(map(_ROLE.fullmatch, roles)) or not all(map(_TERRITORY.fullmatch, territories)):
        raise InvalidToken("malformed_claims")
    return Actor(
        subject=_text(client) if kind == "service" else subject,
        roles=roles,
        sites=frozenset(map(_site, _texts(claims.get("sites")))),
        territories=territories,
        kind=kind,
    )


def refuse_local_issuer_in_production(environment: str, issuer: str) -> None:
    """Raise `ValueError` when anything but a local or test environment would trust an issuer that is not safe there.

    Refused: addresses without TLS and addresses of this machine (the local issuer gives any role to anyone).
    """
    if environment in ("local", "test"):
        return
    address = urlsplit(issuer)
    if address.scheme != "https":
        raise ValueError(f"SMP_OIDC_ISSUER must be an https:// address when SMP_ENVIRONMENT is {environment}.")
    if _is_this_machine(address.hostname or ""):
        raise ValueError(
            f"SMP_OIDC_ISSUER points at this machine: the local issuer gives any role to anyone and is refused "
            f"when SMP_ENVIRONMENT is {environment}. Give the address of the real issuer."
        )


def _is_this_machine(host: str) -> bool:
    if host in ("", "localhost") or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _read_json_object(raw: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise InvalidToken("malformed") from None
    if not isinstance(value, dict):
        raise InvalidToken("malformed")
    return value


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidToken("malformed_claims")
    return float(value)


def _text(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 200 or not value.isprintable():
        raise InvalidToken("malformed_claims")
    return value


def _texts(value: object) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > _LONGEST_LIST:
        raise InvalidToken("malformed_claims")
    return [_text(item) for item in value]


def _site(value: str) -> str:
    if value == EVERY_SITE:
        return value
    try:
        return str(UUID(value))
    except ValueError:
        raise InvalidToken("malformed_claims") from None
