"""A released contract only grows: each change that would break a consumer is refused with a sentence."""

from copy import deepcopy
from typing import Any

import pytest

from smp.contracts.compatibility import incompatibilities

Change = dict[str, Any]

RELEASED: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "urn:smp:contracts:SlotBooked.v1",
    "x-ce-type": "fr.smp.booking.SlotBooked.v1",
    "x-topic": "smp.booking.appointments",
    "$defs": {
        "Practitioner": {
            "type": "object",
            "properties": {
                "professional": {"type": "string", "format": "uuid"},
                "role": {"type": "string", "x-known-values": ["gp", "intern"]},
            },
            "required": ["professional", "role"],
        }
    },
    "type": "object",
    "properties": {
        "channel": {"type": "string"},
        "mode": {"type": "string", "enum": ["AMB", "VR"]},
        "practitioners": {"type": "array", "items": {"$ref": "#/$defs/Practitioner"}},
        "room": {"anyOf": [{"type": "string", "maxLength": 20}, {"type": "null"}], "default": None},
        "severity": {"type": "integer", "minimum": 1, "maximum": 5},
        "site": {"anyOf": [{"$ref": "#/$defs/Practitioner"}, {"type": "null"}]},
    },
    "required": ["channel", "mode", "practitioners", "severity"],
}


def changed(*path: str, to: Any) -> dict[str, Any]:
    """The released schema with one place set, or removed when `to` is Ellipsis."""
    schema = deepcopy(RELEASED)
    inner: dict[str, Any] = schema
    for name in path[:-1]:
        inner = inner[name]
    if to is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = to
    return schema


FIELDS = "properties"
ROLE = ("$defs", "Practitioner", FIELDS, "role")

ALLOWED = {
    "an optional field is added": changed(FIELDS, "floor", to={"type": "integer"}),
    "an optional field is added to a nested structure": changed(
        "$defs", "Practitioner", FIELDS, "badge", to={"type": "string"}
    ),
    "an open list of codes grows": changed(*ROLE, "x-known-values", to=["gp", "intern", "midwife"]),
    "words change": changed(FIELDS, "channel", "description", to="How the request came."),
    "a definition is renamed": {
        **changed("$defs", to={"Person": RELEASED["$defs"]["Practitioner"]}),
        FIELDS: {
            **RELEASED[FIELDS],
            "practitioners": {"type": "array", "items": {"$ref": "#/$defs/Person"}},
            "site": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/Person"}]},
        },
    },
    "a closed list is written in another order": changed(FIELDS, "mode", "enum", to=["VR", "AMB"]),
}

BREAKS_OLD_PAYLOADS = "payloads already published would be refused."
BREAKS_OLD_READERS = "consumers already running would refuse the new payloads."

