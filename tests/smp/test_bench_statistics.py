"""The benches' statistics: what is told of a ratio must be true of known numbers."""

import random

import pytest

from tests.bench.figures import Figure, Ledger, Round, Run
from tests.bench.machine import Calibration
from tests.bench.ratios import Interval, abba, bootstrap, median_of_ours, percentile, ratio_of_medians
from tests.bench.report import verdict

QUIET = Calibration(foreign=0.0, hashes=1.0)
BUSY = Calibration(foreign=0.9, hashes=1.0)
FINE = Ledger(counted=10)


def rounds(*pairs: tuple[float, float], machine: Calibration = QUIET, ledger: Ledger = FINE) -> list[Round]:
    return [Round(Run(ours, ledger), Run(anchor, FINE), (machine, machine)) for ours, anchor in pairs]


def test_sides_alternate_so_that_a_drift_hits_both_alike() -> None:
    order = [side for pair in abba(4) for side in pair]
    assert "".join(side[0] for side in order) == "oaaooaao"
    drift = {side: sum(at for at, each in enumerate(order) if each == side) for side in set(order)}
    assert drift["ours"] == drift["anchor"]


def test_the_ratio_is_of_medians_so_that_one_bad_run_does_not_decide() -> None:
    assert ratio_of_medians([(50, 100), (50, 100), (1, 100), (50, 1_000_000)]) == pytest.approx(0.5)


def test_the_interval_holds_the_ratio_and_narrows_with_steadier_runs() -> None:
    draw = random.Random(1)

    def pairs(spread: float) -> list[tuple[float, float]]:
        return [(50 * draw.uniform(1 - spread, 1 + spread), 100 * draw.uniform(1 - spread, 1 + spread))] * 1 + [
            (50 * draw.uniform(1 - spread, 1 + spread), 100 * draw.uniform(1 - spread, 1 + spread)) for _ in range(9)
        ]

    steady, shaky = bootstrap(pairs(0.02)), bootstrap(pairs(0.4))
    assert steady.low <= 0.5 * 1.03
    assert steady.high >= 0.5 * 0.97
    assert steady.high - steady.low < (shaky.high - shaky.low) / 3
    assert steady.within(0.10, 0.5)
    assert not shaky.within(0.10, 0.5)


def test_the_same_rounds_always_have_the_same_interval() -> None:
    pairs = [(1.0, 2.0), (1.2, 2.1), (0.9, 1.8)]
    assert bootstrap(pairs) == bootstrap(pairs)
    assert bootstrap([(1.0, 2.0)]) == Interval(0.5, 0.5)


def test_rounds_are_drawn_whole_so_that_what_both_sides_met_together_cancels_out() -> None:
    """A machine that is twice as slow in every other round says nothing about the ratio."""
    pairs = [(50.0, 100.0), (25.0, 50.0)] * 4
    interval = bootstrap(pairs, lambda drawn: sum(o for o, _ in drawn) / sum(a for _, a in drawn))
    assert interval == Interval(0.5, 0.5)


def test_nothing_can_be_told_without_rounds() -> None:
    with pytest.raises(ValueError, match="no rounds"):
        bootstrap([])
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.99)


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_a_percentile_is_a_value_that_was_measured(share: float, value: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == value


def test_a_ledger_sees_what_is_lost_and_what_came_twice() -> None:
    assert Ledger.of(["a", "b", "b"], 3) == Ledger(counted=2, lost=1, doubled=1)
    assert Ledger.of(["a", "b"], 2).clean
    assert not Ledger().clean, "a figure that counted nothing proves nothing"


@pytest.mark.parametrize("ledger", [Ledger(9, lost=1), Ledger(10, doubled=1), Ledger(10, wrong=1)])
def test_a_figure_whose_ledger_is_not_clean_is_void_and_fails_the_run(ledger: Ledger) -> None:
    row = Figure("P0", "x", "/s", 0.1, rounds((50, 100), ledger=ledger)).as_dict()
    assert row["void"]
    assert row["met"] is None
    assert verdict([row], goals=False) == 1


def test_a_missed_goal_fails_the_run_only_when_asked() -> None:
    row = Figure("P0", "x", "/s", 0.6, rounds((50, 100))).as_dict()
    assert row["met"] is False
    assert (verdict([row], goals=False), verdict([row], goals=True)) == (0, 1)


def test_a_goal_that_an_unsteady_figure_meets_fails_the_run_when_asked() -> None:
    row = Figure("P0", "x", "/s", 0.2, rounds((30, 100), (50, 100), (90, 100))).as_dict()
    assert (row["met"], row["steady"]) == (True, False)
    assert (verdict([row], goals=False), verdict([row], goals=True)) == (0, 1)


def test_a_goal_that_is_met_while_others_use_the_machine_fails_the_run_when_asked() -> None:
    row = Figure("P0", "x", "/s", 0.4, rounds((50, 100), machine=BUSY)).as_dict()
    assert (row["met"], row["steady"], row["quiet"]) == (True, True, False)
    assert (verdict([row], goals=False), verdict([row], goals=True)) == (0, 1)


def test_a_bound_is_steady_when_its_whole_interval_is_on_one_side() -> None:
    def is_steady(*ours: float) -> bool:
        pairs = rounds(*((each, 1.0) for each in ours))
        return bool(Figure("P0", "x", "ms", 50, pairs, compared="ours").as_dict()["steady"])

    assert is_steady(20, 30, 40)
    assert is_steady(60, 90, 120)
    assert not is_steady(40, 45, 60)


def test_a_figure_with_a_bound_is_met_below_it_and_needs_its_side_conditions() -> None:
    bound = Figure("P0", "x", "ms", 50, rounds((40, 10)), compared="ours")
    assert bound.as_dict()["met"] is True
    assert Figure("P0", "x", "ms", 50, rounds((40, 10)), compared="ours", also=(False,)).as_dict()["met"] is False
    assert median_of_ours([(40, 10)]) == 40


def test_disturbed_rounds_are_left_out_when_enough_quiet_ones_remain() -> None:
    quiet, busy = rounds(*[(50.0, 100.0)] * 3), rounds((1.0, 100.0), machine=BUSY)
    row = Figure("P0", "x", "/s", 0.4, quiet + busy).as_dict()
    assert (row["ratio"], row["rounds_disturbed"], row["quiet"]) == (0.5, 1, True)
    row = Figure("P0", "x", "/s", 0.4, quiet[:1] + busy * 3).as_dict()
    assert not row["quiet"]
    assert len(row["rounds"]) == 4


def test_a_round_on_a_processor_that_was_slower_than_usual_is_left_out() -> None:
    slowed = rounds((1.0, 100.0), machine=Calibration(foreign=0.0, hashes=0.8))
    row = Figure("P0", "x", "/s", 0.4, rounds(*[(50.0, 100.0)] * 3) + slowed).as_dict()
    assert (row["ratio"], row["rounds_disturbed"], row["quiet"]) == (0.5, 1, True)
