"""A reporting service on a database of its own."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from reporting.__main__ import SERVICE
from tests.support.api import client_for
from tests.support.databases import ServiceDatabase


@pytest.fixture
async def client(reporting_database: ServiceDatabase) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_for(SERVICE, reporting_database.database) as client:
        yield client
