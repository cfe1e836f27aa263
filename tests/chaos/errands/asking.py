"""Errands at one centre on one Monday, and how they ask.

Nobody expects a certain answer: a refusal is an answer, and what was accepted is judged like all the rest.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any, Literal

from smp_local.day.player import Player
from smp_local.worlds.centre import Centre
from smp_local.worlds.opening import NOT_HEARD_YET, ensure_patient
from smp_local.worlds.people import person
from smp_local.worlds.platform import Answer, Json, Platform, Service

OPENS, CLOSES = 8, 19  # hours between which free places are looked for


class Asking:
    """Whoever works at `centre` asks; a command's key is its place among those of this centre and this Monday."""

    def __init__(self, platform: Platform, player: Player, centre: Centre) -> None:
        self._platform, self._centre = platform, centre
        self._conductor = player.conductor
        self._called_on = player.plans[0].called_on
        self._day = player.plans[0].day
        self._number = 0

    def _at(self, day: date, hour: int, errand: Callable[[], Awaitable[None]]) -> None:
        self._conductor.at(self._when(day, hour, 30), errand)

    async def _ask(
        self, role: str, path: str, body: Json, *, method: Literal["POST", "PUT"] = "POST", service: Service = "booking"
    ) -> Answer:
        """One command."""
        self._number += 1
        who = replace(self._centre.staff(role), subject=f"{self._centre.key}-{role}")
        return await self._platform.command(
            who, service, f"/v1/{path}", body, key=f"{self._centre.key}/{self._day}/{self._number}",
            again_on=NOT_HEARD_YET, method=method,
        )  # fmt: skip

    async def _of(self, made: Answer, name: str, path: str, body: Json, role: str) -> Answer | None:
        """Another command about what the last one made."""
        if made.ok and made.body.get(name):
            return await self._ask(role, path.format(made.body[name]), body)
        return None

    async def _book(self, slot: Json, patient: str, **more: Any) -> str | None:
        """The appointment, when the place was still free."""
        answer = await self._ask(
            "secretary", "appointments", {**self._slot(slot), "patient": patient, "notify": True, **more}
        )
        return str(answer.body["appointment"]) if answer.ok else None

    async def _patient(self) -> str:
        """Somebody new."""
        self._number += 1
        index = (100 * (self._day.toordinal() // 7) + self._number) % 9_000
        return await ensure_patient(self._platform, self._centre, person(self._centre.town, index))

    async def _slots(self, day: date, kind: str) -> list[Json]:
        answer = await self._platform.read(
            self._centre.staff("secretary"), "booking", "/v1/availability", site=self._centre.site, kind=kind,
            from_=self._when(day, OPENS).isoformat(), to=self._when(day, CLOSES).isoformat(),
        )  # fmt: skip
        found: list[Json] = answer.body.get("slots", []) if answer.ok else []
        return found

    def _slot(self, slot: Json) -> Json:
        kind = slot.get("kind", "consultation")
        return {"session": slot["session"], "start": slot["start"], "kind": kind, "channel": "phone"}

    def _when(self, day: date, hour: int, minute: int = 0) -> datetime:
        return datetime.combine(day, time(hour, minute), self._centre.zone)
