"""A secretary in front of booking's API."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2

from tests.booking.world import MONDAY, Centre, monday
from tests.support.api import FixedClock, bearer, command_headers


@dataclass
class Desk:
    """A secretary of the centre in front of the API."""

    centre: Centre
    client: httpx2.AsyncClient
    clock: FixedClock

    async def post(
        self, path: str, body: Any = None, *, role: str = "secretary", key: str | None = None, **who: Any
    ) -> Any:
        headers = command_headers(bearer(role, **{"site": self.centre.site, "subject": f"a-{role}", **who}), key)
        return await self.client.post(f"/v1{path}", json=body, headers=headers)

    async def get(self, path: str, *, role: str = "secretary", **parameters: Any) -> Any:
        headers = bearer(role, site=self.centre.site, subject=f"a-{role}")
        return await self.client.get(f"/v1{path}", params=parameters, headers=headers)

    async def open_session(self, kinds: tuple[str, ...] = ("consultation", "minor_emergency"), role: str = "gp") -> str:
        who = await self.centre.doctor(role)
        answer = await self.post("/sessions", session_body(self.centre.site, who, kinds))
        assert answer.status_code == 201, answer.text
        session: str = answer.json()["session"]
        return session

    async def book(self, at_session: str, hour: str, **changes: Any) -> Any:
        patient = changes.pop("patient", None) or str(await self.centre.patient())
        body = {"session": at_session, "start": monday(hour).isoformat(), "kind": "consultation", "patient": patient}
        who = {name: changes.pop(name) for name in ("role", "subject") if name in changes}
        return await self.post("/appointments", {**body, **changes}, **who)


def session_body(site: UUID, who: UUID, kinds: tuple[str, ...] = ("consultation",)) -> dict[str, Any]:
    return {
        "site": str(site), "professional": str(who), "kinds": list(kinds), "day": MONDAY.isoformat(),
        "start": "09:00", "end": "12:00", "slot_minutes": 20,
    }  # fmt: skip
