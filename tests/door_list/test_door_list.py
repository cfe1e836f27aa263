"""The plug-in of forty lines, as its author runs it: its own process beside Kafka and PostgreSQL, `smp` alone."""

import ast
import os
import re
import signal
import socket
import sys
import tomllib
from asyncio import subprocess, timeout
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from door_list.__main__ import SERVICE
from smp.consumer import Delivery
from smp.contracts import (
    APPOINTMENTS,
    SITES,
    Event,
    PatientNoShow,
    SiteOpened,
    SlotBooked,
    SlotCancelled,
    SlotMoved,
    StatusCorrected,
)
from smp.contracts.envelope import to_headers, to_key, to_value
from smp.contracts.examples import EXAMPLES
from smp.ids import new_id
from smp.postgres import Scope
from smp.rebuild import rebuild
from tests.support.databases import ServiceDatabase, service_database
from tests.support.kafka import create_topics, producer, until

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "services" / "door_list"
PROGRAM = PLUGIN / "door_list" / "__main__.py"

# 21:30 UTC on the 22nd is already the 23rd in Mayotte (UTC+3).
LATE = datetime(2026, 11, 22, 21, 30, tzinfo=UTC)


@pytest.fixture
async def door_list_database(postgres_url: str) -> AsyncIterator[ServiceDatabase]:
    async with service_database(postgres_url, "door_list", "door_list") as database:
        yield database


@asynccontextmanager
async def plugin(database: ServiceDatabase, bootstrap: str) -> AsyncIterator[None]:
    """`python -m door_list run`, told to stop at the end and expected to leave cleanly."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "SMP_ENVIRONMENT": "test",
        "SMP_DATABASE_URL": database.app_url,
        "SMP_KAFKA_BOOTSTRAP": bootstrap,
        "SMP_HTTP_PORT": str(port),
        "SMP_OIDC_ISSUER": "http://127.0.0.1:1",
        "SMP_OIDC_JWKS_URL": "http://127.0.0.1:1/jwks",
    }
    process = await subprocess.create_subprocess_exec(
        sys.executable, "-m", "door_list", "run", env=environment, stdout=subprocess.DEVNULL
    )
    try:
        yield
        process.send_signal(signal.SIGTERM)
        async with timeout(30):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def event(kind: type[Any], *, subject: UUID, site: UUID, sequence: int = 1, **fields: Any) -> Event[Any]:
    """The example of this type, of another aggregate, at another site."""
    named = {"site": site} if kind is SiteOpened else {"site": site, "appointment": subject}
    data = EXAMPLES[kind].data.model_copy(update={**named, **fields})
    return Event.of(data, subject=subject, territory="53", site=site, sequence=sequence, time=LATE)


async def say(bootstrap: str, *events: Event[Any]) -> None:
    await create_topics(bootstrap, APPOINTMENTS.name, SITES.name, partitions=12)
    async with producer(bootstrap) as kafka:
        for each in events:
            topic = each.data.topic.name
            await kafka.send_and_wait(topic, to_value(each), key=to_key(each), headers=to_headers(each))


async def door_list(database: ServiceDatabase, site: UUID, territory: str = "53") -> dict[date, int]:
    """What the antenna reads, as the application's own role."""
    async with database.database.transaction(Scope(frozenset({territory}))) as tx:
        rows = await tx.fetch("SELECT day, patients FROM door_list WHERE site = $1", site)
    return {row["day"]: row["patients"] for row in rows}


def a_day(site: UUID) -> list[Event[Any]]:
    """Something of everything that the plug-in listens to, some of it before what it follows from."""
    kept, moved, cancelled, twice, undone = (new_id() for _ in range(5))
    return [
        event(SlotBooked, subject=kept, site=site, start=LATE),
        event(SlotBooked, subject=moved, site=site, start=LATE),
        event(SlotMoved, subject=moved, site=site, sequence=2, start=LATE + timedelta(days=1)),
        event(SlotCancelled, subject=cancelled, site=site, sequence=2, start=LATE),
        event(SlotBooked, subject=cancelled, site=site, start=LATE),
        event(StatusCorrected, subject=undone, site=site, sequence=3, start=LATE, state="booked"),
        event(SlotBooked, subject=undone, site=site, start=LATE),
        event(SlotCancelled, subject=undone, site=site, sequence=2, start=LATE),
        event(SlotBooked, subject=twice, site=site, start=LATE),
        event(SiteOpened, subject=site, site=site, zone="Indian/Mayotte"),
    ]


async def until_heard(database: ServiceDatabase, events: list[Event[Any]]) -> None:
    async def all_heard() -> bool:
        async with database.admin() as admin:
            ids = [each.id for each in events]
            heard = await admin.fetchval("SELECT count(*) FROM smp.inbox WHERE event_id = ANY ($1)", ids)
        return bool(heard == len(ids))

    await until(all_heard)


