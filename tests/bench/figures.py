"""What one figure says, and when it says nothing: a figure whose ledger is not clean is void."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal

from tests.bench.machine import Calibration
from tests.bench.ratios import Interval, Pair, bootstrap, median_of_ours, ratio_of_medians

_STEADY = 0.10  # an interval wider than this is a noisy machine's
_DRIFT = 0.10  # a round in which the processor was that much slower or faster than usual is left out
_FEWEST_QUIET_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Ledger:
    """What became of the work that was timed; `wrong` counts anything else that must never be."""

    counted: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: int = 0

    def __add__(self, other: "Ledger") -> "Ledger":
        return Ledger(
            self.counted + other.counted,
            self.lost + other.lost,
            self.doubled + other.doubled,
            self.wrong + other.wrong,
        )

    @property
    def clean(self) -> bool:
        return self.counted > 0 and not (self.lost or self.doubled or self.wrong)

    @classmethod
    def of(cls, found: Sequence[object], expected: int) -> "Ledger":
        """Compares ids that arrived with how many different ones were meant to."""
        distinct = len(set(found))
        return cls(counted=distinct, lost=max(0, expected - distinct), doubled=len(found) - distinct)


@dataclass(frozen=True, slots=True)
class Run:
    """One timed run of one side."""

    value: float
    ledger: Ledger


@dataclass(frozen=True, slots=True)
class Round:
    """One run of each side, next to each other in time."""

    ours: Run
    anchor: Run
    machine: tuple[Calibration, Calibration]

    @property
    def pair(self) -> Pair:
        return self.ours.value, self.anchor.value


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of `build/bench.json`."""

    id: str
    what: str
    unit: str
    goal: float
    rounds: Sequence[Round]
    compared: Literal["ratio", "ours"] = "ratio"
    at_most: bool = False  # of a ratio: the smaller the better
    extra: dict[str, Any] = field(default_factory=dict)
    also: Sequence[bool] = ()

    def _is_steady(self, interval: Interval, value: float) -> bool:
        """A ratio whose interval is narrow; a bound from which the whole interval is on one side."""
        if self.compared == "ours":
            return interval.high <= self.goal or interval.low > self.goal
        return interval.within(_STEADY, value)

    def as_dict(self) -> dict[str, Any]:
        """The figure with its verdict; `met` is null when it is void."""
        rounds, quiet = _quiet(self.rounds)
        pairs = [each.pair for each in rounds]
        statistic = ratio_of_medians if self.compared == "ratio" else median_of_ours
        value, interval = statistic(pairs), bootstrap(pairs, statistic)
        ledger = sum((run.ledger for each in self.rounds for run in (each.ours, each.anchor)), Ledger())
        good_enough = value <= self.goal if self.compared == "ours" or self.at_most else value >= self.goal
        return {
            "id": self.id,
            "what": self.what,
            "unit": self.unit,
            "ours": _short(median(ours for ours, _ in pairs)),
            "anchor": _short(median(anchor for _, anchor in pairs)),
            "ratio": _short(ratio_of_medians(pairs)),
            "goal": self.goal,
            "compared": self.compared,
            "at_most": self.at_most or self.compared == "ours",
            "met": (good_enough and all(self.also)) if ledger.clean else None,
            "void": not ledger.clean,
            "interval": [_short(interval.low), _short(interval.high)],
            "steady": self._is_steady(interval, value),
            "rounds": [{"ours": _short(ours), "anchor": _short(anchor)} for ours, anchor in pairs],
            "rounds_disturbed": len(self.rounds) - len(_undisturbed(self.rounds)),
            "quiet": quiet,
            "ledger": {
                "counted": ledger.counted,
                "lost": ledger.lost,
                "doubled": ledger.doubled,
                "wrong": ledger.wrong,
            },
            **self.extra,
        }


def _quiet(rounds: Sequence[Round]) -> tuple[Sequence[Round], bool]:
    """Only the undisturbed rounds when there are enough of them; else all, and the figure says so."""
    kept = _undisturbed(rounds)
    return (kept, True) if len(kept) >= min(_FEWEST_QUIET_ROUNDS, len(rounds)) else (rounds, False)


def _undisturbed(rounds: Sequence[Round]) -> Sequence[Round]:
    """Without foreign load, on a processor as fast as it was in most rounds."""
    usual = median(look.hashes for each in rounds for look in each.machine)
    return [
        each
        for each in rounds
        if not any(look.disturbed or abs(look.hashes / usual - 1) > _DRIFT for look in each.machine)
    ]


def _short(value: float) -> float:
    return float(f"{value:.4g}")
