"""The JSON Schemas of the catalogue: generated, committed, and compared with those released.

Three sets: what the code says (`expected`), what is committed beside it for readers and partners (`schemas/`,
`asyncapi.json`), and what was promised (`released/`, changed by `release` alone).
"""

import json
from collections.abc import Iterable
from pathlib import Path

from smp.contracts.asyncapi import asyncapi
from smp.contracts.base import EventData
from smp.contracts.catalogue import CATALOGUE
from smp.contracts.compatibility import Schema, incompatibilities
from smp.contracts.json_schema import schema_of

HERE = Path(__file__).parent
RELEASED = HERE / "released"
ADVICE = "Add a new event version instead."


def expected(events: Iterable[type[EventData]] = CATALOGUE) -> dict[str, str]:
    """Every generated file, by its path below this folder."""
    files = {f"schemas/{event.contract()}.json": render(schema_of(event)) for event in events}
    return {**files, "asyncapi.json": render(asyncapi())}


def render(document: Schema) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def write(folder: Path = HERE) -> list[str]:
    """Make the committed files what the code says; the names of those that changed."""
    changed = stale(folder)
    files = expected()
    for name in changed:
        path = folder / name
        if name not in files:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[name], encoding="utf-8")
    return changed


def stale(folder: Path = HERE) -> list[str]:
    """The committed files that are not what the code says: missing, different, or left over."""
    files = expected()
    differing = [name for name, text in files.items() if _read(folder / name) != text]
    left_over = [f"schemas/{path.name}" for path in (folder / "schemas").glob("*.json")]
    return sorted({*differing, *(name for name in left_over if name not in files)})


def broken_promises(released: Path = RELEASED, events: Iterable[type[EventData]] = CATALOGUE) -> list[str]:
    """What the code would change in the released contracts, a sentence each, as in:

    `SlotBooked.v1: field "channel" was removed; consumers that read it would break. Add a new event version instead.`
    """
    current = {event.contract(): schema_of(event) for event in events}
    sentences = []
    for path in sorted(released.glob("*.json")):
        contract = path.name.removesuffix(".json")
        if contract not in current:
            sentences.append(f"{contract}: the event was removed; its records stay in Kafka and must remain readable.")
            continue
        old = json.loads(path.read_text(encoding="utf-8"))
        problems = incompatibilities(old, current[contract])
        sentences += [f"{contract}: {problem} {ADVICE}" for problem in problems]
    return sentences


def unreleased(released: Path = RELEASED, events: Iterable[type[EventData]] = CATALOGUE) -> list[str]:
    """The contracts that were never released, or have grown since: free to change until `release`."""
    return [
        event.contract() for event in events if _read(released / f"{event.contract()}.json") != render(schema_of(event))
    ]


def release(released: Path = RELEASED) -> list[str]:
    """Promise the contracts as they are now; the names of those that are new or have grown.

    Raises ValueError with the sentences of `broken_promises` when one would be broken.
    """
    if broken := broken_promises(released):
        raise ValueError("\n".join(broken))
    names = unreleased(released)
    released.mkdir(parents=True, exist_ok=True)
    for event in CATALOGUE:
        (released / f"{event.contract()}.json").write_text(render(schema_of(event)), encoding="utf-8")
    return names


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
