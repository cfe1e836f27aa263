"""Whatever the OpenAPI document allows, and much that it does not, gets an answer that is no server error."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import GenerationMode

from notifications.__main__ import service
from tests.notifications.test_ovh_over_http import SETTINGS
from tests.notifications.world import World
from tests.support.api import bearer, client_for, command_headers
from tests.support.fuzz import Fuzz, examples

FUZZ = Fuzz(service)


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx2.AsyncClient]:
    await world.patient()
    async with client_for(service, world.db.database, clock=world.clock, **SETTINGS) as client:
        yield client


@FUZZ.every_operation
@examples(8)
@given(data=st.data())
async def test_no_input_is_a_server_error(
    client: httpx2.AsyncClient, label: str, mode: GenerationMode, data: st.DataObject
) -> None:
    await FUZZ.attack(client, label, mode, data, command_headers(bearer("secretary")))
