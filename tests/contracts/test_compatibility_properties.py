"""What the check lets through is really compatible, judged by an independent JSON Schema validator, both ways."""

from collections.abc import Callable
from typing import Any

import jsonschema_rs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smp.contracts.compatibility import incompatibilities

Schema = dict[str, Any]

NAMES = st.sampled_from(["a", "b", "c", "d"])
CODES = ["u", "v", "w", "x"]
SMALL = st.integers(0, 6)
BOUNDS = {"string": ("minLength", "maxLength"), "integer": ("minimum", "maximum"), "array": ("minItems", "maxItems")}


@st.composite
def leaves(draw: st.DrawFn) -> Schema:
    kind = draw(st.sampled_from(["string", "integer", "boolean", "enum", "open"]))
    if kind == "enum":
        values = draw(st.lists(st.sampled_from(CODES), min_size=1, unique=True))
        return {"type": "string", "const": values[0]} if len(values) == 1 else {"type": "string", "enum": values}
    if kind == "open":
        return {"type": "string", "x-known-values": draw(st.lists(st.sampled_from(CODES), unique=True))}
    bounds = BOUNDS.get(kind, ())
    schema: Schema = {"type": kind}
    if bounds and draw(st.booleans()):
        low, high = sorted((draw(SMALL), draw(SMALL)))
        chosen = draw(st.sets(st.sampled_from(bounds)))
        schema |= {name: value for name, value in zip(bounds, (low, high), strict=True) if name in chosen}
    return schema


def wrapped(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    sizes: st.SearchStrategy[Schema] = st.sampled_from([{}, {"minItems": 1}, {"maxItems": 2}])
    lists = st.tuples(inner, sizes).map(lambda drawn: {"type": "array", "items": drawn[0], **drawn[1]})
    nullable = inner.filter(lambda schema: "anyOf" not in schema).map(
        lambda schema: {"anyOf": [schema, {"type": "null"}]}
    )
    return st.one_of(lists, nullable, objects(inner))


def objects(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    @st.composite
    def draw_object(draw: st.DrawFn) -> Schema:
        fields = draw(st.dictionaries(NAMES, inner, max_size=3))
        required = [name for name in fields if draw(st.booleans())]
        return {"type": "object", "properties": fields, "required": required}

    return draw_object()


nodes = st.recursive(leaves(), wrapped, max_leaves=5)
payload_schemas = objects(nodes)


@st.composite
def changed(draw: st.DrawFn, schema: Schema) -> Schema:
    """The schema with one change somewhere, allowed or not."""
    if "anyOf" in schema:
        value, null = schema["anyOf"]
        return draw(st.sampled_from([value, {"anyOf": [null, draw(changed(value))]}]))
    if draw(st.integers(0, 5)) == 0:
        return draw(st.one_of(nodes, st.just({"anyOf": [{"type": "null"}, schema]})))
    if "const" in schema or "enum" in schema:
        values = st.lists(st.sampled_from(CODES), min_size=1, unique=True)
        return draw(st.sampled_from([{"type": "string"}, {"type": "string", "enum": draw(values)}]))
    if "x-known-values" in schema:
        return {**schema, "x-known-values": CODES}
    if schema["type"] == "object":
        return draw(changed_object(schema))
    if schema["type"] == "array" and draw(st.booleans()):
        return {**schema, "items": draw(changed(schema["items"]))}
    if schema["type"] in BOUNDS:
        return {**schema, draw(st.sampled_from(BOUNDS[schema["type"]])): draw(SMALL)}
    return schema


@st.composite
def changed_object(draw: st.DrawFn, schema: Schema) -> Schema:
    fields, required = schema["properties"], schema["required"]
    if not fields or draw(st.integers(0, 4)) == 0:
        return {
            **schema,
            "properties": {**fields, "new": draw(nodes)},
            "required": draw(st.sampled_from([required, [*required, "new"]])),
        }
    name = draw(st.sampled_from(sorted(fields)))
    others = [each for each in required if each != name]
    change = draw(st.sampled_from(["inside", "inside", "inside", "optional", "required", "removed"]))
    if change == "inside":
        return {**schema, "properties": {**fields, name: draw(changed(fields[name]))}}
    if change == "removed":
        return {**schema, "properties": {each: fields[each] for each in fields if each != name}, "required": others}
    return {**schema, "required": others if change == "optional" else [*others, name]}


@st.composite
def payloads(draw: st.DrawFn, schema: Schema) -> Any:
    """A payload that a publisher of this schema could write."""
    if "anyOf" in schema:
        return draw(payloads(draw(st.sampled_from(schema["anyOf"]))))
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return draw(st.sampled_from(schema["enum"]))
    return draw(_of_type(schema))


def _of_type(schema: Schema) -> st.SearchStrategy[Any]:
    strategies: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
        "null": lambda: st.none(),
        "boolean": lambda: st.booleans(),
        "integer": lambda: st.integers(schema.get("minimum", -9), schema.get("maximum", 9)),
        "string": lambda: st.text("uvwxyz", min_size=schema.get("minLength", 0), max_size=schema.get("maxLength", 9)),
        "array": lambda: st.lists(
            payloads(schema["items"]), min_size=schema.get("minItems", 0), max_size=schema.get("maxItems", 3)
        ),
        "object": lambda: st.fixed_dictionaries(
            {name: payloads(field) for name, field in schema["properties"].items() if name in schema["required"]},
            optional={
                name: payloads(field) for name, field in schema["properties"].items() if name not in schema["required"]
            },
        ),
    }
    return strategies[schema["type"]]()


def satisfiable(schema: Schema) -> bool:
    pairs = [("minLength", "maxLength", 9), ("minItems", "maxItems", 3)]
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", [])]
    inner += [schema["items"]] if "items" in schema else []
    return (
        all(schema.get(low, 0) <= schema.get(high, most) for low, high, most in pairs)
        and schema.get("minimum", -9) <= schema.get("maximum", 9)
        and all(map(satisfiable, inner))
    )


CALM = settings(max_examples=200, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])


@CALM
@given(st.data())
def test_what_passes_accepts_old_payloads_and_writes_what_old_consumers_accept(data: st.DataObject) -> None:
    old = data.draw(payload_schemas)
    new = data.draw(changed_object(old).filter(satisfiable))
    if incompatibilities(old, new):
        return
    for _ in range(4):
        assert jsonschema_rs.is_valid(new, data.draw(payloads(old)))
        assert jsonschema_rs.is_valid(old, data.draw(payloads(new)))


@CALM
@given(payload_schemas, st.data())
def test_any_optional_field_may_be_added(old: Schema, data: st.DataObject) -> None:
    new = {**old, "properties": {**old["properties"], "new": data.draw(nodes)}}
    assert incompatibilities(old, new) == []


@CALM
@given(payload_schemas)
def test_any_schema_may_replace_itself(schema: Schema) -> None:
    assert incompatibilities(schema, schema) == []
