"""Ids that answers told of, put into later requests: what OpenAPI calls links, found by name."""

import random
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

# A field that wants what another field names.
ALIASES = {"hold": "appointment", "home_site": "site", "supervisor": "professional", "intern": "professional"}
KEPT = 60  # of each name: the latest
REAL = 0.9  # of the fields whose name is known get an id that exists


class Links:
    """A pool for each name; the same seed and answers draw the same ids."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(f"links/{seed}")
        self._pools: defaultdict[str, deque[str]] = defaultdict(lambda: deque(maxlen=KEPT))
        self._slots: deque[tuple[str, str]] = deque(maxlen=KEPT)

    def learn(self, told: Any) -> None:
        """Remember every id of an answer, and each place where one can be put."""
        for name, value in _fields(told):
            if isinstance(value, dict) and {"session", "start"} <= value.keys():
                self._slots.append((str(value["session"]), str(value["start"])))
            if isinstance(value, str) and _is_id(value):
                self._pools[name].append(value)

    def real(self, given: Any) -> Any:
        """The same request part with real ids in fields whose name is known, most of the time."""
        if not isinstance(given, Mapping):
            return given
        changed = {name: self._real(name, value) for name, value in given.items()}
        if {"session", "start"} <= changed.keys() and self._slots and self._dice.random() < REAL:
            changed["session"], changed["start"] = self._dice.choice(self._slots)
        return changed

    def _real(self, name: str, value: Any) -> Any:
        pool = self._pools.get(ALIASES.get(name, name))
        if not pool or not isinstance(value, str) or self._dice.random() > REAL:
            return self.real(value) if isinstance(value, Mapping) else value
        return self._dice.choice(pool)


def _fields(told: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with the name of its field; items of a list have the name of the list without its s."""
    yield name, told
    if isinstance(told, dict):
        for inner, value in told.items():
            yield from _fields(value, inner)
    elif isinstance(told, list):
        for value in told:
            yield from _fields(value, name.removesuffix("s"))


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
