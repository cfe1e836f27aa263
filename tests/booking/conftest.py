"""A centre to test with."""

from collections.abc import AsyncIterator

import pytest

from tests.booking.world import Centre
from tests.support.databases import ServiceDatabase, service_database


@pytest.fixture(scope="session")
async def booking_database(postgres_url: str) -> AsyncIterator[ServiceDatabase]:
    """One database for all tests of booking: each has a centre of its own in it, as centres have in life."""
    async with service_database(postgres_url, "booking", "booking") as database:
        yield database


@pytest.fixture
async def centre(booking_database: ServiceDatabase) -> Centre:
    """An open centre in Laval, with nobody in it yet."""
    return await Centre(booking_database.database).open()
