"""Secretaries who want the same few places at once, and write down what they asked and were told."""

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx2

from tests.history.findings import Answer, Operation, Outcome
from tests.history.processes import Two

WEIGHTS = {"book": 34, "hold": 14, "confirm": 14, "move": 16, "cancel": 16, "arrive": 3, "start": 2, "finish": 1}
PATHS = {"cancel": "cancellation", "arrive": "arrival", "finish": "completion"}
HANGS_UP = 0.03  # of the callers, before they have their answer
SHORTEST, LONGEST = 0.001, 0.02  # seconds until they do


@dataclass(frozen=True, slots=True)
class Slot:
    session: str
    start: datetime


@dataclass
class Crowd:
    """Plays `commands` commands by `clients` at once; the same seed asks for the same things in the same order."""

    two: Two
    slots: Sequence[Slot]
    patients: Sequence[str]
    dice: random.Random
    operations: list[Operation] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # answers that no client should ever see
    _known: list[str] = field(default_factory=list)  # appointments somebody was told of

    async def play(self, commands: int, clients: int) -> None:
        """One of the processes dies in the middle of it, and comes back."""
        left = iter(range(commands))
        death = asyncio.Event()

        async def client(http: httpx2.AsyncClient) -> None:
            for number in left:
                if number == commands // 3:
                    death.set()
                await self._one(http, number)

        async with httpx2.AsyncClient(timeout=20) as http, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._fate(death))
            for _ in range(clients):
                tasks.create_task(client(http))

    async def _fate(self, death: asyncio.Event) -> None:
        await death.wait()
        await self.two.processes[1].kill()
        await self.two.processes[1].start()

    async def _one(self, http: httpx2.AsyncClient, number: int) -> None:
        what = self.dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        if what not in ("book", "hold") and not self._known:
            what = "book"
        slot, patient = self.dice.choice(self.slots), self.dice.choice(self.patients)
        path, body = self._command(what, slot, patient)
        wanted = slot if what in ("book", "hold", "move") else None
        key = f"crowd-{number:06}"
        invoked = time.monotonic()
        outcome, told = await self._send(http, path, body, key)
        returned = None if outcome == "unknown" else time.monotonic()
        answer = _answer(told) if outcome == "ok" else None
        problem = str(told.get("type", "")).rpartition(":")[2] if outcome == "fail" else None
        if answer is not None and what in ("book", "hold"):
            self._known.append(answer.appointment)
        self.operations.append(
            Operation(
                key, what, invoked, outcome, returned, answer, problem,
                wanted.session if wanted else None, wanted.start if wanted else None,
                patient if what == "book" else None,
            )
        )  # fmt: skip

    def _command(self, what: str, slot: Slot, patient: str) -> tuple[str, Any]:
        place = {"session": slot.session, "start": slot.start.isoformat()}
        # Mostly one of the last few: there is most to happen to them.
        id = self.dice.choice(self._known[-40:]) if self._known else ""
        match what:
            case "book":
                return "/appointments", {**place, "kind": "consultation", "patient": patient}
            case "hold":
                return "/holds", {**place, "kind": "consultation"}
            case "confirm":
                return "/appointments", {"hold": id, "patient": patient}
            case "move":
                return f"/appointments/{id}/move", place
            case "cancel":
                body: Any = {"by": self.dice.choice(("patient", "centre"))}
            case "finish":
                body = {"outcome": "none"}
            case _:
                body = None
        return f"/appointments/{id}/{PATHS.get(what, what)}", body

    async def _send(self, http: httpx2.AsyncClient, path: str, body: Any, key: str) -> tuple[Outcome, dict[str, Any]]:
        process = self.dice.choice(self.two.processes)
        headers = {"Authorization": f"Bearer {self.two.bearer}", "Idempotency-Key": key}
        patience = self.dice.uniform(SHORTEST, LONGEST) if self.dice.random() < HANGS_UP else None
        with contextlib.suppress(TimeoutError, httpx2.TransportError):
            async with asyncio.timeout(patience):
                answer = await http.post(f"{process.address}/v1{path}", json=body, headers=headers)
            if answer.status_code < 400:
                return "ok", answer.json()
            if answer.status_code < 500:
                return "fail", answer.json()
            if answer.status_code != 503:
                self.faults.append(f"{answer.status_code} {path} {answer.text[:300]}")
        return "unknown", {}


def _answer(told: dict[str, Any]) -> Answer:
    return Answer(told["appointment"], told["version"], told["state"])


def slots_of(session: str, start: datetime, end: datetime, grid: timedelta) -> list[Slot]:
    """Every place of a session."""
    return [Slot(session, start + n * grid) for n in range((end - start) // grid)]
