"""`make mutants`: plant each fault of the catalogue in a copy of the source, and see which test notices.

Exit code 0 only when the tests are green without a fault and every fault is caught by a test that it names.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smp_local import screen
from smp_local.home import REPOSITORY
from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import AnchorLost, Mutant
from tests.mutants.workshop import LONG_PATIENCE, Workshop, workshop
from tests.support.servers import KAFKA_BOOTSTRAP, POSTGRES_URL, kafka_server, postgres_server

RESULT = REPOSITORY / "build" / "mutants.json"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one mutant; `trouble` when no test named it."""

    mutant: Mutant
    caught_by: str | None
    seconds: float
    trouble: str

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.mutant.id,
            "what": self.mutant.what,
            "file": self.mutant.file,
            "caught_by": self.caught_by,
            "seconds": round(self.seconds, 1),
            **({"trouble": self.trouble} if self.trouble else {}),
        }


def main() -> int:
    """Run; 0 when every fault was caught."""
    mutants = _chosen()
    if lost := _lost(mutants):
        screen.warn("Ces fautes ne trouvent plus leur ligne, à remettre à jour :")
        for line in lost:
            screen.say(f"  {line}")
        return 1
    with postgres_server() as postgres, kafka_server() as kafka:
        outcomes = _hunt(mutants, {POSTGRES_URL: postgres, KAFKA_BOOTSTRAP: kafka})
    if outcomes is None:
        return 1
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps([each.as_dict() for each in outcomes], indent=1, ensure_ascii=False) + "\n")
    survivors = [each for each in outcomes if each.caught_by is None]
    for each in survivors:
        screen.warn(f"{each.mutant.id} a survécu : {each.trouble}")
    if survivors:
        return 1
    screen.good(f"{len(outcomes)} fautes plantées, {len(outcomes)} attrapées. Détail : {RESULT}")
    return 0


def _hunt(mutants: Sequence[Mutant], servers: dict[str, str]) -> list[Outcome] | None:
    with workshop(servers) as copy:
        screen.say("Sans faute, les tests choisis passent-ils ?")
        tests = list(dict.fromkeys(test for mutant in mutants for test in mutant.tests))
        sound = copy.run(tests, LONG_PATIENCE)
        if sound.caught_by or sound.trouble != "every test passed":
            screen.warn(f"Non, sans aucune faute : {sound.caught_by or sound.trouble}")
            return None
        return [_one(copy, mutant) for mutant in mutants]


def _one(copy: Workshop, mutant: Mutant) -> Outcome:
    began = time.monotonic()
    with copy.planted(mutant):
        verdict = copy.run(mutant.tests)
    outcome = Outcome(mutant, verdict.caught_by, time.monotonic() - began, verdict.trouble)
    screen.say(f"  {mutant.id:<28} {verdict.caught_by or 'SURVIT'} ({outcome.seconds:.0f} s)")
    return outcome


def _lost(mutants: Sequence[Mutant]) -> list[str]:
    lost = []
    for mutant in mutants:
        try:
            mutant.check(Path(REPOSITORY))
        except AnchorLost as error:
            lost.append(str(error))
    return lost


def _chosen() -> tuple[Mutant, ...]:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    known = {mutant.id for mutant in MUTANTS}
    parser.add_argument("ids", nargs="*", help="seulement ces fautes")
    asked = parser.parse_args().ids
    if unknown := set(asked) - known:
        parser.error(f"inconnues : {', '.join(sorted(unknown))}")
    return tuple(mutant for mutant in MUTANTS if not asked or mutant.id in asked)


if __name__ == "__main__":
    sys.exit(main())
