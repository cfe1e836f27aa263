"""Two real processes of booking on one database, their clock in a file, and an issuer whose tokens they believe."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx2

from smp.clock import set_demo_clock
from smp_local.identity.app import ROLE_GRANT
from tests.support.databases import ServiceDatabase
from tests.support.kafka import until
from tests.support.ports import free_ports

START_SECONDS = 120.0  # on a machine that has other things to do


@dataclass
class Process:
    """One program with its port; it may be killed and started again."""

    module: str
    arguments: tuple[str, ...]
    settings: Mapping[str, str]
    port: int
    folder: Path
    _running: asyncio.subprocess.Process | None = field(default=None)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Returns once it is ready to serve."""
        environment = {**os.environ, **self.settings, "SMP_ENVIRONMENT": "local", "SMP_HTTP_PORT": str(self.port)}
        with (self.folder / f"{self.module}-{self.port}.log").open("ab") as log:
            self._running = await asyncio.create_subprocess_exec(
                sys.executable, "-m", self.module, *self.arguments, env=environment, stdout=log, stderr=log
            )
        async with httpx2.AsyncClient() as http:

            async def ready() -> bool:
                with contextlib.suppress(httpx2.TransportError):
                    return (await http.get(f"{self.address}/health/ready")).status_code == 200
                return False

            await until(ready, seconds=START_SECONDS)

    async def kill(self) -> None:
        """As the machine would: no time to finish anything."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """What is in hand is finished."""
        await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> None:
        running, self._running = self._running, None
        if running is not None and running.returncode is None:
            running.send_signal(how)
            await running.wait()


@dataclass(frozen=True, slots=True)
class Two:
    """Both booking processes, and a secretary's token for them."""

    processes: tuple[Process, Process]
    bearer: str

    async def stop(self) -> None:
        await asyncio.gather(*(each.stop() for each in self.processes))


@contextlib.asynccontextmanager
async def two_bookings(
    database: ServiceDatabase, folder: Path, start: datetime, speed: float, **settings: str
) -> AsyncIterator[Two]:
    """The platform's edge, twice; without Kafka, which no command waits for."""
    clock, ports = folder / "clock.json", free_ports()
    set_demo_clock(clock, start, speed)
    issuer = Process("smp_local.identity", (), {"SMP_IDENTITY_HOME": str(folder / "identity")}, ports.identity, folder)
    shared = {
        "SMP_DATABASE_URL": database.app_url,
        "SMP_KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "SMP_OIDC_ISSUER": issuer.address,
        "SMP_OIDC_JWKS_URL": f"{issuer.address}/jwks",
        "SMP_CLOCK_FILE": str(clock),
        "SMP_LOG_LEVEL": "error",
        **settings,
    }
    command = ("run", "--only", "api,jobs")
    one, other = (Process("booking", command, shared, port, folder) for port in (ports.booking, ports.plugins))
    try:
        await asyncio.gather(*(each.start() for each in (issuer, one, other)))
        yield Two((one, other), await _token(issuer.address))
    finally:
        await asyncio.gather(*(each.stop() for each in (one, other, issuer)))


async def _token(issuer: str) -> str:
    async with httpx2.AsyncClient() as http:
        form = {"grant_type": ROLE_GRANT, "role": "secretary", "territories": "53", "sites": "*"}
        answer = await http.post(f"{issuer}/token", data=form)
        return str(answer.raise_for_status().json()["access_token"])
