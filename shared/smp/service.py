"""A service is a few declarations; this module makes a process of them.

    Service("booking", Settings, routers=[...], handlers=HANDLERS, jobs=[...]).main()

gives `run`, `migrate`, `parked`, `rebuild` and `openapi` on the command line. One process runs everything; `--only`
splits it (api, consumers, relay, jobs) when one machine is not enough.
"""

import asyncio
import contextlib
import gc
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

import asyncpg
import httpx2
import uvicorn
from fastapi import APIRouter

from smp.auth import TokenVerifier
from smp.clock import clock_from
from smp.consumer import Consumer, Handlers
from smp.edge import Edge
from smp.http import application
from smp.jobs import Job, run_job
from smp.listener import Listener
from smp.logging import configure, log
from smp.outbox import Relay, measure
from smp.postgres import Database, Scope, is_transient
from smp.runtime import Runtime
from smp.settings import BaseSettings, load
from smp.sql import Statements
from smp.telemetry import PARKED
from smp.tokens import ServiceTokens

__all__ = ["Job", "Runtime", "Service"]

Part = Literal["api", "consumers", "relay", "jobs"]
PARTS: tuple[Part, ...] = ("api", "consumers", "relay", "jobs")

_INBOX = Statements.load("smp.store", "inbox.sql")
_IDEMPOTENCY = Statements.load("smp.store", "idempotency.sql")

_GAUGES_SECONDS = 5.0
_PRUNE_SECONDS = 3600.0
_ANSWERS_KEPT = timedelta(days=2)
_CONNECT_PAUSE_SECONDS = 0.5
_GARBAGE = 10_000  # new objects before the young are looked through: those of some requests, not of a part of one


@dataclass(frozen=True, slots=True)
class Service:
    """The declarations of one service. `package` holds its `migrations` folder; `projections` are the tables that
    `rebuild` empties and fills again from Kafka."""

    name: str
    settings: type[BaseSettings]
    package: str
    routers: Sequence[APIRouter] = ()
    handlers: Handlers = field(default_factory=dict)
    jobs: Sequence[Job] = ()
    projections: Sequence[str] = ()
    on_start: Callable[[Runtime], Awaitable[None]] | None = None

    def main(self) -> None:
        """The command line of the service (`python -m <package> …`)."""
        from smp.command_line import command_line  # the CLI is only needed here, not by importers of a service

        command_line(self)()

    def read_settings(self) -> BaseSettings:
        """The settings from the environment; ends the process when they are wrong."""
        settings = load(self.settings)
        configure(self.name, settings.log_level)
        return settings

    @contextlib.asynccontextmanager
    async def runtime(self, settings: BaseSettings) -> AsyncIterator[Runtime]:
        """Open what a process needs; waits for a PostgreSQL that is still starting."""
        async with httpx2.AsyncClient(timeout=10) as http:
            database = await _connect(settings, self.name)
            try:
                runtime = Runtime(
                    name=self.name,
                    settings=settings,
                    database=database,
                    clock=clock_from(settings.clock_file),
                    http=http,
                    verifier=TokenVerifier(
                        str(settings.oidc_issuer).rstrip("/"), settings.oidc_audience, str(settings.oidc_jwks_url), http
                    ),
                    tokens=_service_tokens(settings, http),
                )
                runtime.checks.append(lambda: _database_fault(database))
                if self.on_start:
                    await self.on_start(runtime)
                yield runtime
            finally:
                await database.close()

    def api(self, runtime: Runtime) -> Edge:
        """The ASGI application of a runtime."""
        settings = runtime.settings
        return Edge(
            application(runtime, self.name, self.routers),
            body_limit_bytes=settings.body_limit_bytes,
            request_seconds=settings.request_seconds,
        )

    def consumer(self, runtime: Runtime) -> Consumer:
        """The consumer of a runtime."""
        return Consumer(self.name, self.handlers, runtime.database, runtime.clock)

    async def run(self, parts: Sequence[Part] = PARTS) -> None:
        """Run until SIGTERM or SIGINT; then finish what is in hand and leave."""
        settings = self.read_settings()
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        async with self.runtime(settings) as runtime, contextlib.AsyncExitStack() as stack:
            if "relay" in parts:
                relay = Relay(
                    runtime.database,
                    settings.kafka_bootstrap,
                    self.name,
                    retention=timedelta(days=settings.outbox_retention_days),
                )
                runtime.database.on_publish = relay.wake
                await stack.enter_async_context(_background(relay.run()))
            if "consumers" in parts and self.handlers:
                listener = Listener(self.consumer(runtime), settings.kafka_bootstrap, settings.instance)
                runtime.checks.append(listener.fault)
                await stack.enter_async_context(listener.running())
            if "jobs" in parts:
                for job in (*self.jobs, *self._housekeeping()):
                    await stack.enter_async_context(_background(run_job(job, runtime)))
            if "api" in parts:
                await stack.enter_async_context(_serving(self.api(runtime), settings, stop))
            # Modules, models and routes live as long as the process: the collector need not walk them again and again.
            gc.collect()
            gc.freeze()
            gc.set_threshold(_GARBAGE)
            log.info("started", parts=list(parts), port=settings.http_port)
            await stop.wait()
            log.info("stopping")
        log.info("stopped")

    def _housekeeping(self) -> tuple[Job, ...]:
        return (Job("gauges", _GAUGES_SECONDS, self._set_gauges), Job("prune", _PRUNE_SECONDS, self._prune))

    async def _set_gauges(self, runtime: Runtime) -> None:
        async with runtime.database.session() as connection:
            await measure(connection)
            PARKED.set(await connection.fetchval(_INBOX.parked_count, self.name))

    async def _prune(self, runtime: Runtime) -> None:
        async with runtime.database.transaction(Scope.everywhere()) as tx:
            await tx.execute(_INBOX.prune, timedelta(days=runtime.settings.inbox_retention_days))
            await tx.execute(_IDEMPOTENCY.prune, _ANSWERS_KEPT)


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: this process has several things to stop, in order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


