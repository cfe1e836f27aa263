"""Real processes of the platform, for what must be measured from outside."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import httpx2
import psutil

from smp_local.identity.app import ROLE_GRANT
from smp_local.processes import free_port
from tests.bench.bench import Bench

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0


@contextlib.asynccontextmanager
async def running(
    log: Path, settings: Mapping[str, str], ready: Callable[[], bool], *arguments: str
) -> AsyncIterator[psutil.Process]:
    """`python -m …` until the end of the block; entered once `ready`. Raises RuntimeError when it does not start."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *arguments, env={**inherited, **settings}, stdout=output, stderr=output
        )
    try:
        async with asyncio.timeout(_START_SECONDS):
            while not ready():
                if process.returncode is not None:
                    raise RuntimeError(f"{' '.join(arguments)} ended at its start: see {log}")
                await asyncio.sleep(0.05)
        yield psutil.Process(process.pid)
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


@contextlib.asynccontextmanager
async def identity(bench: Bench) -> AsyncIterator[str]:
    """The local identity issuer; gives its address."""
    port = free_port()
    settings = {
        "SMP_ENVIRONMENT": "local",
        "SMP_HTTP_PORT": str(port),
        "SMP_IDENTITY_HOME": str(bench.servers.home / "identity"),
    }
    log = bench.servers.home / "identity.log"
    async with running(log, settings, lambda: _answers(port), "smp_local.identity"):
        yield f"http://127.0.0.1:{port}"


async def token(issuer: str) -> str:
    """A secretary's bearer token, for all sites of Mayenne."""
    async with httpx2.AsyncClient() as http:
        form = {"grant_type": ROLE_GRANT, "role": "secretary", "territories": "53", "sites": "*"}
        answer = await http.post(f"{issuer}/token", data=form)
        answer.raise_for_status()
        return str(answer.json()["access_token"])


@contextlib.asynccontextmanager
async def booking(
    bench: Bench, database_url: str, issuer: str, *parts: str, **more: str
) -> AsyncIterator[tuple[psutil.Process, int]]:
    """The booking service, only some parts of it; gives the process and its HTTP port. `more`: settings of its own."""
    port = free_port()
    settings = {
        "SMP_ENVIRONMENT": "local",
        "SMP_DATABASE_URL": database_url,
        "SMP_KAFKA_BOOTSTRAP": bench.bootstrap,
        "SMP_HTTP_PORT": str(port),
        "SMP_OIDC_ISSUER": issuer,
        "SMP_OIDC_JWKS_URL": f"{issuer}/jwks",
        **more,
    }
    log = bench.servers.home / f"booking-{'-'.join(parts)}-{port}.log"
    word = b'"relay leads"' if "relay" in parts else b'"started"'

    def ready() -> bool:
        return word in log.read_bytes() and ("api" not in parts or _answers(port))

    async with running(log, settings, ready, "booking", "run", "--only", ",".join(parts)) as process:
        yield process, port


def _answers(port: int) -> bool:
    with contextlib.suppress(httpx2.HTTPError):
        return httpx2.get(f"http://127.0.0.1:{port}/health/ready", timeout=2).status_code == 200
    return False
