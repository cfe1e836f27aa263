"""Fixtures for every test: real PostgreSQL and Kafka, a database of its own for each test that asks."""

from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.databases import ServiceDatabase, service_database
from tests.support.servers import kafka_server, postgres_server, source

# The same examples each time, however slow the machine: a verdict that luck gives would be nobody's to mend.
settings.register_profile("house", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_report_header() -> str:
    where = source()
    return f"servers: {where.kind} ({where.why})"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A superuser's address of a real PostgreSQL."""
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def kafka_bootstrap() -> Iterator[str]:
    """The address of a real Kafka broker."""
    with kafka_server() as bootstrap:
        yield bootstrap


@pytest.fixture
async def floor_database(postgres_url: str) -> AsyncIterator[ServiceDatabase]:
    """A database with the floor's own tables and those of the tests' toy service."""
    async with service_database(postgres_url, "toy", "tests.support.toy") as database:
        yield database


@pytest.fixture
async def registry_database(postgres_url: str) -> AsyncIterator[ServiceDatabase]:
    async with service_database(postgres_url, "registry", "registry") as database:
        yield database


@pytest.fixture
async def booking_database(postgres_url: str) -> AsyncIterator[ServiceDatabase]:
    async with service_database(postgres_url, "booking", "booking") as database:
        yield database


@pytest.fixture
async def notifications_database(postgres_url: str) -> AsyncIterator[ServiceDatabase]:
    async with service_database(postgres_url, "notifications", "notifications") as database:
        yield database


@pytest.fixture
async def reporting_database(postgres_url: str) -> AsyncIterator[ServiceDatabase]:
    async with service_database(postgres_url, "reporting", "reporting") as database:
        yield database
