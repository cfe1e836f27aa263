"""What a run gave: `build/chaos.json` for machines, a few French lines for people."""

import json
import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from smp_local.day.ledger import Fault, Ledger
from smp_local.worlds.history import Entry, History
from tests.chaos.asked import never_asked, never_written
from tests.chaos.findings import KINDS, Finding
from tests.chaos.hunter import Kill
from tests.chaos.tripping import place_of

_ID = re.compile(r"[0-9a-f-]{36}")
FULL = 1_000  # kills, from which on booking must have done all that it can do, and died at every place of it
SHOWN = 30  # findings that a person reads; the file has them all
MORE_KINDS = ("parked", "seen_across")  # of the day's ledger


@dataclass
class Report:
    """Two judges look at each Monday: the checker of this program at the whole world, the day's ledger at the day.
    A figure is the larger of the two."""

    seed: int
    asked: int
    mondays: list[str] = field(default_factory=list)
    kills: list[Kill] = field(default_factory=list)
    failpoints: list[str] = field(default_factory=list)  # met by a process
    failpoints_hit: list[str] = field(default_factory=list)  # at which it died
    histories: list[History] = field(default_factory=list)
    findings: dict[Finding, None] = field(default_factory=dict)  # of the checker, once each
    faults: dict[Fault, None] = field(default_factory=dict)  # of the ledgers, once each
    seconds: float = 0.0
    trouble: str | None = None  # why the run ended before its time

    def judge(self, findings: Iterable[Finding], ledger: Ledger) -> None:
        """Add what was found after one Monday."""
        self.findings |= dict.fromkeys(findings)
        self.faults |= dict.fromkeys(ledger.faults)

    def count(self, kind: str) -> int:
        mine = sum(finding.kind == kind for finding in self.findings)
        return max(mine, sum(fault.kind == kind for fault in self.faults))

    @property
    def entries(self) -> list[Entry]:
        """Every command of every play."""
        return [entry for history in self.histories for entry in history]

    @property
    def lines(self) -> list[str]:
        """What both judges found, each thing once."""
        mine = {f"{finding.kind} : {finding.what}" for finding in self.findings}
        return sorted(mine | {f"{fault.kind} : {fault.what}" for fault in self.faults})

    @property
    def refused(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.outcome == "refused"]

    @property
    def unknown(self) -> list[Entry]:
        """Commands that went at least once without an answer."""
        return [entry for entry in self.entries if entry.doubts or entry.outcome in ("invoked", "unknown")]

    @property
    def resolved(self) -> list[Entry]:
        """Those of which the same key told what had come of them."""
        return [entry for entry in self.unknown if entry.outcome in ("ok", "refused")]

    @property
    def places(self) -> list[str]:
        """Every line of booking that waits between durable effects: its number is its place here."""
        return sorted(_of_booking(self.failpoints))

    @property
    def forgotten(self) -> list[str]:
        """What booking can do and nobody had it do: commands never accepted, statements that write and never ran."""
        return [*never_asked(self.entries), *never_written(self.failpoints)]

    @property
    def is_clean(self) -> bool:
        wrong = any(self.count(kind) for kind in (*KINDS, *MORE_KINDS))
        complete = self.trouble is None and len(self.kills) >= self.asked
        if self.asked >= FULL and (_never(self.failpoints_hit, self.places) or self.forgotten):
            return False
        return complete and not wrong and len(self.unknown) == len(self.resolved)

    def as_dict(self) -> dict[str, object]:
        """The file's content; times in real seconds."""
        return {
            "kills": len(self.kills),
            "kills_by_target": dict(Counter(kill.target for kill in self.kills).most_common()),
            "kills_at_failpoints": sum(kill.at_failpoint for kill in self.kills),
            "failpoints": len(self.failpoints),
            "failpoints_hit": len(self.failpoints_hit),
            "places_of_booking": dict(enumerate(self.places, 1)),
            "places_of_booking_never_hit": _never(self.failpoints_hit, self.places),
            "never_asked_of_booking": self.forgotten,
            "failpoints_never_hit": sorted(set(self.failpoints) - set(self.failpoints_hit)),
            "kills_two_at_once": sum(kill.together for kill in self.kills),
            "acknowledged": sum(entry.outcome == "ok" for entry in self.entries),
            "refused": dict(
                Counter(_told(entry) for entry in self.entries if entry.outcome == "refused").most_common()
            ),
            "unknown": len(self.unknown),
            "unknown_resolved": len(self.resolved),
            **{kind: self.count(kind) for kind in (*KINDS, *MORE_KINDS)},
            "recovery_seconds": _times(self.kills),
            "recovery_seconds_by_target": _by_target(self.kills),
            "seed": self.seed,
            "mondays": self.mondays,
            "seconds": round(self.seconds, 1),
            "ended_early": self.trouble,
            "findings": self.lines,
        }

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.as_dict(), indent=1, ensure_ascii=False) + "\n")

    def show(self, say: Callable[[str], None]) -> None:
        """The same for people."""
        told = self.as_dict()
        say("")
        say(f"{told['kills']} kill -9 en {len(self.mondays)} lundis et {self.seconds:.0f} s, graine {self.seed}.")
        say(f"  {told['kills_by_target']}")
        say(
            f"  {told['acknowledged']} commandes acceptées ; {told['unknown']} restées un moment sans réponse, "
            f"{told['unknown_resolved']} éclaircies par la même clé."
        )
        say(
            f"  {told['kills_at_failpoints']} morts en un point précis ; {told['failpoints_hit']} points sur "
            f"{told['failpoints']} touchés ; de l'agenda, {len(_of_booking(self.failpoints_hit))} endroits sur "
            f"{len(self.places)}."
        )
        times = _times(self.kills)
        if times:
            say(f"  Retour en service : {times['median']:.1f} s (médiane), {times['max']:.1f} s au plus.")
        for what in self.forgotten:
            say(f"  Jamais demandé à l'agenda : {what}")
        if self.trouble:
            say(f"  Arrêté avant la fin : {self.trouble}")
        say("  " + ", ".join(f"{kind} {self.count(kind)}" for kind in (*KINDS, *MORE_KINDS)))
        for line in self.lines[:SHOWN]:
            say(f"  FAUTE {line}")
        if len(self.lines) > SHOWN:
            say(f"  … et {len(self.lines) - SHOWN} autres dans le fichier.")


def _told(entry: Entry) -> str:
    return f"{_ID.sub('…', entry.path)} {entry.slug}"


def _of_booking(points: Iterable[str]) -> set[str]:
    return {place_of(point) for point in points if point.startswith("booking: ")}


def _never(hit: Iterable[str], places: Iterable[str]) -> list[str]:
    return sorted(set(places) - _of_booking(hit))


def _times(kills: Sequence[Kill]) -> dict[str, float]:
    seconds = [kill.seconds for kill in kills if kill.seconds is not None]
    if not seconds:
        return {}
    return {"median": round(statistics.median(seconds), 2), "max": round(max(seconds), 2)}


def _by_target(kills: Sequence[Kill]) -> dict[str, dict[str, float]]:
    return {target: _times([k for k in kills if k.target == target]) for target in sorted({k.target for k in kills})}
