"""Weekly opening hours of a site, in its local time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from itertools import pairwise

from registry.domain.rules import Rule, RuleBroken


@dataclass(frozen=True, slots=True, order=True)
class OpeningRange:
    """Open on an ISO weekday (1 = Monday) in [opens, closes), local time."""

    weekday: int
    opens: time
    closes: time


def weekly_hours(ranges: Iterable[OpeningRange]) -> tuple[OpeningRange, ...]:
    """The ranges in order of the week. Raises RuleBroken when one ends before it starts or two overlap."""
    ordered = tuple(sorted(ranges))
    for opening in ordered:
        if opening.opens >= opening.closes:
            raise RuleBroken(Rule.HOURS_EMPTY, weekday=opening.weekday)
    for before, after in pairwise(ordered):
        if before.weekday == after.weekday and after.opens < before.closes:
            raise RuleBroken(Rule.HOURS_OVERLAP, weekday=before.weekday)
    return ordered
