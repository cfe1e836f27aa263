"""The catalogue as one AsyncAPI 3.0 document: channels, messages with examples, who sends what, and the headers."""

import json
from typing import Any

from pydantic.json_schema import models_json_schema

from smp.contracts.base import EventData, Topic
from smp.contracts.catalogue import CATALOGUE, TOPICS
from smp.contracts.compatibility import Schema
from smp.contracts.envelope import CONTENT_TYPE, to_headers
from smp.contracts.examples import EXAMPLES
from smp.contracts.json_schema import Plain
from smp.contracts.territories import TERRITORIES

TITLE = "SMP platform: events"
DESCRIPTION = (
    "Events between the services of the proximity medical centres. CloudEvents 1.0, Kafka binary content mode. "
    "The record key is the aggregate's id, so each aggregate is in order; different aggregates promise no order. "
    "Delivery is at least once: keep the ids you have handled. Ignore fields, codes and types that you do not know."
)

_UUID = {"type": "string", "format": "uuid"}
HEADERS: Schema = {
    "type": "object",
    "description": "CloudEvents attributes and extensions, each a Kafka header in UTF-8.",
    "properties": {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": {**_UUID, "description": "The event's id (UUIDv7): the same at each delivery."},
        "ce_type": {"type": "string", "description": "fr.smp.<service>.<Event>.v<N>"},
        "ce_source": {"type": "string", "description": "The publishing service, as in /smp/booking."},
        "ce_subject": {**_UUID, "description": "The aggregate's id: also the record key."},
        "ce_time": {"type": "string", "format": "date-time", "description": "When it happened, UTC."},
        "ce_dataschema": {"type": "string", "description": "The $id of the payload's JSON Schema."},
        "ce_partitionkey": {**_UUID, "description": "CloudEvents partitioning extension: the record key."},
        "ce_territory": {"type": "string", "enum": sorted(TERRITORIES), "description": "Département code."},
        "ce_sequence": {
            "type": "string",
            "pattern": "^[1-9][0-9]{0,17}$",
            "description": "1, 2, 3… for each event of the aggregate: a gap or a stale number can be seen.",
        },
        "ce_site": {**_UUID, "description": "The site concerned, when there is one."},
        "ce_traceparent": {"type": "string", "description": "W3C Trace Context."},
        "content-type": {"type": "string", "const": CONTENT_TYPE},
    },
    "required": [
        "ce_specversion",
        "ce_id",
        "ce_type",
        "ce_source",
        "ce_subject",
        "ce_time",
        "ce_dataschema",
        "ce_partitionkey",
        "ce_territory",
        "ce_sequence",
        "content-type",
    ],
}


def asyncapi() -> Schema:
    """The AsyncAPI document of the whole catalogue, the same at each call."""
    _, payloads = models_json_schema(
        [(event, "validation") for event in CATALOGUE],
        ref_template="#/components/schemas/{model}",
        schema_generator=Plain,
    )
    return {
        "asyncapi": "3.0.0",
        "info": {"title": TITLE, "version": "1.0.0", "description": DESCRIPTION},
        "defaultContentType": CONTENT_TYPE,
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": {_operation_name(topic): _operation(topic) for topic in TOPICS},
        "components": {
            "messages": {event.contract(): _message(event) for event in CATALOGUE},
            "schemas": {"CloudEventHeaders": HEADERS, **payloads["$defs"]},
        },
    }


def _events(topic: Topic) -> list[type[EventData]]:
    return [event for event in CATALOGUE if event.topic == topic]


def _channel(topic: Topic) -> Schema:
    return {
        "address": topic.name,
        "description": topic.about,
        "messages": {event.contract(): _ref("components", "messages", event.contract()) for event in _events(topic)},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": int(topic.config["retention.ms"])},
                "bindingVersion": "0.5.0",
            }
        },
    }


def _operation_name(topic: Topic) -> str:
    return f"{topic.service}.publishes.{topic.name.rpartition('.')[2]}"


def _operation(topic: Topic) -> Schema:
    return {
        "action": "send",
        "summary": f"{topic.service} publishes, keyed by {topic.key}",
        "channel": _ref("channels", topic.name),
        "messages": [_ref("channels", topic.name, "messages", event.contract()) for event in _events(topic)],
    }


def _message(event: type[EventData]) -> Schema:
    example = EXAMPLES[event]
    return {
        "name": event.ce_type(),
        "title": event.event_name(),
        "summary": _first_line(event),
        "contentType": CONTENT_TYPE,
        "headers": {
            "allOf": [
                _ref("components", "schemas", "CloudEventHeaders"),
                {"type": "object", "properties": {"ce_type": {"const": event.ce_type()}}},
            ]
        },
        "payload": _ref("components", "schemas", event.__name__),
        "bindings": {"kafka": {"key": _UUID, "bindingVersion": "0.5.0"}},
        "examples": [
            {
                "name": event.event_name(),
                "headers": {name: value.decode() for name, value in to_headers(example)},
                "payload": json.loads(example.data.model_dump_json()),
            }
        ],
    }


def _first_line(event: type[EventData]) -> str:
    return (event.__doc__ or "").strip().partition("\n")[0]


def _ref(*path: str) -> dict[str, Any]:
    return {"$ref": "#/" + "/".join(path)}
