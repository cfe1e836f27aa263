"""The local identity issuer: what it gives, what it refuses, and what a verifier of the floor makes of it."""

import base64
import os
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import pytest_asyncio

from smp.auth import InvalidToken, TokenVerifier
from smp.tokens import ServiceTokens
from smp_local.identity.app import ROLE_GRANT, create_app
from smp_local.identity.keys import DamagedKey, SigningKeys
from smp_local.identity.settings import Settings

ISSUER = "http://127.0.0.1:8100"
SITE = str(uuid4())
SECRETARY = {"grant_type": ROLE_GRANT, "role": "secretary", "sites": SITE, "territories": "53"}


class World:
    def __init__(self, home: Path) -> None:
        self.now = time.time()
        self.home = home
        self.settings = Settings.model_validate(
            {
                "environment": "test",
                "http_port": 8100,
                "identity_home": home,
                "identity_clients": "registry:one,booking:t+o %",
                "identity_territories": "53, 72",
            }
        )

    def client(self) -> httpx2.AsyncClient:
        keys = SigningKeys(self.home, keep=86_400, now=lambda: self.now)
        app = create_app(self.settings, keys, now=lambda: self.now)
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=ISSUER)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest_asyncio.fixture
async def issuer(world: World) -> AsyncIterator[httpx2.AsyncClient]:
    async with world.client() as client:
        yield client


def verifier(world: World, http: httpx2.AsyncClient) -> TokenVerifier:
    return TokenVerifier(ISSUER + "/", "smp", ISSUER + "/jwks", http, now=lambda: world.now)


async def token(issuer: httpx2.AsyncClient, **form: str) -> str:
    answer = await issuer.post("/token", data=SECRETARY | form)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return str(answer.json()["access_token"])


async def test_a_person_gets_the_role_asked_for(world: World, issuer: httpx2.AsyncClient) -> None:
    actor = await verifier(world, issuer).verify(await token(issuer, territories="53,72", subject="marie"))

    assert (actor.subject, actor.kind) == ("marie", "person")
    assert actor.roles == {"secretary"}
    assert actor.sites == {SITE}
    assert actor.territories == {"53", "72"}


async def test_a_service_gets_its_own_token(world: World, issuer: httpx2.AsyncClient) -> None:
    tokens = ServiceTokens(ISSUER + "/token", "booking", "t+o %", issuer)

    actor = await verifier(world, issuer).verify(await tokens.bearer())

    assert (actor.subject, actor.kind) == ("booking", "service")
    assert actor.roles == {"service"}
    assert actor.sites == {"*"}
    assert actor.territories == {"53", "72"}


async def test_a_secret_in_the_form_is_accepted_too(issuer: httpx2.AsyncClient) -> None:
    form = {"grant_type": "client_credentials", "client_id": "registry", "client_secret": "one"}

    assert (await issuer.post("/token", data=form)).status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic !!!",
        "Bearer x",
        *(f"Basic {base64.b64encode(pair).decode()}" for pair in (b"registry:two", b"x:", b":")),
    ],
)
async def test_a_wrong_secret_gets_nothing(issuer: httpx2.AsyncClient, authorization: str) -> None:
    answer = await issuer.post(
        "/token", data={"grant_type": "client_credentials"}, headers={"Authorization": authorization}
    )

    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert "Basic" in answer.headers["www-authenticate"]


@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "password"},
        {"role": "king"},
        {"role": "service"},
        {"role": ""},
        {"sites": ""},
        {"sites": "Laval"},
        {"territories": ""},
        {"territories": "*"},
        {"subject": "a\u0000b"},
        {"subject": "x" * 201},
        {"expires_in": "soon"},
        {"expires_in": "0"},
        {"expires_in": "100000"},
    ],
)
async def test_a_wrong_request_is_explained(issuer: httpx2.AsyncClient, form: dict[str, str]) -> None:
    answer = await issuer.post("/token", data=SECRETARY | form)

    assert answer.status_code == 400
    assert answer.json()["error_description"].isascii()


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"x" * 20_000, "application/x-www-form-urlencoded", 413),
        (b"{}", "application/json", 415),
        (b"\xff=\xff", "application/x-www-form-urlencoded", 400),
        (b"role=gp&role=nurse", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a%d=1" % n for n in range(30)), "application/x-www-form-urlencoded", 400),
        (b"", "application/x-www-form-urlencoded", 400),
    ],
)
async def test_an_unreadable_body_is_refused(
    issuer: httpx2.AsyncClient, body: bytes, media_type: str, status: int
) -> None:
    answer = await issuer.post("/token", content=body, headers={"Content-Type": media_type})

    assert answer.status_code == status
    assert set(answer.json()) == {"error", "error_description"}


