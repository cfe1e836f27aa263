"""What was asked and answered, by route: so that one sees whether the attack got anywhere."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_TYPE = re.compile(r"urn:smp:problem:[a-z0-9-]+")


@dataclass
class Tally:
    """`answers` by route and status, `refusals` by route and type of problem."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    refusals: Counter[tuple[str, str]] = field(default_factory=Counter)

    def note(self, label: str, status: int, problem: str | None) -> None:
        self.answers[label, status] += 1
        if problem is not None:
            self.refusals[label, problem] += 1

    def by_route(self, documented: Mapping[str, frozenset[str]]) -> dict[str, dict[str, Any]]:
        """Each route with its figures; `never` are refusals that its document promises and nobody has met."""
        return {
            label: {
                "cases": sum(self._statuses(label).values()),
                **{f"{hundred}xx": self._of(label, hundred) for hundred in (2, 4, 5)},
                "refusals": {p: n for (route, p), n in sorted(self.refusals.items()) if route == label},
                "never": sorted(each for each in types if not self.refusals[label, each]),
            }
            for label, types in documented.items()
        }

    def _statuses(self, label: str) -> dict[int, int]:
        return {status: count for (route, status), count in self.answers.items() if route == label}

    def _of(self, label: str, hundred: int) -> int:
        return sum(count for status, count in self._statuses(label).items() if status // 100 == hundred)


def documented_types(operation: Mapping[str, Any]) -> frozenset[str]:
    """The types of problems that a route's document names."""
    descriptions = (each.get("description", "") for each in operation["responses"].values())
    return frozenset(kind for each in descriptions for kind in _TYPE.findall(each))


def added(parts: Iterable[Mapping[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """The figures of several processes together."""
    whole: dict[str, dict[str, Any]] = {}
    for part in parts:
        for label, figures in part.items():
            before = whole.get(label)
            whole[label] = figures if before is None else _both(before, figures)
    return whole


def _both(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: one[name] + other[name] for name in ("cases", "2xx", "4xx", "5xx")},
        "refusals": dict(sorted((Counter(one["refusals"]) + Counter(other["refusals"])).items())),
        "never": sorted(set(one["never"]) & set(other["never"])),
    }


def table(routes: Mapping[str, dict[str, Any]]) -> list[str]:
    """One line a route: cases, answers by hundreds, kinds of refusals met of those that the document names."""
    width = max(map(len, routes))
    lines = [f"{'route':<{width}}  {'cas':>7} {'2xx':>7} {'4xx':>7} {'5xx':>4}  refus vus/promis"]
    for label, it in routes.items():
        met, missing = len(it["refusals"]), len(it["never"])
        lines.append(
            f"{label:<{width}}  {it['cases']:>7} {it['2xx']:>7} {it['4xx']:>7} {it['5xx']:>4}  {met}/{met + missing}"
        )
    return lines


def never_had(routes: Mapping[str, dict[str, Any]]) -> list[str]:
    """Routes that were refused whatever was asked: of them the attack has proven little."""
    return [label for label, it in routes.items() if not it["2xx"]]
