"""Ratios of medians with a bootstrap interval: the only figures that mean something on a machine one does not own."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

Side = Literal["ours", "anchor"]
Pair = tuple[float, float]

_RESAMPLES = 10_000
_SEED = 53


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval."""

    low: float
    high: float

    def within(self, share: float, middle: float) -> bool:
        """Whether both ends are at most `share` of `middle` away from it."""
        return middle - self.low <= share * middle and self.high - middle <= share * middle


def abba(rounds: int) -> Iterator[tuple[Side, Side]]:
    """The order inside each round: A-B, B-A, A-B… so that a slow drift of the machine hits both sides alike."""
    for number in range(rounds):
        yield ("ours", "anchor") if number % 2 == 0 else ("anchor", "ours")


def ratio_of_medians(pairs: Sequence[Pair]) -> float:
    """Median of ours ÷ median of the anchor's."""
    return median(ours for ours, _ in pairs) / median(anchor for _, anchor in pairs)


def median_of_ours(pairs: Sequence[Pair]) -> float:
    """Median of ours alone, for figures that have a bound instead of an anchor."""
    return median(ours for ours, _ in pairs)


def bootstrap(pairs: Sequence[Pair], statistic: Callable[[Sequence[Pair]], float] = ratio_of_medians) -> Interval:
    """95 % percentile bootstrap; whole rounds are drawn, for both sides of a round met the same machine.

    Repeatable: the draws have a fixed seed. Raises ValueError without rounds.
    """
    if not pairs:
        raise ValueError("no rounds")
    draw = random.Random(_SEED)
    values = sorted(statistic(draw.choices(pairs, k=len(pairs))) for _ in range(_RESAMPLES))
    return Interval(values[round(0.025 * (_RESAMPLES - 1))], values[round(0.975 * (_RESAMPLES - 1))])


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all do not exceed (nearest rank). Raises ValueError when empty."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 10_000) // 10_000) - 1)]
