"""A planted fault is still one of this code: what it changes is there, and so are the tests that catch it. Whoever
rewords a line is told at once, not by the long run.
"""

from pathlib import Path

import pytest

from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import Mutant

HOUSE = Path(__file__).parents[2]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda it: it.id)
def test_a_planted_fault_can_be_planted_and_caught(mutant: Mutant) -> None:
    mutant.check(HOUSE)
    assert [test for test in mutant.tests if not (HOUSE / test.partition("::")[0]).exists()] == []
