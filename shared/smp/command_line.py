"""The verbs of `python -m <service>`."""

import asyncio
import base64
import json
import sys
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import typer
import uvloop

from smp.http import application
from smp.migrations import migrate
from smp.parking import Parking
from smp.rebuild import NothingToRebuild, StillListening, rebuild
from smp.service import PARTS, Part, Runtime, Service
from smp.settings import load


def command_line(service: Service) -> typer.Typer:
    """The typer application of a service."""
    app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=f"The {service.name} service.")

    @app.command()
    def run(
        only: Annotated[str, typer.Option(help="Comma-separated parts: api,consumers,relay,jobs")] = ",".join(PARTS),
    ) -> None:
        """Run until told to stop."""
        uvloop.run(service.run(_parts(only)))

    @app.command(name="migrate")
    def migrate_() -> None:
        """Apply missing migrations (needs SMP_MIGRATION_DATABASE_URL); the service must be stopped."""
        try:
            migrate(_migrator(service), service.package)
        except RuntimeError as error:
            raise _failure(str(error)) from None

    @app.command(name="rebuild")
    def rebuild_() -> None:
        """Empty the projections and let the consumer hear everything again; the service must be stopped."""
        settings = load(service.settings)
        try:
            count = asyncio.run(rebuild(service, _migrator(service), settings.kafka_bootstrap))
        except (NothingToRebuild, StillListening, LookupError) as error:
            raise _failure(str(error)) from None
        typer.echo(f"{service.name} : {len(service.projections)} tables vidées, {count} événements à réentendre")

    @app.command()
    def openapi() -> None:
        """Print the OpenAPI document."""
        runtime: Any = type("NoRuntime", (), {})()
        typer.echo(
            json.dumps(application(runtime, service.name, service.routers).openapi(), ensure_ascii=False, indent=1)
        )

    app.add_typer(_parked(service), name="parked")
    return app


def _parked(service: Service) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, help="Records that could not be handled.")

    @app.command(name="list")
    def list_(limit: int = 100) -> None:
        """What waits, oldest first."""
        rows = _with_parking(service, lambda parking: parking.waiting(limit))
        for row in rows:
            key = (row["key"] or b"").decode(errors="replace")
            typer.echo(
                f"{row['number']:>6}  {row['parked_at']:%Y-%m-%d %H:%M:%S}  {row['type'] or '?'}  {key}  {row['error']}"
            )
        typer.echo(f"{service.name} : {len(rows)} de côté")

    @app.command()
    def show(number: int) -> None:
        """One record with its headers; its value is shown as it came (personal data in it is sealed)."""
        row = _with_parking(service, lambda parking: parking.record(number))
        if row is None:
            raise _failure(f"Rien n'est de côté sous le numéro {number}.")
        headers = {name: base64.b64decode(value).decode(errors="replace") for name, value in row["headers"].items()}
        value = (row["value"] or b"").decode(errors="replace")
        shown = {k: str(row[k]) for k in ("topic", "kafka_partition", "kafka_offset", "error", "state", "parked_at")}
        typer.echo(json.dumps({**shown, "headers": headers, "value": value}, indent=1, ensure_ascii=False))

    @app.command()
    def replay(key: Annotated[str | None, typer.Option(help="Only the records of this key")] = None) -> None:
        """Handle the parked records again, in order; a key stops at its first failure."""
        done, left = _with_parking(service, lambda parking: parking.replay(key))
        typer.echo(f"{service.name} : {done} repris, {left} encore de côté")

    @app.command()
    def discard(number: int) -> None:
        """Give a record up for good; who did it and when is kept."""
        if not _with_parking(service, lambda parking: parking.discard(number)):
            raise _failure(f"Rien n'est de côté sous le numéro {number}.")
        typer.echo(f"{service.name} : le numéro {number} est abandonné")

    return app


def _with_parking(service: Service, work: "Callable[[Parking], Coroutine[Any, Any, Any]]") -> Any:
    async def go() -> Any:
        async with service.runtime(load(service.settings)) as runtime:
            return await work(_parking(service, runtime))

    return asyncio.run(go())


def _parking(service: Service, runtime: Runtime) -> Parking:
    return Parking(service.consumer(runtime), runtime.database)


def _parts(only: str) -> list[Part]:
    chosen: list[Part] = [part for part in PARTS if part in only.split(",")]
    if len(chosen) != len(only.split(",")):
        raise typer.BadParameter(f"parts are {', '.join(PARTS)}")
    return chosen


def _migrator(service: Service) -> str:
    url = load(service.settings).migration_database_url
    if url is None:
        raise _failure("SMP_MIGRATION_DATABASE_URL is missing: migrations need the role that owns the tables")
    return url.get_secret_value()


def _failure(sentence: str) -> typer.Exit:
    sys.stderr.write(sentence + "\n")
    return typer.Exit(1)