async def test_an_expired_token_can_be_made_for_tests(world: World, issuer: httpx2.AsyncClient) -> None:
    expired = await token(issuer, expires_in="-600")

    with pytest.raises(InvalidToken, match="expired"):
        await verifier(world, issuer).verify(expired)


async def test_tokens_survive_a_restart_and_a_rotation(world: World, issuer: httpx2.AsyncClient) -> None:
    before = await token(issuer)
    await issuer.post("/rotate")
    after = await token(issuer)

    async with world.client() as restarted:
        judge = verifier(world, restarted)
        assert await judge.verify(before)
        assert await judge.verify(after)
        assert len((await restarted.get("/jwks")).json()["keys"]) == 2


async def test_a_retired_key_leaves_when_its_last_token_has_expired(world: World, issuer: httpx2.AsyncClient) -> None:
    world.now += 1_000_000
    await issuer.post("/rotate")
    assert len((await issuer.get("/jwks")).json()["keys"]) == 2, "retired only now, whatever its age"

    world.now += 86_401

    assert len((await issuer.get("/jwks")).json()["keys"]) == 1
    assert len(list(world.home.glob("keys/*.json"))) == 1


async def test_private_keys_stay_private(world: World, issuer: httpx2.AsyncClient) -> None:
    published: dict[str, Any] = (await issuer.get("/jwks")).json()

    assert all("d" not in key for key in published["keys"])
    assert stat.S_IMODE((world.home / "keys").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in world.home.glob("keys/*")} == {0o600}


async def test_discovery_points_at_this_issuer(issuer: httpx2.AsyncClient) -> None:
    document = (await issuer.get("/.well-known/openid-configuration")).json()

    assert document["issuer"] == ISSUER
    assert (await issuer.get(document["jwks_uri"])).status_code == 200


def test_a_damaged_key_file_is_named(world: World) -> None:
    SigningKeys(world.home, keep=60)
    next(world.home.glob("keys/*.json")).write_text("{")

    with pytest.raises(DamagedKey, match="remove it"):
        SigningKeys(world.home, keep=60)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"SMP_ENVIRONMENT": "production"}, "SMP_ENVIRONMENT must be local or test"),
        ({"SMP_ENVIRONMENT": None}, "SMP_ENVIRONMENT is missing"),
        ({"SMP_HTTP_HOST": "192.0.2.7"}, "SMP_HTTP_HOST must be a loopback address"),
        ({"SMP_HTTP_PORT": "99999999"}, "SMP_HTTP_PORT"),
        ({"SMP_IDENTITY_CLIENTS": "registry:hunter2,booking"}, "SMP_IDENTITY_CLIENTS"),
    ],
)
def test_the_issuer_refuses_to_start_with_wrong_settings(
    tmp_path: Path, changes: dict[str, str | None], said: str
) -> None:
    settings = {"SMP_ENVIRONMENT": "local", "SMP_HTTP_PORT": "8100", "SMP_IDENTITY_HOME": str(tmp_path), **changes}
    ours = {name: value for name, value in settings.items() if value is not None}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SMP_")} | ours

    ended = subprocess.run(
        [sys.executable, "-m", "smp_local.identity"], env=environment, capture_output=True, text=True, timeout=60
    )

    assert ended.returncode == 2
    assert said in ended.stderr
    assert "hunter2" not in ended.stderr
    assert "Traceback" not in ended.stderr
