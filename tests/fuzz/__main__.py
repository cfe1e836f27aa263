"""`make fuzz`: every operation of booking, with data that fits its document and data that does not, linked by ids.

Exit code 0 only when no answer was a server error and every answer was one that the document allows.
"""

import argparse
import json
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from smp_local import screen
from smp_local.home import REPOSITORY
from tests.fuzz import storm
from tests.fuzz.tally import added, never_had, table
from tests.support.servers import postgres_server

CASES, SEED, PROCESSES = 200_000, 1, 2
ENOUGH = 20_000  # cases, in which every route must have been had at least once
RESULT = REPOSITORY / "build" / "fuzz.json"


def main() -> int:
    """Run; 0 when nothing was wrong."""
    asked = _arguments()
    began = time.monotonic()
    with postgres_server() as url, ProcessPoolExecutor(asked.processes, get_context("spawn")) as pool:
        share = -(-asked.cases // asked.processes)
        seeds = range(asked.seed, asked.seed + asked.processes)
        parts = list(pool.map(storm.silently, [url] * asked.processes, [share] * asked.processes, seeds))
    report = {"seed": asked.seed, "processes": asked.processes, "seconds": round(time.monotonic() - began, 1)}
    report |= _sum(parts)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    for line in table(report["routes"]):
        screen.say(line)
    how = f"graine {asked.seed}, {asked.processes} processus"
    screen.say(f"{report['cases']} cas en {report['seconds']:.0f} s, {how} : {report['modes']}")
    wrong = dict(report["findings"])
    if report["cases"] >= ENOUGH:
        wrong |= dict.fromkeys(never_had(report["routes"]), "aucun succès : l'attaque n'y est pas entrée")
    for what, how in wrong.items():
        screen.warn(f"{what} : {how}")
    if wrong:
        return 1
    screen.good(f"Aucune erreur du serveur, aucun écart au document. Détail : {RESULT}")
    return 0


def _sum(parts: list[dict[str, Any]]) -> dict[str, Any]:
    findings: dict[str, str] = {}
    for part in parts:
        findings |= part["findings"]
    routes = added(part["routes"] for part in parts)
    return {
        "cases": sum(part["cases"] for part in parts),
        "modes": dict(sum((Counter(part["modes"]) for part in parts), Counter())),
        "server_errors": sum(it["5xx"] for it in routes.values()),
        "violations": len(findings),
        "findings": findings,
        "routes": routes,
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES, help=f"combien de requêtes ({CASES})")
    parser.add_argument("--seed", type=int, default=SEED, help=f"la même donne les mêmes requêtes ({SEED})")
    parser.add_argument("--processes", type=int, default=PROCESSES, help=f"combien à la fois ({PROCESSES})")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
