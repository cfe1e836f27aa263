"""One platform for all flows: it is started once, tests take days and patients of their own."""

from collections.abc import AsyncIterator

import pytest

from tests.flows.house import House, running_house


@pytest.fixture(scope="session")
async def house() -> AsyncIterator[House]:
    async with running_house() as started:
        yield started
