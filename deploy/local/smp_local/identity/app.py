"""The issuer's HTTP: discovery, JWKS, tokens, rotation. Errors have the shape of RFC 6749 §5.2."""

import base64
import hmac
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote_plus
from uuid import UUID

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from joserfc import jwt
from starlette.exceptions import HTTPException

from smp.ids import new_id
from smp.logging import log
from smp_local.identity.keys import SigningKeys
from smp_local.identity.settings import Settings
from smp_local.loopback import read_body

ROLE_GRANT = "urn:smp:local:role"
LONGEST_LIFE = 86_400  # seconds, of a token
PEOPLE = frozenset(
    {
        "coordinator",
        "funder",
        "gp",
        "intern",
        "manager",
        "medical_assistant",
        "nurse",
        "regulator",
        "retired_gp",
        "secretary",
        "social_worker",
        "telephone_platform",
    }
)
_LARGEST_BODY = 16 * 1024  # bytes
_TERRITORY = re.compile(r"[0-9][0-9AB][0-9]?")


class OAuthError(Exception):
    """A refusal of the token endpoint (RFC 6749 §5.2)."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error)
        self.body = {"error": error, "error_description": description}
        self.status = status


def create_app(settings: Settings, keys: SigningKeys, now: Callable[[], float] = time.time) -> FastAPI:
    """Build the issuer's application."""
    app = FastAPI(title="SMP local identity issuer", docs_url=None, redoc_url=None)
    issuer = Issuer(settings, keys, now)

    @app.get("/.well-known/openid-configuration")
    async def discovery() -> dict[str, Any]:
        return {
            "issuer": settings.issuer,
            "jwks_uri": f"{settings.issuer}/jwks",
            "token_endpoint": f"{settings.issuer}/token",
            "grant_types_supported": ["client_credentials", ROLE_GRANT],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "response_types_supported": [],
            "subject_types_supported": ["public"],
        }

    @app.get("/jwks")
    async def jwks() -> dict[str, Any]:
        return keys.published()

    @app.post("/token")
    async def token(request: Request) -> JSONResponse:
        answer = issuer.grant(await _read_form(request), request.headers.get("authorization", ""))
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    @app.post("/rotate")
    async def rotate() -> dict[str, str]:
        kid = keys.rotate()
        log.info("key_rotated", kid=kid)
        return {"kid": kid}

    @app.get("/health/live")
    @app.get("/health/ready")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.exception_handler(OAuthError)
    async def refuse(_request: Request, error: OAuthError) -> JSONResponse:
        headers = {"WWW-Authenticate": 'Basic realm="smp"'} if error.status == 401 else None
        return JSONResponse(error.body, error.status, headers)

    @app.exception_handler(HTTPException)
    async def explain(_request: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"error": "invalid_request", "error_description": error.detail}, error.status_code)

    return app


class Issuer:
    """Decides who gets which token."""

    def __init__(self, settings: Settings, keys: SigningKeys, now: Callable[[], float]) -> None:
        self._settings, self._keys, self._now = settings, keys, now

    def grant(self, form: dict[str, str], authorization: str) -> dict[str, Any]:
        """Answer a token request, or raise `OAuthError`."""
        match form.get("grant_type"):
            case "client_credentials":
                return self._for_service(form, authorization)
            case str(grant) if grant == ROLE_GRANT:
                return self._for_person(form)
            case None:
                raise OAuthError("invalid_request", "grant_type is missing")
            case _:
                raise OAuthError("unsupported_grant_type", f"use client_credentials or {ROLE_GRANT}")

    def _for_service(self, form: dict[str, str], authorization: str) -> dict[str, Any]:
        client, secret = _credentials(form, authorization)
        expected = self._settings.clients.get(client, "")
        if not hmac.compare_digest(expected.encode(), secret.encode()) or not expected:
            raise OAuthError("invalid_client", "unknown client or wrong secret", 401)
        claims = {
            "sub": client,
            "client_id": client,
            "kind": "service",
            "roles": ["service"],
            "sites": ["*"],
            "territories": self._settings.territories,
        }
        return self._sign(claims, self._settings.identity_token_seconds)

    def _for_person(self, form: dict[str, str]) -> dict[str, Any]:
        roles, territories, sites = (_words(form.get(name, "")) for name in ("role", "territories", "sites"))
        if not roles or not set(roles) <= PEOPLE:
            raise OAuthError("invalid_request", f"role must be among: {', '.join(sorted(PEOPLE))}")
        if not territories or not all(map(_TERRITORY.fullmatch, territories)):
            raise OAuthError("invalid_request", "territories must be codes of departements, such as 53 or 53,72")
        if not sites:
            raise OAuthError("invalid_request", "sites must be site ids separated by commas, or *")
        subject = form.get("subject") or f"local-{roles[0]}"
        if len(subject) > 200 or not subject.isprintable():
            raise OAuthError("invalid_request", "subject must be at most 200 printable characters")
        claims = {
            "sub": subject,
            "kind": "person",
            "roles": roles,
            "sites": list(map(_site, sites)),
            "territories": territories,
        }
        return self._sign(claims, _lifetime(form.get("expires_in"), self._settings.identity_token_seconds))

    def _sign(self, claims: dict[str, Any], seconds: int) -> dict[str, Any]:
        now = int(self._now())
        times = {"iat": min(now, now + seconds), "exp": now + seconds}
        standard = {"iss": self._settings.issuer, "aud": self._settings.oidc_audience, "jti": str(new_id())}
        key = self._keys.current
        header = {"alg": "ES256", "kid": key.kid, "typ": "at+jwt"}
        token = jwt.encode(header, {**standard, **times, **claims}, key, algorithms=["ES256"])
        log.info("token_given", kind=claims["kind"], roles=claims["roles"], client=claims.get("client_id"))
        return {"access_token": token, "token_type": "Bearer", "expires_in": seconds}


async def _read_form(request: Request) -> dict[str, str]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise OAuthError("invalid_request", "the body must be application/x-www-form-urlencoded", 415)
    body = await read_body(request, _LARGEST_BODY)
    try:
        form = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError:
        raise OAuthError("invalid_request", "the body is not a readable form") from None
    if any(len(values) > 1 for values in form.values()):
        raise OAuthError("invalid_request", "a parameter is given twice")
    return {name: values[0] for name, values in form.items()}


def _credentials(form: dict[str, str], authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        raise OAuthError("invalid_client", "the Authorization header is not Basic credentials", 401) from None
    return unquote_plus(client), unquote_plus(secret)


def _words(text: str) -> list[str]:
    return list(dict.fromkeys(text.replace(",", " ").split()))


def _site(text: str) -> str:
    if text == "*":
        return text
    try:
        return str(UUID(text))
    except ValueError:
        raise OAuthError("invalid_request", "sites must be site ids (UUID) separated by commas, or *") from None


def _lifetime(text: str | None, default: int) -> int:
    if text is None:
        return default
    try:
        seconds = int(text)
    except ValueError:
        seconds = 0
    if seconds == 0 or abs(seconds) > LONGEST_LIFE:
        raise OAuthError("invalid_request", f"expires_in must be seconds, at most {LONGEST_LIFE}; negative = expired")
    return seconds