REFUSED = {
    "field removed": (
        changed(FIELDS, "room", to=...),
        'field "room" was removed; consumers that read it would break.',
    ),
    "nested field removed": (
        changed("$defs", "Practitioner", to={"type": "object", "properties": {}, "required": []}),
        'field "practitioners[].role" was removed; consumers that read it would break.',
    ),
    "required field added": (
        {**changed(FIELDS, "floor", to={"type": "integer"}), "required": [*RELEASED["required"], "floor"]},
        f'field "floor" was added as required; {BREAKS_OLD_PAYLOADS}',
    ),
    "optional field became required": (
        changed("required", to=[*RELEASED["required"], "room"]),
        f'field "room" became required; {BREAKS_OLD_PAYLOADS}',
    ),
    "required field became optional": (
        changed("required", to=["channel", "mode", "practitioners"]),
        'field "severity" became optional; consumers that rely on it would break.',
    ),
    "nested required field became optional": (
        changed("$defs", "Practitioner", "required", to=["professional"]),
        'field "practitioners[].role" became optional; consumers that rely on it would break.',
    ),
    "type changed": (
        changed(FIELDS, "channel", to={"type": "integer"}),
        'field "channel" changed type from string to integer; consumers could not read it.',
    ),
    "type of list items changed": (
        changed(FIELDS, "practitioners", "items", to={"type": "string"}),
        'field "practitioners[]" changed type from object to string; consumers could not read it.',
    ),
    "type dropped": (
        changed(FIELDS, "channel", to={}),
        'field "channel" changed type from string to anything; consumers could not read it.',
    ),
    "null allowed": (
        changed(FIELDS, "channel", to={"anyOf": [{"type": "string"}, {"type": "null"}]}),
        f'field "channel" may now be null; {BREAKS_OLD_READERS}',
    ),
    "null no longer allowed": (
        changed(FIELDS, "room", to={"type": "string", "maxLength": 20, "default": None}),
        f'field "room" may no longer be null; {BREAKS_OLD_PAYLOADS}',
    ),
    "closed list narrowed": (
        changed(FIELDS, "mode", "enum", to=["AMB"]),
        f'value "VR" of field "mode" was removed; {BREAKS_OLD_PAYLOADS}',
    ),
    "closed list narrowed to a constant": (
        changed(FIELDS, "mode", to={"type": "string", "const": "AMB"}),
        f'value "VR" of field "mode" was removed; {BREAKS_OLD_PAYLOADS}',
    ),
    "closed list widened": (
        changed(FIELDS, "mode", "enum", to=["AMB", "VR", "HH"]),
        f'value "HH" of field "mode" was added to a closed list; {BREAKS_OLD_READERS}',
    ),
    "list closed": (
        changed(FIELDS, "channel", "enum", to=["phone"]),
        f'field "channel" became a closed list of values; {BREAKS_OLD_PAYLOADS}',
    ),
    "list opened": (
        changed(FIELDS, "mode", "enum", to=...),
        f'field "mode" is no longer a closed list of values; {BREAKS_OLD_READERS}',
    ),
    "open list narrowed": (
        changed(*ROLE, "x-known-values", to=["gp"]),
        'value "intern" of field "practitioners[].role" was removed; it stays in events already published.',
    ),
    "constraint tightened": (
        changed(FIELDS, "severity", "maximum", to=4),
        f'constraint "maximum" of field "severity" went from 5 to 4; {BREAKS_OLD_PAYLOADS}',
    ),
    "constraint loosened": (
        changed(FIELDS, "severity", "minimum", to=0),
        f'constraint "minimum" of field "severity" went from 1 to 0; {BREAKS_OLD_READERS}',
    ),
    "constraint added": (
        changed(FIELDS, "channel", "maxLength", to=10),
        f'constraint "maxLength" of field "channel" went from none to 10; {BREAKS_OLD_PAYLOADS}',
    ),
    "constraint of a nullable field dropped": (
        changed(FIELDS, "room", "anyOf", to=[{"type": "null"}, {"type": "string"}]),
        f'constraint "maxLength" of field "room" went from 20 to none; {BREAKS_OLD_READERS}',
    ),
    "constraint set on a whole union": (
        changed(FIELDS, "room", "maxLength", to=10),
        f'constraint "maxLength" of field "room" went from 20 to 10; {BREAKS_OLD_PAYLOADS}',
    ),
    "format changed": (
        changed("$defs", "Practitioner", FIELDS, "professional", "format", to="uri"),
        (
            'constraint "format" of field "practitioners[].professional" went from uuid to uri; '
            "old and new payloads would be judged differently."
        ),
    ),
    "pattern added": (
        changed(FIELDS, "channel", "pattern", to="^[a-z]+$"),
        f'constraint "pattern" of field "channel" went from none to ^[a-z]+$; {BREAKS_OLD_PAYLOADS}',
    ),
    "default changed": (
        changed(FIELDS, "room", "default", to="1"),
        'the default of field "room" was changed; payloads without it would change their meaning.',
    ),
    "unknown fields refused": (
        changed("additionalProperties", to=False),
        "the payload treats unknown fields differently; consumers must ignore what they do not know.",
    ),
    "event moved to another topic": (
        changed("x-topic", to="smp.booking.sessions"),
        "x-topic was changed; consumers would no longer find the event.",
    ),
    "event renamed": (
        changed("x-ce-type", to="fr.smp.booking.Booked.v1"),
        "x-ce-type was changed; consumers would no longer find the event.",
    ),
    "a keyword that nobody judges": (
        changed(FIELDS, "channel", "if", to={"const": "phone"}),
        'field "channel" uses "if", whose compatibility cannot be judged.',
    ),
    "a keyword that nobody judges inside a union": (
        changed(FIELDS, "room", "anyOf", to=[{"type": "string", "maxLength": 20, "not": {}}, {"type": "null"}]),
        'field "room" uses "not", whose compatibility cannot be judged.',
    ),
}


def test_a_schema_may_replace_itself() -> None:
    assert incompatibilities(RELEASED, deepcopy(RELEASED)) == []


@pytest.mark.parametrize("change", ALLOWED)
def test_a_contract_may_grow_when(change: str) -> None:
    assert incompatibilities(RELEASED, ALLOWED[change]) == []


@pytest.mark.parametrize("change", REFUSED)
def test_a_change_is_refused_with_its_sentence(change: str) -> None:
    schema, sentence = REFUSED[change]
    assert sentence in incompatibilities(RELEASED, schema)


@pytest.mark.parametrize("change", REFUSED)
def test_one_change_is_told_once(change: str) -> None:
    told = incompatibilities(RELEASED, REFUSED[change][0])
    assert len(told) == len(set(told))


def test_a_structure_that_contains_itself_is_compared_once() -> None:
    tree = {
        "$defs": {"Node": {"type": "object", "properties": {"children": {"items": {"$ref": "#/$defs/Node"}}}}},
        "$ref": "#/$defs/Node",
    }
    assert incompatibilities(tree, deepcopy(tree)) == []
