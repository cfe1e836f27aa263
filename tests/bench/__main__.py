"""`python -m tests.bench`: measures, writes build/bench.json, prints the table.

Exit code: 1 when a figure is void (its ledger is not clean), or, with `--goals`, when a goal is missed or its figure
is unsteady (interval wider than ±10 %) or was taken while others used the machine.
"""

import argparse
import contextlib
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from smp.logging import configure
from smp_local.topics import create_topics
from tests.bench import bookings, consumer, guards, latency, relay, report, rush, searches, start, year
from tests.bench.bench import Bench
from tests.bench.figures import Figure
from tests.bench.servers import servers

FIGURES: dict[str, Callable[[Bench], Awaitable[Figure]]] = {
    "P1": bookings.complete,
    "P3": guards.guarded,
    "P4": bookings.said,
    "P5": searches.measure,
    "P6": relay.measure,
    "P7": latency.measure,
    "P8": consumer.measure,
    "P12": year.measure,
    "P13": start.measure,
    "P14": rush.measure,
}
ROUNDS, SHORT_ROUNDS = 6, 2
BUILD = Path("build")


def main() -> int:
    """Measure what was asked for."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # servers are stopped, whoever ends it
    asked = _arguments()
    names = [name for name in FIGURES if name in asked.only]
    BUILD.mkdir(exist_ok=True)
    # Services log each unit of work: so do we, to a file on the same disk.
    with (BUILD / "bench.log").open("w") as logs, contextlib.redirect_stdout(logs):
        configure("bench")
        rows = uvloop.run(_measure(names, asked.rounds or (SHORT_ROUNDS if asked.short else ROUNDS), asked.short))
    report.write(BUILD / "bench.json", rows)
    report.show(rows)
    return report.verdict(rows, goals=asked.goals)


async def _measure(names: list[str], rounds: int, short: bool) -> list[dict[str, object]]:
    rows = []
    with servers(BUILD) as engines:
        await create_topics(engines.bootstrap)
        bench = Bench(engines, BUILD, rounds, short)
        for name in names:
            sys.stderr.write(f"{name}\n")
            rows.append((await FIGURES[name](bench)).as_dict())
    return rows


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", type=_names, default=tuple(FIGURES), help=f"among {','.join(FIGURES)}")
    parser.add_argument("--short", action="store_true", help="smaller numbers and fewer rounds: to try, not to quote")
    parser.add_argument("--rounds", type=int, default=0, help=f"{ROUNDS}, or {SHORT_ROUNDS} when short")
    parser.add_argument(
        "--goals",
        action="store_true",
        help="exit 1 also when a goal is missed, or met unsteadily or under foreign load",
    )
    return parser.parse_args()


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := set(names) - set(FIGURES):
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}")
    return names


if __name__ == "__main__":
    sys.exit(main())
