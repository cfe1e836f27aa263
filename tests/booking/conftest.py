"""A centre to test with."""

from collections.abc import AsyncIterator, Iterator

import pytest

from booking.__main__ import service
from tests.booking.desk import Desk
from tests.booking.impact import Morning, a_morning
from tests.booking.machine import World, world_at
from tests.booking.world import NOW, Centre
from tests.support.api import FixedClock, client_for
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


@pytest.fixture
async def morning(centre: Centre) -> Morning:
    """A doctor of that centre whom three patients expect on the Monday, from nine on."""
    return await a_morning(centre)


@pytest.fixture
async def desk(centre: Centre) -> AsyncIterator[Desk]:
    """The API of booking, its clock standing a week before the Monday of the tests; no wait for unknown newcomers."""
    clock = FixedClock(NOW)
    async with client_for(service, centre.database, clock=clock, patient_wait_seconds=0) as client:
        yield Desk(centre, client, clock)


@pytest.fixture
def world(postgres_url: str) -> Iterator[World]:
    """For state machines: a database of its own and its API, a week before the Monday of the tests."""
    with world_at(postgres_url, NOW) as world:
        yield world
