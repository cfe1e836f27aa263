"""Ids that answers told of, put into later requests: what OpenAPI calls links, found by name. Days and hours likewise:
drawn ones lie anywhere between the years 1 and 9999, where no centre has a session."""

import random
from collections import defaultdict, deque
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from booking.domain.impact import ChangeKind
from tests.booking.world import MONDAY, monday

# A field that wants what another field names.
ALIASES = {
    "home_site": "site", "other": "site", "supervisor": "professional", "intern": "professional",
    "before": "appointment", "replaces": "appointment", "first": "entry", "second": "entry",
}  # fmt: skip
KINDS = ("consultation", "consultation", "minor_emergency", "social")
CHANGES = frozenset(ChangeKind)  # what impacts call a kind
PAIRS = (("start", "end"), ("from", "to"), ("day", "last_day"), ("valid_from", "valid_until"))
KEPT = 60  # of each name: the latest
REAL = 0.9  # of the fields that could be real are

DAYS = [MONDAY + timedelta(days=days) for days in (-7, -1, 0, 0, 0, 1, 7, 21)]
INSTANTS = [monday("08:00") + timedelta(minutes=20 * n) for n in range(36)]
TIMES = [time(8 + n // 3, n % 3 * 20) for n in range(36)]


class Links:
    """A pool for each name; the same dice and answers draw the same ids."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self.forget()

    def forget(self) -> None:
        """Another world begins, of which nothing is known."""
        self._pools: defaultdict[str, deque[str]] = defaultdict(lambda: deque(maxlen=KEPT))
        self._slots: deque[tuple[str, str]] = deque(maxlen=KEPT)

    def learn(self, told: Any, noun: str = "") -> None:
        """Remember every id of an answer, and each place where one can be put; `noun` is what the route is about."""
        for name, value in _fields(told, noun):
            if isinstance(value, dict) and {"session", "start"} <= value.keys():
                self._slots.append((str(value["session"]), str(value["start"])))
            if isinstance(value, dict) and value.get("state") == "held" and "appointment" in value:
                self._pools["hold"].append(str(value["appointment"]))
            if isinstance(value, str) and _is(UUID, value):
                self._pools[name].append(value)

    def known(self, name: str) -> list[UUID]:
        """The latest ids of that name."""
        return [UUID(each) for each in dict.fromkeys(self._pools[name])]

    def real(self, given: Any, name: str = "") -> Any:
        """The same part of a request with real ids, days and hours in it, most of the time."""
        if isinstance(given, dict):
            return self._in_order({key: self.real(value, key) for key, value in given.items()})
        if isinstance(given, list):
            return [self.real(value, name.removesuffix("s")) for value in given]
        if not isinstance(given, str) or self._dice.random() > REAL:
            return given
        if name == "kind" and given not in CHANGES:
            return self._dice.choice(KINDS)
        if pool := self._pools.get(ALIASES.get(name, name)):
            return self._dice.choice(pool) if _is(UUID, given) else given
        if _is(date, given):
            return self._dice.choice(DAYS).isoformat()
        if len(given) > len("2027-01-11") and _is(datetime, given):
            return self._dice.choice(INSTANTS).isoformat()
        return f"{self._dice.choice(TIMES):%H:%M}" if ":" in given and _is(time, given) else given

    def _in_order(self, given: dict[str, Any]) -> dict[str, Any]:
        if {"session", "start"} <= given.keys() and "end" not in given and self._slots and self._dice.random() < REAL:
            session, start = self._dice.choice(self._slots)
            return {**given, "session": session, "start": start}
        for first, last in PAIRS:
            begins, ends = given.get(first), given.get(last)
            if isinstance(begins, str) and isinstance(ends, str) and begins > ends and self._dice.random() < REAL:
                given = {**given, first: ends, last: begins}
        return given


def _fields(told: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every value with the name of its field; items of a list have the name of the list without its s, an `id` has the
    name of what it is in."""
    yield name, told
    if isinstance(told, dict):
        for inner, value in told.items():
            yield from _fields(value, name if inner == "id" else inner)
    elif isinstance(told, list):
        for value in told:
            yield from _fields(value, name.removesuffix("s"))


def _is(kind: type[UUID] | type[date] | type[datetime] | type[time], text: str) -> bool:
    try:
        UUID(text) if kind is UUID else kind.fromisoformat(text)  # type: ignore[union-attr]
    except ValueError:
        return False
    return True
