"""Secretaries who want the same few places at once, and write down what they asked and were told."""

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2

from tests.history.findings import Operation, Outcome
from tests.history.processes import Two
from tests.history.reading import answers_of

WEIGHTS = {
    "book": 32, "hold": 12, "confirm": 12, "move": 12, "cancel": 14, "family": 4, "arrive": 5, "start": 4, "finish": 3,
    "leave": 2, "miss": 4, "correct": 5, "shut": 1,
}  # fmt: skip
PATHS = {
    "cancel": "cancellation", "arrive": "arrival", "finish": "completion", "leave": "departure", "miss": "no-show",
    "correct": "correction",
}  # fmt: skip
AFTER = {
    "confirm": "held",
    "start": "arrived",
    "finish": "in_consultation",
    "leave": "arrived",
    "miss": "booked",
}  # what makes it possible
PLACING = frozenset({"book", "hold", "family"})  # they need no appointment that is known
RARE = frozenset({"miss"})  # it wants an hour that has come and one who has not: a short play may have none
ENCORE = 400  # commands at most, after the crowd, until each sort has gone well
WAY = ("book", "hold", "cancel", "arrive", "start")  # what makes the others possible
FIRST = 6  # commands that book the earliest places, two each: who came first is given to a colleague
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
    site: UUID
    slots: Sequence[Slot]
    closing: Sequence[str]  # sessions that may be cancelled, with whoever is in them
    patients: Sequence[str]
    dice: random.Random
    operations: list[Operation] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # answers that no client should ever see
    _known: dict[str, tuple[str, str]] = field(default_factory=dict)  # appointments told of: state and hour, the last

    async def play(self, commands: int, clients: int) -> None:
        """One of the processes dies in the middle of it, and comes back; then comes what luck has left out."""
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
        async with httpx2.AsyncClient(timeout=20) as http:
            await self._encore(http, commands)

    def left_out(self) -> set[str]:
        """The sorts of command that have never gone well."""
        return set(WEIGHTS) - RARE - {each.what for each in self.operations if each.outcome == "ok"}

    async def _encore(self, http: httpx2.AsyncClient, first: int) -> None:
        for number in range(first, first + ENCORE):
            left_out = self.left_out()
            if not left_out:
                return
            await self._one(http, number, self.dice.choice([*sorted(left_out), *WAY]))

    async def _fate(self, death: asyncio.Event) -> None:
        await death.wait()
        await self.two.processes[1].kill()
        await self.two.processes[1].start()

    async def _one(self, http: httpx2.AsyncClient, number: int, what: str | None = None) -> None:
        what = what or self.dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        if what not in PLACING | {"shut"} and not self._known:
            what = "book"
        slot, patient = self.dice.choice(self.slots), self.dice.choice(self.patients)
        if number < FIRST:
            what, slot = "book", self.slots[number // 2]
        key = f"crowd-{number:06}"
        path, body = self._command(what, slot, patient, number)
        wanted = slot if what in ("book", "hold", "move") else None
        invoked = time.monotonic()
        outcome, told = await self._send(http, path, body, key)
        returned = None if outcome == "unknown" else time.monotonic()
        answers = answers_of(told) if outcome == "ok" else ()
        problem = str(told.get("type", "")).rpartition(":")[2] if outcome == "fail" else None
        if answers and what != "shut":
            views = told.get("appointments", [told])
            self._known |= {each["appointment"]: (each["state"], each["start"]) for each in views}
        self.operations.append(
            Operation(
                key, what, invoked, outcome, returned, answers, problem,
                wanted.session if wanted else None, wanted.start if wanted else None,
                patient if what == "book" else None,
            )
        )  # fmt: skip

    def _command(self, what: str, slot: Slot, patient: str, number: int) -> tuple[str, Any]:
        place = {"session": slot.session, "start": slot.start.isoformat()}
        id = self._whom(what)
        match what:
            case "book":
                named = number >= FIRST and self.dice.random() < 0.5
                return "/appointments", {**place, "kind": "consultation", "patient": patient, "named": named}
            case "family":
                return "/appointments/family", self._family()
            case "shut":
                session = self.dice.choice(self.closing)
                return f"/sessions/{session}/cancellation", {"reason": "organisation", "cancel_appointments": True}
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
            case "leave":
                body = {}
            case "correct":
                body = {"reason": "wrong_line"}
            case _:
                body = None
        return f"/appointments/{id}/{PATHS.get(what, what)}", body

    def _whom(self, what: str) -> str:
        """Mostly one of the last few: there is most to happen to them. More often, one that is ready for it."""
        ready = [id for id, (state, _) in self._known.items() if state == AFTER.get(what)]
        if ready and self.dice.random() < 0.7:
            return self.dice.choice(sorted(ready, key=lambda id: self._known[id][1])[:4])  # whose hour comes first
        return self.dice.choice(list(self._known)[-40:]) if self._known else ""

    def _family(self) -> dict[str, Any]:
        starts = [slot.start for slot in self.slots]
        return {
            "site": str(self.site), "kind": "consultation",
            "patients": self.dice.sample(list(self.patients), self.dice.choice((2, 2, 3))),
            "start": min(starts).isoformat(), "end": (max(starts) + timedelta(minutes=20)).isoformat(),
        }  # fmt: skip

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


def slots_of(session: str, start: datetime, end: datetime, grid: timedelta) -> list[Slot]:
    """Every place of a session."""
    return [Slot(session, start + n * grid) for n in range((end - start) // grid)]
