"""May this version of a schema replace the released one? Full compatibility, or a sentence that says why not.

Full means both ways: payloads already published are valid under the new schema (a late consumer replays them), and
payloads of the new schema are valid under the old one (a plug-in that we do not control reads them). So an optional
field may be added, an open list of codes may grow, words may change; nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from smp.contracts.base import KNOWN_VALUES

Schema = dict[str, Any]

OLD_PAYLOADS = "payloads already published would be refused"
OLD_READERS = "consumers already running would refuse the new payloads"

# For each constraint: does a higher value refuse more? None when two values cannot be ranked.
_CONSTRAINTS: dict[str, bool | None] = {
    "minimum": True,
    "exclusiveMinimum": True,
    "minLength": True,
    "minItems": True,
    "uniqueItems": True,
    "maximum": False,
    "exclusiveMaximum": False,
    "maxLength": False,
    "maxItems": False,
    "multipleOf": None,
    "pattern": None,
    "format": None,
    "contentEncoding": None,
}
_IDENTITY = ("$id", "$schema", "x-topic", "x-ce-type")
_STRUCTURE = ("type", "properties", "required", "items", "anyOf", "enum", "const", "additionalProperties", "default")
_OF_A_VALUE = frozenset((*_CONSTRAINTS, "properties", "required", "items", "enum", "const", "additionalProperties"))
_WORDS = ("title", "description", "examples", "$defs", "$ref")
_JUDGED = frozenset((*_CONSTRAINTS, *_IDENTITY, *_STRUCTURE, *_WORDS, KNOWN_VALUES))


@dataclass(frozen=True, slots=True)
class View:
    """A schema inside its document, references followed."""

    root: Schema
    node: Schema

    @classmethod
    def of(cls, root: Schema, node: Schema) -> View:
        target = node.get("$ref")
        if target is None:
            return cls(root, node)
        definition = root["$defs"][target.removeprefix("#/$defs/")]
        local = {key: value for key, value in node.items() if key != "$ref"}
        return cls.of(root, {**definition, **local} if local else definition)

    def at(self, node: Schema) -> View:
        return View.of(self.root, node)

    @property
    def alternatives(self) -> list[View]:
        """The schemas of a union, each with the constraints that the union sets for all; or the schema itself."""
        if "anyOf" not in self.node:
            return [self]
        shared = {key: value for key, value in self.node.items() if key in _OF_A_VALUE}
        return [self.at({**node, **shared} if shared else node) for node in self.node["anyOf"]]

    @property
    def types(self) -> list[str]:
        return sorted(str(each.node.get("type", "anything")) for each in self.alternatives)

    @property
    def fields(self) -> Schema:
        fields: Schema = self.node.get("properties", {})
        return fields

    @property
    def required(self) -> frozenset[str]:
        return frozenset(self.node.get("required", ()))

    @property
    def values(self) -> list[Any] | None:
        """The closed list of values, or None when there is none."""
        if "const" in self.node:
            return [self.node["const"]]
        return self.node.get("enum")


@dataclass(frozen=True, slots=True)
class Pair:
    """The released schema of one place in the payload, and the one that would replace it."""

    old: View
    new: View
    path: str = ""

    @property
    def place(self) -> str:
        return f'field "{self.path}"' if self.path else "the payload"

    def field(self, name: str) -> str:
        return f'field "{self.path}.{name}"' if self.path else f'field "{name}"'

    def both(self, name: str) -> Pair:
        path = f"{self.path}.{name}" if self.path else name
        return Pair(self.old.at(self.old.fields[name]), self.new.at(self.new.fields[name]), path)


Rule = Callable[[Pair], Iterator[str]]


def identity_kept(pair: Pair) -> Iterator[str]:
    """A consumer finds the event by its topic and type."""
    for name in _IDENTITY:
        if pair.old.node.get(name) != pair.new.node.get(name):
            yield f"{name} was changed; consumers would no longer find the event."


def keywords_understood(pair: Pair) -> Iterator[str]:
    """What this module cannot judge is refused rather than let through."""
    for name in (pair.old.node | pair.new.node).keys() - _JUDGED:
        if pair.old.node.get(name) != pair.new.node.get(name):
            yield f'{pair.place} uses "{name}", whose compatibility cannot be judged.'


def type_kept(pair: Pair) -> Iterator[str]:
    old, new = pair.old.types, pair.new.types
    if old == new:
        return
    if sorted([*old, "null"]) == new:
        yield f"{pair.place} may now be null; {OLD_READERS}."
    elif sorted([*new, "null"]) == old:
        yield f"{pair.place} may no longer be null; {OLD_PAYLOADS}."
    else:
        yield f"{pair.place} changed type from {' or '.join(old)} to {' or '.join(new)}; consumers could not read it."


def default_kept(pair: Pair) -> Iterator[str]:
    if pair.path and pair.old.node.get("default") != pair.new.node.get("default"):
        yield f"the default of {pair.place} was changed; payloads without it would change their meaning."


def no_field_removed(pair: Pair) -> Iterator[str]:
    for name in pair.old.fields:
        if name not in pair.new.fields:
            yield f"{pair.field(name)} was removed; consumers that read it would break."


def no_field_required(pair: Pair) -> Iterator[str]:
    for name in sorted(pair.new.required - pair.old.required):
        change = "became required" if name in pair.old.fields else "was added as required"
        yield f"{pair.field(name)} {change}; {OLD_PAYLOADS}."


def no_field_optional(pair: Pair) -> Iterator[str]:
    for name in sorted(pair.old.required - pair.new.required):
        if name in pair.new.fields:
            yield f"{pair.field(name)} became optional; consumers that rely on it would break."


def values_kept(pair: Pair) -> Iterator[str]:
    """A closed list neither narrows nor widens."""
    old, new = pair.old.values, pair.new.values
    if old is None and new is None:
        return
    if old is None:
        yield f"{pair.place} became a closed list of values; {OLD_PAYLOADS}."
        return
    if new is None:
        yield f"{pair.place} is no longer a closed list of values; {OLD_READERS}."
        return
    for value in old:
        if value not in new:
            yield f'value "{value}" of {pair.place} was removed; {OLD_PAYLOADS}.'
    for value in new:
        if value not in old:
            yield f'value "{value}" of {pair.place} was added to a closed list; {OLD_READERS}.'


def known_values_kept(pair: Pair) -> Iterator[str]:
    """An open list may grow, since readers accept any code; a code once published keeps its meaning."""
    old, new = pair.old.node.get(KNOWN_VALUES), pair.new.node.get(KNOWN_VALUES)
    for value in old or ():
        if value not in (new or ()):
            yield f'value "{value}" of {pair.place} was removed; it stays in events already published.'


def constraints_kept(pair: Pair) -> Iterator[str]:
    for name, higher_refuses_more in _CONSTRAINTS.items():
        old, new = pair.old.node.get(name), pair.new.node.get(name)
        if old == new:
            continue
        change = f'constraint "{name}" of {pair.place} went from {_shown(old)} to {_shown(new)}'
        yield f"{change}; {_consequence(old, new, higher_refuses_more)}."


def openness_kept(pair: Pair) -> Iterator[str]:
    """Unknown fields stay welcome, or no field could ever be added."""
    if pair.old.node.get("additionalProperties", True) != pair.new.node.get("additionalProperties", True):
        yield f"{pair.place} treats unknown fields differently; consumers must ignore what they do not know."


OF_A_PLACE: tuple[Rule, ...] = (keywords_understood, type_kept, default_kept)
OF_AN_ALTERNATIVE: tuple[Rule, ...] = (
    keywords_understood,
    no_field_removed,
    no_field_required,
    no_field_optional,
    values_kept,
    known_values_kept,
    constraints_kept,
    openness_kept,
)


def incompatibilities(old: Schema, new: Schema) -> list[str]:
    """Why `new` may not replace the released `old`: one sentence each, none when it may."""
    pair = Pair(View.of(old, old), View.of(new, new))
    return list(dict.fromkeys([*identity_kept(pair), *_compare(pair, frozenset())]))


def _compare(pair: Pair, above: frozenset[tuple[int, int]]) -> Iterator[str]:
    here = (id(pair.old.node), id(pair.new.node))
    if here in above:
        return
    for rule in OF_A_PLACE:
        yield from rule(pair)
    for alternative in _matched(pair):
        for rule in OF_AN_ALTERNATIVE:
            yield from rule(alternative)
        for inner in _inside(alternative):
            yield from _compare(inner, above | {here})


def _matched(pair: Pair) -> Iterator[Pair]:
    """Alternatives of the same type, in their order; `type_kept` speaks of those left alone."""
    left = pair.new.alternatives
    for old in pair.old.alternatives:
        new = next((each for each in left if each.node.get("type") == old.node.get("type")), None)
        if new is not None:
            left.remove(new)
            yield Pair(old, new, pair.path)


def _inside(pair: Pair) -> Iterator[Pair]:
    for name in pair.old.fields:
        if name in pair.new.fields:
            yield pair.both(name)
    if "items" in pair.old.node or "items" in pair.new.node:
        old, new = pair.old.node.get("items", {}), pair.new.node.get("items", {})
        yield Pair(pair.old.at(old), pair.new.at(new), f"{pair.path}[]")


def _shown(value: object) -> str:
    return "none" if value is None else str(value)


def _consequence(old: Any, new: Any, higher_refuses_more: bool | None) -> str:
    if old is None:
        return OLD_PAYLOADS
    if new is None:
        return OLD_READERS
    if higher_refuses_more is None:
        return "old and new payloads would be judged differently"
    return OLD_PAYLOADS if (new > old) == higher_refuses_more else OLD_READERS
