"""A service's API in this process: real application and database, tokens replaced by the actor they stand for."""

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2

from smp.auth import Actor, InvalidToken
from smp.clock import Clock, SystemClock
from smp.ids import new_id
from smp.postgres import Database
from smp.service import Runtime, Service
from smp.settings import BaseSettings


class FixedClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: datetime) -> None:
        self.time = now.astimezone(UTC)

    def now(self) -> datetime:
        return self.time


class OpenVerifier:
    """Reads the actor out of a test token (see `bearer`)."""

    async def verify(self, token: str) -> Actor:
        try:
            claims = json.loads(bytes.fromhex(token))
        except ValueError:
            raise InvalidToken("malformed") from None
        return Actor(
            subject=claims["subject"],
            roles=frozenset(claims["roles"]),
            sites=frozenset(claims["sites"]),
            territories=frozenset(claims["territories"]),
            kind=claims["kind"],
        )


def bearer(
    *roles: str,
    territory: str = "53",
    site: UUID | str = "*",
    subject: str = "test-person",
    kind: str = "person",
    territories: tuple[str, ...] = (),
) -> dict[str, str]:
    """The Authorization header of somebody with these roles."""
    claims = {
        "subject": subject,
        "roles": list(roles),
        "sites": [str(site)],
        "territories": list(territories or (territory,)),
        "kind": kind,
    }
    return {"Authorization": f"Bearer {json.dumps(claims).encode().hex()}"}


def command_headers(auth: Mapping[str, str], key: str | None = None) -> dict[str, str]:
    """The headers of a command: who, and an idempotency key (a new one unless given)."""
    return {**auth, "Idempotency-Key": key or f"test-{new_id()}"}


@contextlib.asynccontextmanager
async def client_for(
    service: Service, database: Database, *, clock: Clock | None = None, database_url: str = "", **settings: Any
) -> AsyncIterator[httpx2.AsyncClient]:
    """An HTTP client bound to the service's application; `client.runtime` is not needed by tests of behaviour."""
    async with runtime_for(service, database, clock=clock, database_url=database_url, **settings) as runtime:
        transport = httpx2.ASGITransport(app=service.api(runtime), raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url=f"http://{service.name}.test") as client:
            yield client


@contextlib.asynccontextmanager
async def runtime_for(
    service: Service, database: Database, *, clock: Clock | None = None, database_url: str = "", **settings: Any
) -> AsyncIterator[Runtime]:
    """A runtime on a test database."""
    async with httpx2.AsyncClient(timeout=10) as http:
        runtime = Runtime(
            name=service.name,
            settings=test_settings(service.settings, database_url=database_url, **settings),
            database=database,
            clock=clock or SystemClock(),
            http=http,
            verifier=OpenVerifier(),  # type: ignore[arg-type]  # stands for the real one
        )
        if service.on_start:
            await service.on_start(runtime)
        yield runtime


def test_settings(settings: type[BaseSettings], **given: Any) -> Any:
    """Settings for a test process; nothing is read from the environment that matters."""
    base: dict[str, Any] = {
        "environment": "test",
        "database_url": given.pop("database_url", "") or "postgresql://unused",
        "kafka_bootstrap": "127.0.0.1:1",
        "http_port": 1,
        "oidc_issuer": "http://127.0.0.1:1",
        "oidc_jwks_url": "http://127.0.0.1:1/jwks",
    }
    return settings(**{**base, **given})


test_settings.__test__ = False  # type: ignore[attr-defined]  # pytest: a helper, not a test
