"""A registry with the sites of Laval and Le Mans."""

from collections.abc import AsyncIterator

import pytest

from tests.registry.desk import KEY_ONE, MONDAY, SERVICE, Desk
from tests.support.api import FixedClock, client_for
from tests.support.databases import ServiceDatabase


@pytest.fixture
async def desk(registry_database: ServiceDatabase) -> AsyncIterator[Desk]:
    clock = FixedClock(MONDAY)
    async with client_for(SERVICE, registry_database.database, clock=clock, key_encryption_keys=KEY_ONE) as client:
        desk = Desk(client, registry_database, clock)
        await desk.open_sites()
        yield desk
