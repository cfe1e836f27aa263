"""Requests drawn from an OpenAPI document, and the one promise every answer keeps: no server error, clear refusals."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core import NotSet

from smp.http import application
from smp.service import Service

_NO_RUNTIME: Any = object()  # the document needs none


class Fuzz:
    """The operations of one service's document."""

    def __init__(self, service: Service) -> None:
        self._document = _without_headers(application(_NO_RUNTIME, service.name, service.routers).openapi())
        schema: Any = schemathesis.openapi.from_dict(self._document)
        self.operations: dict[str, Any] = {found.ok().label: found.ok() for found in schema.get_all_operations()}

    def example(self, label: str) -> dict[str, Any]:
        """The documented body of an operation; empty without one."""
        method, path = label.split()
        content = self._document["paths"][path][method.lower()].get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        schema = next((each for each in schema.get("anyOf", ()) if "$ref" in each), schema)
        named = self._document["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], {})
        return dict(next(iter(named.get("examples", ())), {}))

    def every_operation(self, test: Callable[..., Any]) -> Callable[..., Any]:
        """Run a test for each operation (`label`) with data that fits the document and data that does not (`mode`)."""
        by_mode = pytest.mark.parametrize("mode", list(GenerationMode))
        by_label = pytest.mark.parametrize("label", list(self.operations))
        marked: Callable[..., Any] = by_mode(by_label(test))
        return marked

    async def attack(
        self,
        client: httpx2.AsyncClient,
        label: str,
        mode: GenerationMode,
        data: st.DataObject,
        headers: Mapping[str, str],
        *,
        made_real: Callable[[Any], Any] = lambda body: body,
    ) -> None:
        """One request, and its judgement; `made_real` may put ids that exist into the body."""
        case = data.draw(self.operations[label].as_strategy(generation_mode=mode))
        answer = await client.request(
            case.method,
            case.formatted_path,
            params=case.query,
            headers={**headers, "Content-Type": "application/json"},
            content=_content(made_real(case.body)),
        )
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400:
            assert answer.json()["type"].startswith("urn:smp:problem:")


def _without_headers(document: dict[str, Any]) -> dict[str, Any]:
    """Headers are set by the attack itself: drawn ones would cost half of the time and be thrown away."""
    for path in document["paths"].values():
        for operation in path.values():
            operation["parameters"] = [each for each in operation.get("parameters", []) if each["in"] != "header"]
    return document


def examples(count: int) -> settings:
    """So many requests an operation and mode, without the search for a smaller one."""
    return settings(
        max_examples=count,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )


def _content(body: Any) -> bytes | None:
    if isinstance(body, NotSet):
        return None
    return body if isinstance(body, bytes) else json.dumps(body, default=str).encode()
