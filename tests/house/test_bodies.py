"""Bodies take JSON's own types: neither words for truth, nor text for numbers, nor numbers for days."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

import booking.api
import notifications.api
import registry.api
import reporting.api
from smp.bodies import Body


def _bodies() -> list[type[Body]]:
    for package in (booking.api, notifications.api, registry.api, reporting.api):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    return sorted(_below(Body), key=lambda each: f"{each.__module__}.{each.__name__}")


def _below(body: type[Body]) -> set[type[Body]]:
    return {each for child in body.__subclasses__() for each in ({child} | _below(child))}


def _wrong(schema: dict[str, Any]) -> Iterator[Any]:
    """Values of another JSON type that a lenient reader would take."""
    for branch in schema.get("anyOf", ()):
        yield from _wrong(branch)
    match schema.get("type"):
        case "boolean":
            yield from ("true", "off", 1, 0.0)
        case "integer":
            yield from ("20", True)
        case "number":
            yield from ("20", True)
        case "string" if schema.get("format") in ("date", "date-time", "time") or "[0-5][0-9]" in schema.get(
            "pattern", ""
        ):
            yield from (0, 1798761600, "1798761600", 3600.5)
        case "array":
            yield from ([wrong] for wrong in _wrong(schema["items"]))
        case "object":
            yield from ({"name": wrong} for wrong in _wrong(schema.get("additionalProperties") or {}))


FIELDS = [
    pytest.param(field.rebuild_annotation(), wrong, id=f"{body.__module__}.{body.__name__}.{name}-{wrong}")
    for body in _bodies()
    for name, field in body.model_fields.items()
    for wrong in _wrong(TypeAdapter(field.rebuild_annotation()).json_schema())
]


@pytest.mark.parametrize(("annotation", "wrong"), FIELDS)
def test_a_value_of_another_type_is_refused(annotation: Any, wrong: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(annotation).validate_python(wrong)


def test_there_are_fields_to_look_at() -> None:
    assert len(FIELDS) > 100
