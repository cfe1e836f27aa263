"""Every statement is valid against the migrated schema, and every tenant table is closed to other territories."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from tests.support.databases import ServiceDatabase, service_database

ROOT = Path(__file__).parents[2]
SERVICES = sorted(folder.name for folder in (ROOT / "services").iterdir() if (folder / folder.name).is_dir())
NAME = re.compile(r"^-- name: ([a-z][a-z0-9_]*)\s*$", re.MULTILINE)

# Tables that hold no tenant's rows: each says why in the catalogue ("shared by all territories: …").
FLOOR = {"inbox", "sequence_heard", "parked", "idempotency", "outbox", "outbox_held", "relay_position"}


@pytest.fixture(params=SERVICES)
async def service(request: pytest.FixtureRequest, postgres_url: str) -> AsyncIterator[tuple[str, ServiceDatabase]]:
    async with service_database(postgres_url, request.param, request.param) as database:
        yield request.param, database


def statements(folder: Path) -> list[tuple[str, str]]:
    found = []
    for file in sorted(folder.rglob("*.sql")):
        if "migrations" in file.parts:
            continue
        parts = NAME.split(file.read_text())
        assert not parts[0].strip() or parts[0].lstrip().startswith("--"), (
            f"{file.name} begins with a nameless statement"
        )
        found += [(f"{file.name}:{name}", body) for name, body in zip(parts[1::2], parts[2::2], strict=True)]
    return found


async def test_every_statement_can_be_prepared(service: tuple[str, ServiceDatabase]) -> None:
    name, database = service
    connection = await asyncpg.connect(database.app_url)
    refused = []
    for label, body in [*statements(ROOT / "services" / name), *statements(ROOT / "shared" / "smp")]:
        try:
            await connection.prepare(body.strip().rstrip(";"))
        except asyncpg.PostgresError as error:
            refused.append(f"{label}: {error}")
    await connection.close()
    assert refused == []


def test_every_statement_says_why_it_exists() -> None:
    silent = [
        label
        for folder in (ROOT / "services", ROOT / "shared" / "smp")
        for label, body in statements(folder)
        if not body.lstrip().startswith("-- ")
    ]
    assert silent == []


async def test_every_tenant_table_has_a_territory_and_forced_row_security(service: tuple[str, ServiceDatabase]) -> None:
    _, database = service
    async with database.admin() as admin:
        tables = await admin.fetch("""
            SELECT c.oid::regclass::text AS name, c.relrowsecurity AND c.relforcerowsecurity AS forced,
                   obj_description(c.oid, 'pg_class') AS comment,
                   EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid
                           AND pg_get_expr(p.polqual, p.polrelid) LIKE '%smp.territories%') AS policy,
                   EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'territory'
                           AND a.attnotnull) AS territory
            FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE n.nspname IN ('public', 'smp') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
              AND c.relname <> 'smp_migrations'
        """)
    assert len(tables) > len(FLOOR)
    shared = {
        t["name"].removeprefix("smp.") for t in tables if (t["comment"] or "").startswith("shared by all territories")
    }
    open_tables = [
        t["name"]
        for t in tables
        if not (t["forced"] and t["policy"] and t["territory"]) and t["name"].removeprefix("smp.") not in shared
    ]
    assert open_tables == []
    assert shared >= FLOOR


async def test_without_a_scope_no_tenant_row_can_be_seen_or_written(service: tuple[str, ServiceDatabase]) -> None:
    """The app role, connected as a process is, but outside `Database.transaction`."""
    _, database = service
    connection = await asyncpg.connect(database.app_url)
    protected = await connection.fetch(
        "SELECT oid::regclass::text AS name FROM pg_class WHERE relforcerowsecurity AND relkind IN ('r', 'p')"
    )
    for table in protected:
        assert await connection.fetchval(f"SELECT count(*) FROM {table['name']}") == 0
        with pytest.raises(asyncpg.PostgresError):
            await connection.execute(f"INSERT INTO {table['name']} (territory) VALUES ('53')")
    await connection.close()
    assert protected


def test_no_code_outside_the_floor_opens_a_connection_without_a_scope() -> None:
    """`Database.transaction` wants a Scope; nothing else may reach the database."""
    forbidden = re.compile(r"asyncpg\.(connect|create_pool)|\.acquire\(|\.session\(\)|_pool\b")
    guilty = [
        str(file.relative_to(ROOT)) for file in (ROOT / "services").rglob("*.py") if forbidden.search(file.read_text())
    ]
    assert guilty == []


# The text provider calls back without a token and knows no territory: a secret path and a known id stand in.
WITHOUT_TERRITORY = {"services/notifications/notifications/api/sms_callbacks.py"}


def test_a_scope_of_everywhere_is_for_jobs_and_not_for_routes() -> None:
    guilty = [
        str(file.relative_to(ROOT))
        for file in (ROOT / "services").rglob("api/*.py")
        if "Scope.everywhere" in file.read_text()
    ]
    assert set(guilty) <= WITHOUT_TERRITORY


async def test_the_roles_of_a_service_own_nothing_or_cannot_bypass_row_security(
    service: tuple[str, ServiceDatabase],
) -> None:
    name, database = service
    async with database.admin() as admin:
        roles = await admin.fetch(
            "SELECT rolname, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb AS strong FROM pg_roles "
            "WHERE rolname IN ($1, $2)",
            f"{name}_app",
            f"{name}_migrator",
        )
        owned = await admin.fetchval("SELECT count(*) FROM pg_class WHERE relowner = $1::regrole", f"{name}_app")
    assert {r["rolname"]: r["strong"] for r in roles} == {f"{name}_app": False, f"{name}_migrator": False}
    assert owned == 0
