"""The shape of an answer: a figure, its breakdowns, and the definition it was made by."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from reporting.domain.activity import Activity, Durations

Kind = Literal["count", "share", "quantile"]


@dataclass(frozen=True, slots=True)
class Measure:
    """A number that explains a figure (a bound, a ninth decile, a sum); `cells` as in `Figure`."""

    value: float | None
    unit: str
    cells: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """One indicator, computed.

    `cells` are the counts of people that a reader learns from it, directly or by subtraction from another figure:
    they decide whether it may be shown to somebody outside the centre. `breakdowns` split the numerator.
    """

    numerator: int
    denominator: int | None
    value: float | None
    cells: tuple[int, ...]
    measures: dict[str, Measure] = field(default_factory=dict)
    breakdowns: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Definition:
    """What an indicator means. A change of meaning is a new `version`; texts are French, for the committee."""

    code: str
    version: int
    kind: Kind
    label: str
    unit: str
    numerator: str
    denominator: str
    exclusions: str
    method: str
    dimensions: tuple[str, ...]
    source_events: tuple[str, ...]
    compute: Callable[[Activity], Figure]


def percent(numerator: int, denominator: int) -> float | None:
    """A share in percent, one decimal; None when there is nothing to divide by."""
    return round(100 * numerator / denominator, 1) if denominator else None


def quantile(durations: Iterable[Durations], rank: tuple[int, int]) -> int | None:
    """The smallest observed duration that at least `rank` (a fraction) of the observations do not exceed, in minutes.

    This is the nearest rank, type 1 of Hyndman & Fan (1996): always a value that was observed, no interpolation, and
    the same answer whether sites are counted apart or together.
    """
    observed = sorted((row.minutes, row.count) for row in durations if row.minutes is not None)
    needed = -(-sum(count for _, count in observed) * rank[0] // rank[1])
    heard = 0
    for minutes, count in observed:
        heard += count
        if heard >= needed:
            return minutes
    return None


MEDIAN = (1, 2)
NINTH_DECILE = (9, 10)
