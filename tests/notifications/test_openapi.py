"""Whatever the OpenAPI document allows, and much that it does not, gets an answer that is no server error."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core import NotSet

from notifications.__main__ import service
from smp.http import application
from tests.notifications.test_ovh_over_http import SETTINGS
from tests.notifications.world import World
from tests.support.api import bearer, client_for, command_headers

_NO_RUNTIME: Any = object()  # the document needs none
_SCHEMA: Any = schemathesis.openapi.from_dict(application(_NO_RUNTIME, "notifications", service.routers).openapi())
_OPERATIONS: dict[str, Any] = {found.ok().label: found.ok() for found in _SCHEMA.get_all_operations()}


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx2.AsyncClient]:
    await world.patient()
    async with client_for(service, world.db.database, clock=world.clock, **SETTINGS) as client:
        yield client


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("label", _OPERATIONS)
@settings(
    max_examples=8, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None
)
@given(data=st.data())
async def test_no_input_is_a_server_error(
    client: httpx2.AsyncClient, label: str, mode: GenerationMode, data: st.DataObject
) -> None:
    case = data.draw(_OPERATIONS[label].as_strategy(generation_mode=mode))
    headers = {**command_headers(bearer("secretary")), "Content-Type": "application/json"}
    content = None if isinstance(case.body, NotSet) else json.dumps(case.body, default=str).encode()
    answer = await client.request(case.method, case.formatted_path, params=case.query, headers=headers, content=content)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.json()["type"].startswith("urn:smp:problem:")
