"""Whatever the OpenAPI document allows, and much that it does not, gets an answer that is no server error."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from reporting.__main__ import SERVICE
from smp.http import application
from tests.support.api import bearer, client_for
from tests.support.databases import ServiceDatabase

_NO_RUNTIME: Any = object()  # the document needs none
_SCHEMA: Any = schemathesis.openapi.from_dict(application(_NO_RUNTIME, "reporting", SERVICE.routers).openapi())
_OPERATIONS: dict[str, Any] = {found.ok().label: found.ok() for found in _SCHEMA.get_all_operations()}


@pytest.fixture
async def client(reporting_database: ServiceDatabase) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_for(SERVICE, reporting_database.database) as client:
        yield client


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("label", _OPERATIONS)
@settings(
    max_examples=25, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None
)
@given(data=st.data())
async def test_no_input_is_a_server_error(
    client: httpx2.AsyncClient, label: str, mode: GenerationMode, data: st.DataObject
) -> None:
    case = data.draw(_OPERATIONS[label].as_strategy(generation_mode=mode))
    answer = await client.request(case.method, case.formatted_path, params=case.query, headers=bearer("coordinator"))
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.json()["type"].startswith("urn:smp:problem:")
