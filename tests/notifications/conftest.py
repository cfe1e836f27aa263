"""Fixtures of notifications: a world on a real database, with a provider in memory."""

import pytest

from tests.notifications.world import Carrier, World
from tests.support.databases import ServiceDatabase


@pytest.fixture
def carrier() -> Carrier:
    return Carrier()


@pytest.fixture
def world(notifications_database: ServiceDatabase, carrier: Carrier) -> World:
    return World(notifications_database, carrier)