async def rows_of(database: ServiceDatabase, site: UUID) -> dict[str, list[str]]:
    """Each table of the projection, the rows of the site as PostgreSQL writes them."""
    async with database.admin() as admin:
        return {
            table: [
                row["line"]
                for row in await admin.fetch(
                    f"SELECT t::text AS line FROM {table} AS t WHERE site = $1 ORDER BY line", site
                )
            ]
            for table in SERVICE.projections
        }


async def test_the_door_list_says_how_many_patients_each_day_expects(
    door_list_database: ServiceDatabase, kafka_bootstrap: str
) -> None:
    site = new_id()
    events = a_day(site)
    await say(kafka_bootstrap, *events, events[-2])

    async with plugin(door_list_database, kafka_bootstrap):
        await until_heard(door_list_database, events)
        assert await door_list(door_list_database, site) == {date(2026, 11, 23): 3, date(2026, 11, 24): 1}
        assert await door_list(door_list_database, site, territory="72") == {}


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ((), True),
        (((SlotCancelled, {}),), False),
        (((SlotCancelled, {"excused": True}),), False),
        (((SlotCancelled, {"cancelled_by": "centre", "reason": "patient_erased"}),), False),
        (((SlotCancelled, {}), (StatusCorrected, {"previous_state": "cancelled", "state": "booked"})), True),
        (((PatientNoShow, {}),), True),
        (((PatientNoShow, {}), (SlotCancelled, {"excused": True})), False),
        (((PatientNoShow, {}), (StatusCorrected, {"previous_state": "no_show", "state": "booked"})), True),
        (
            (
                (PatientNoShow, {}),
                (SlotCancelled, {"excused": True}),
                (StatusCorrected, {"previous_state": "excused", "state": "no_show"}),
            ),
            True,
        ),
    ],
)
async def test_only_who_gave_the_appointment_up_is_not_expected(
    door_list_database: ServiceDatabase, after: tuple[tuple[type[Any], dict[str, Any]], ...], expected: bool
) -> None:
    """Whoever does not come was expected all the same."""
    site, visit = new_id(), new_id()
    steps: list[tuple[type[Any], dict[str, Any]]] = [(SlotBooked, {}), *after]
    for sequence, (kind, fields) in enumerate(steps, start=1):
        said = event(kind, subject=visit, site=site, sequence=sequence, start=LATE, **fields)
        if kind in SERVICE.handlers:
            handler: Any = SERVICE.handlers[kind]
            async with door_list_database.database.transaction(Scope(frozenset({"53"}))) as tx:
                await handler(tx, Delivery(said, "next", LATE))
    assert await door_list(door_list_database, site) == ({date(2026, 11, 22): 1} if expected else {})


async def test_the_tables_that_are_thrown_away_are_heard_again_byte_for_byte(
    door_list_database: ServiceDatabase, kafka_bootstrap: str
) -> None:
    site = new_id()
    events = a_day(site)
    await say(kafka_bootstrap, *events)
    async with plugin(door_list_database, kafka_bootstrap):
        await until_heard(door_list_database, events)
    first = await rows_of(door_list_database, site)
    assert {table: len(rows) for table, rows in first.items()} == {"expected_visit": 5, "door": 1}

    assert await rebuild(SERVICE, door_list_database.migrator_url, kafka_bootstrap) >= len(events)
    assert await rows_of(door_list_database, site) == {"expected_visit": [], "door": []}
    async with plugin(door_list_database, kafka_bootstrap):
        await until_heard(door_list_database, events)
    assert await rows_of(door_list_database, site) == first


def test_the_plug_in_is_forty_lines_and_imports_smp_alone() -> None:
    text = PROGRAM.read_text()
    assert len(text.splitlines()) <= 40
    imported = {
        node.module.split(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and node.module
    }
    assert imported == {"smp"}
    assert not any(isinstance(node, ast.Import) for node in ast.walk(ast.parse(text)))
    project = tomllib.loads((PLUGIN / "pyproject.toml").read_text())["project"]
    assert project["dependencies"] == ["smp"]


def test_neither_the_floor_nor_a_service_knows_that_the_plug_in_exists() -> None:
    rooms = [
        ROOT / "shared",
        *(ROOT / "services" / name for name in ("registry", "booking", "notifications", "reporting")),
    ]
    named = re.compile(r"door.?list", re.IGNORECASE)
    knowing = [
        str(file.relative_to(ROOT))
        for room in rooms
        for file in room.rglob("*")
        if file.suffix in (".py", ".sql", ".toml", ".json") and named.search(file.read_text())
    ]
    assert knowing == []
