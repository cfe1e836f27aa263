"""A registry with the sites of Laval and Le Mans."""

from collections.abc import AsyncIterator

import pytest

from tests.registry.desk import KEY_ONE, MONDAY, SERVICE, Desk
from tests.support.api import FixedClock, client_for
from tests.support.databases import ServiceDatabase, service_database

_EMPTY = """
    DO $$ DECLARE name text; BEGIN
        SET LOCAL session_replication_role = replica;  -- rows go in any order
        FOR name IN
            SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
            WHERE schemaname = 'public' AND tablename <> 'schema_migrations'
               OR schemaname = 'smp' AND tablename IN ('outbox', 'idempotency')
        LOOP
            EXECUTE 'DELETE FROM ' || name;
        END LOOP;
    END $$
"""


@pytest.fixture(scope="session")
async def shared_database(postgres_url: str) -> AsyncIterator[ServiceDatabase]:
    """One database for all tests of this folder: emptying it costs a tenth of cloning one."""
    async with service_database(postgres_url, "registry", "registry") as database:
        yield database


@pytest.fixture
async def desk(shared_database: ServiceDatabase) -> AsyncIterator[Desk]:
    async with shared_database.admin() as admin:
        await admin.execute(_EMPTY)
    clock = FixedClock(MONDAY)
    async with client_for(SERVICE, shared_database.database, clock=clock, key_encryption_keys=KEY_ONE) as client:
        desk = Desk(client, shared_database, clock)
        await desk.open_sites()
        yield desk
