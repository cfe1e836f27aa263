"""From a payload class to its JSON Schema."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from smp.contracts.base import EventData
from smp.contracts.compatibility import Schema


class Plain(GenerateJsonSchema):
    """Without the titles that repeat each field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # pydantic's signature
        return False


def schema_of(event: type[EventData]) -> Schema:
    """The JSON Schema (2020-12) of a payload, as consumers read it."""
    generated = event.model_json_schema(schema_generator=Plain, mode="validation")
    return {
        "$schema": Plain.schema_dialect,
        "$id": event.ce_dataschema(),
        "x-ce-type": event.ce_type(),
        "x-topic": event.topic.name,
        **generated,
        "title": event.event_name(),
    }
