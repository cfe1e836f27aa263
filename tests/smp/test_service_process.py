"""A service as a process: it starts, says when it is ready, does its work and leaves when told."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import httpx2
import pytest

from smp.contracts.appointments import APPOINTMENTS, SlotBooked
from smp.contracts.envelope import Event, to_headers, to_key, to_value
from smp.contracts.examples import EXAMPLES
from smp.ids import new_id
from smp_local.processes import free_port
from tests.support.databases import ServiceDatabase
from tests.support.kafka import create_topics, producer, until

ROOT = Path(__file__).parents[2]


@pytest.fixture
def environment(floor_database: ServiceDatabase, kafka_bootstrap: str) -> dict[str, str]:
    return {
        **os.environ,
        "SMP_ENVIRONMENT": "test",
        "SMP_DATABASE_URL": floor_database.app_url,
        "SMP_MIGRATION_DATABASE_URL": floor_database.migrator_url,
        "SMP_KAFKA_BOOTSTRAP": kafka_bootstrap,
        "SMP_HTTP_PORT": str(free_port()),
        "SMP_OIDC_ISSUER": "http://127.0.0.1:1",
        "SMP_OIDC_JWKS_URL": "http://127.0.0.1:1/jwks",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }


async def call(environment: dict[str, str], *arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.toy_process",
        *arguments,
        env=environment,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


@asynccontextmanager
async def running(environment: dict[str, str], *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.toy_process",
        "run",
        *arguments,
        env=environment,
        cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def until_ready(environment: dict[str, str]) -> None:
    async with httpx2.AsyncClient() as http:

        async def ready() -> bool:
            try:
                answer = await http.get(f"http://127.0.0.1:{environment['SMP_HTTP_PORT']}/health/ready")
            except httpx2.TransportError:
                return False
            return answer.status_code == 200

        await until(ready)


async def note_of(floor: ServiceDatabase, appointment: UUID) -> str | None:
    """What the toy service noted of an appointment; it also hears records of other tests on the topic."""
    async with floor.admin() as admin:
        text: str | None = await admin.fetchval("SELECT text FROM note WHERE id = $1", appointment)
        return text


async def book(bootstrap: str) -> UUID:
    """An appointment of its own, booked; returns its id."""
    appointment = new_id()
    data = EXAMPLES[SlotBooked].data.model_copy(update={"appointment": appointment})
    event = Event.of(data, subject=appointment, territory="53", sequence=1, time=EXAMPLES[SlotBooked].time)
    async with producer(bootstrap) as kafka:
        await kafka.send_and_wait(APPOINTMENTS.name, to_value(event), key=to_key(event), headers=to_headers(event))
    return appointment


async def test_a_process_serves_consumes_and_stops_cleanly_when_told(
    environment: dict[str, str], floor_database: ServiceDatabase, kafka_bootstrap: str
) -> None:
    await create_topics(kafka_bootstrap, APPOINTMENTS.name, partitions=12)
    appointment = await book(kafka_bootstrap)
    async with running(environment) as process:
        await until_ready(environment)

        async def noted() -> bool:
            return await note_of(floor_database, appointment) == "booked"

        await until(noted)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            assert await process.wait() == 0

    # What a projection holds can be thrown away and heard again.
    async with floor_database.admin() as admin:
        await admin.execute("UPDATE note SET text = 'spoilt'")
    status, said = await call(environment, "rebuild")
    assert status == 0, said
    assert await note_of(floor_database, appointment) is None
    async with running(environment, "--only", "consumers"):
        await until(noted)


async def test_a_process_killed_in_the_middle_of_its_work_does_it_after_its_restart(
    environment: dict[str, str], floor_database: ServiceDatabase, kafka_bootstrap: str, tmp_path: Path
) -> None:
    """Kafka may believe a record done only when its effect is committed."""
    await create_topics(kafka_bootstrap, APPOINTMENTS.name, partitions=12)
    appointment = await book(kafka_bootstrap)
    trap = tmp_path / "trap"
    trap.touch()
    async with running({**environment, "TOY_TRAP": str(trap)}, "--only", "consumers") as process:
        async with asyncio.timeout(60):
            assert await process.wait() == -signal.SIGKILL
    assert await note_of(floor_database, appointment) is None

    async def noted() -> bool:
        return await note_of(floor_database, appointment) == "booked"

    async with running(environment, "--only", "consumers"):
        await until(noted)


async def test_a_process_whose_port_is_taken_ends_and_says_so(environment: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(environment["SMP_HTTP_PORT"])))
        taken.listen()
        async with asyncio.timeout(30):
            status, said = await call(environment, "run", "--only", "api")
    assert status != 0
    assert "address already in use" in said.lower()


async def test_a_process_without_settings_ends_with_the_list(environment: dict[str, str]) -> None:
    bare = {name: value for name, value in environment.items() if not name.startswith("SMP_")}
    status, said = await call(bare, "run")
    assert status == 2
    assert "SMP_DATABASE_URL: is missing" in said


async def test_migrating_twice_changes_nothing_and_a_wrong_address_is_not_repeated(
    environment: dict[str, str],
) -> None:
    assert (await call(environment, "migrate"))[0] == 0
    wrong = {**environment, "SMP_MIGRATION_DATABASE_URL": "postgresql://toy:very-secret@127.0.0.1:1/toy"}
    status, said = await call(wrong, "migrate")
    assert status == 1
    assert "very-secret" not in said


async def test_parked_records_are_listed_shown_and_discarded_from_the_command_line(
    environment: dict[str, str], floor_database: ServiceDatabase
) -> None:
    async with floor_database.admin() as admin:
        number = await admin.fetchval(
            "INSERT INTO smp.parked (consumer, topic, kafka_partition, kafka_offset, key, headers, value, error) "
            "VALUES ('toy', 't', 0, 0, 'k', '{}', '{broken', 'MalformedEvent: json_invalid') RETURNING number"
        )
    _, said = await call(environment, "parked", "list")
    assert "MalformedEvent: json_invalid" in said
    assert "toy : 1 de côté" in said
    assert "{broken" in (await call(environment, "parked", "show", str(number)))[1]
    assert (await call(environment, "parked", "replay"))[1].strip().endswith("0 repris, 1 encore de côté")
    assert (await call(environment, "parked", "discard", str(number)))[0] == 0
    assert "toy : 0 de côté" in (await call(environment, "parked", "list"))[1]
    assert (await call(environment, "parked", "discard", str(number)))[0] == 1
