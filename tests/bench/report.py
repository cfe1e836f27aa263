"""The table and the file."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def write(path: Path, rows: Sequence[Row]) -> None:
    """`build/bench.json`: a list, one object a figure."""
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")


def show(rows: Sequence[Row]) -> None:
    """One line a figure; a figure without a clean ledger shows VOID, a wide interval shows ±. Below, what each is, and
    where its time went if it was looked at."""
    titles = ("id", "ours", "anchor", "unit", "ratio", "95 %", "goal", "met", "ledger", "notes")
    table = [titles, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(titles))]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    for row in rows:
        print(f"{row['id']}: {row['what']}")
        for name in ("seconds", "cpu_seconds"):
            if name in row:
                print(f"  {name}: {_parts(row[name])}")


def verdict(rows: Sequence[Row], *, goals: bool) -> int:
    """The exit code: with `goals`, a goal that is met by an unsteady figure, or under foreign load, is not met."""
    if any(row["void"] for row in rows):
        return 1
    return 1 if goals and not all(row["met"] and row["steady"] and row["quiet"] for row in rows) else 0


def _cells(row: Row) -> tuple[str, ...]:
    sign = "≤" if row["at_most"] else "≥"
    ledger = row["ledger"]
    low, high = row["interval"]
    return (
        row["id"],
        f"{row['ours']:,.6g}",
        f"{row['anchor']:,.6g}",
        row["unit"],
        f"{row['ratio']:.3f}",
        f"[{low:.4g}, {high:.4g}]",
        f"{sign} {row['goal']:g}",
        "VOID" if row["void"] else ("yes" if row["met"] else "no"),
        f"{ledger['counted']} counted, {ledger['lost']} lost, {ledger['doubled']} doubled, {ledger['wrong']} wrong",
        ", ".join(_notes(row)),
    )


def _parts(seconds: Mapping[str, float]) -> str:
    return ", ".join(f"{part} {spent:g}" for part, spent in sorted(seconds.items(), key=lambda it: -it[1]))


def _notes(row: Row) -> list[str]:
    unsteady = "interval on both sides of the goal" if row["compared"] == "ours" else "interval wider than ±10 %"
    notes = [] if row["steady"] else [unsteady]
    if len(row["rounds"]) == 1:
        notes.append("one round")
    if not row["quiet"]:
        notes.append(f"{row['rounds_disturbed']} rounds disturbed")
    return notes