@contextlib.asynccontextmanager
async def _serving(app: Edge, settings: BaseSettings, stop: asyncio.Event) -> AsyncIterator[None]:
    server = _Server(
        uvicorn.Config(
            app,
            host=settings.http_host,
            port=settings.http_port,
            loop="none",
            http="httptools",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # nobody asks where a request came from
            server_header=False,
            timeout_graceful_shutdown=10,
        )
    )
    task = asyncio.create_task(server.serve())
    # A server that ends by itself (its port is taken) ends the process.
    task.add_done_callback(lambda _: stop.set())
    try:
        yield
    finally:
        server.should_exit = True
        await task


@contextlib.asynccontextmanager
async def _background(work: Any) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _connect(settings: BaseSettings, name: str) -> Database:
    while True:
        try:
            return await Database.connect(
                settings.database_url.get_secret_value(), size=settings.pool_size, name=f"smp {name}"
            )
        except (OSError, asyncpg.PostgresError) as error:
            if not is_transient(error):
                raise
            log.warning("waiting for PostgreSQL", error=type(error).__name__)
            await asyncio.sleep(_CONNECT_PAUSE_SECONDS)


def _service_tokens(settings: BaseSettings, http: httpx2.AsyncClient) -> ServiceTokens | None:
    if not (settings.token_url and settings.client_id and settings.client_secret):
        return None
    return ServiceTokens(str(settings.token_url), settings.client_id, settings.client_secret.get_secret_value(), http)


async def _database_fault(database: Database) -> str | None:
    try:
        async with asyncio.timeout(3), database.session() as connection:
            await connection.fetchval("SELECT 1")
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return f"PostgreSQL: {type(error).__name__}"
    return None
