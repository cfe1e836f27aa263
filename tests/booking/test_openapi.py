"""Whatever the OpenAPI document allows, and much that it does not, gets an answer that is no server error."""

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core import NotSet

from booking.__main__ import service
from smp.http import application
from tests.booking.desk import Desk
from tests.support.api import bearer, command_headers

_NO_RUNTIME: Any = object()  # the document needs none
_SCHEMA = schemathesis.openapi.from_dict(application(_NO_RUNTIME, "booking", service.routers).openapi())


def _operations() -> list[Any]:
    return list(_SCHEMA.get_all_operations())


_OPERATIONS: dict[str, Any] = {found.ok().label: found.ok() for found in _operations()}


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("label", _OPERATIONS)
@settings(
    max_examples=4, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None
)
@given(data=st.data())
async def test_no_input_is_a_server_error(desk: Desk, label: str, mode: GenerationMode, data: st.DataObject) -> None:
    case = data.draw(_OPERATIONS[label].as_strategy(generation_mode=mode))
    body = _made_real(case.body, desk)
    headers = {**command_headers(bearer("coordinator")), "Content-Type": "application/json"}
    answer = await desk.client.request(
        case.method, case.formatted_path, params=case.query, headers=headers, content=_content(body)
    )
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.json()["type"].startswith("urn:smp:problem:")


def _made_real(body: Any, desk: Desk) -> Any:
    """The same body at a site that exists, so that the input is read beyond its first line."""
    if isinstance(body, dict) and isinstance(body.get("site"), str):
        return {**body, "site": str(desk.centre.site)}
    return body


def _content(body: Any) -> bytes | None:
    if isinstance(body, NotSet):
        return None
    return body if isinstance(body, bytes) else json.dumps(body, default=str).encode()
