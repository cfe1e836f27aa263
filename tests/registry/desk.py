"""A secretariat for tests: speaks to the registry's API, and listens to what the registry would tell Kafka."""

import asyncio
import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx2
import orjson

from registry.__main__ import service
from smp.contracts import BY_TYPE, EventData
from smp.sealing import Compartment, unseal
from tests.support.api import FixedClock, bearer, command_headers
from tests.support.databases import ServiceDatabase

MONDAY = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
KEY_ONE = "k1:" + base64.b64encode(b"1" * 32).decode()
KEY_TWO = "k2:" + base64.b64encode(b"2" * 32).decode()

LAVAL = UUID("0195a000-0000-7000-8000-000000000053")
LE_MANS = UUID("0195a000-0000-7000-8000-000000000072")

COORDINATOR = bearer("coordinator", territories=("53", "72"), subject="coordinator-1")
SECRETARY = bearer("secretary", subject="secretary-1")
SECRETARY_72 = bearer("secretary", territory="72", subject="secretary-72")
DOCTOR = bearer("gp", subject="doctor-1")
FUNDER = bearer("funder", subject="funder-1")
NOTIFICATIONS = bearer("service", kind="service", subject="notifications", territories=("53", "72"))

HILARD = {"line": "48 rue Marcel Cerdan", "postal_code": "53000", "city": "Laval", "commune_code": "53130"}
PLANTAGENET = {"line": "194 avenue Rubillard", "postal_code": "72000", "city": "Le Mans", "commune_code": "72181"}
PADERBORN = {"line": "avenue Paderborn", "postal_code": "72000", "city": "Le Mans", "commune_code": "72181"}
WEEKDAYS = [{"weekday": day, "opens": "08:00", "closes": "20:00"} for day in range(1, 6)]

ELIGIBLE = {"status": "eligible", "reason": "DEPART_RETRAITE", "evidence": "patient_word"}


@dataclass
class Told:
    """One row of the outbox."""

    id: UUID
    name: str
    subject: UUID
    sequence: int
    territory: str
    data: EventData
    raw: str


@dataclass
class Desk:
    """The API of one registry."""

    client: httpx2.AsyncClient
    database: ServiceDatabase
    clock: FixedClock = field(default_factory=lambda: FixedClock(MONDAY))

    async def post(
        self, path: str, body: dict[str, Any], auth: dict[str, str] = SECRETARY, key: str | None = None
    ) -> httpx2.Response:
        return await self.client.post(path, json=body, headers=command_headers(auth, key))

    async def get(self, path: str, auth: dict[str, str] = SECRETARY) -> httpx2.Response:
        return await self.client.get(path, headers=auth)

    async def warm(self, connections: int = 8) -> None:
        """Open the pool's connections, so that the commands that follow really meet in the database."""
        await asyncio.gather(*(self.get("/v1/sites") for _ in range(connections)))

    async def open_sites(self) -> None:
        for id, name, address in ((LAVAL, "SMP Henri Dunant", HILARD), (LE_MANS, "SMP du Mans", PLANTAGENET)):
            answer = await self.post("/v1/sites", site(id=id, name=name, address=address), COORDINATOR)
            assert answer.status_code == 201, answer.text

    async def join(self, role: str, **changes: Any) -> UUID:
        answer = await self.post("/v1/professionals", professional(role=role, **changes), COORDINATOR)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["id"])

    async def register(self, auth: dict[str, str] = SECRETARY, **changes: Any) -> UUID:
        answer = await self.post("/v1/patients", patient(**changes), auth)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["id"])

    async def found(self, name: str | None = None, auth: dict[str, str] = SECRETARY, **asked: Any) -> list[str]:
        body = {"name": name, **asked} if name is not None else asked
        answer = await self.client.post("/v1/patients/search", json=body, headers=auth)
        assert answer.status_code == 200, answer.text
        return [person["display_name"] for person in answer.json()["patients"]]

    async def compartment_key(self, patient: UUID, compartment: str, auth: dict[str, str]) -> bytes | None:
        body = {"compartment": compartment, "patients": [str(patient)]}
        answer = await self.client.post("/v1/compartment-keys", json=body, headers=auth)
        assert answer.status_code == 200, answer.text
        encoded = answer.json()["keys"].get(str(patient))
        return base64.b64decode(encoded) if encoded else None

    async def told(self, subject: UUID | None = None) -> list[Told]:
        """What the registry has said, in order."""
        async with self.database.admin() as admin:
            rows = await admin.fetch("SELECT * FROM smp.outbox ORDER BY position")
        return [_told(row) for row in rows if subject in (None, row["aggregateid"])]


def opened(told: Told, patient: UUID, compartment: Compartment, key: bytes) -> Any:
    """The content of a sealed compartment of an event."""
    sealed = orjson.loads(told.raw)["sealed"][compartment]
    return orjson.loads(unseal(key, sealed, patient, compartment, told.id))


def _told(row: asyncpg.Record) -> Told:
    data_class = BY_TYPE[row["type"]]
    return Told(
        id=row["id"],
        name=data_class.event_name(),
        subject=row["aggregateid"],
        sequence=row["sequence"],
        territory=row["territory"],
        data=data_class.model_validate_json(row["payload"]),
        raw=row["payload"].decode(),
    )


def site(**changes: Any) -> dict[str, Any]:
    body = {
        "name": "SMP Henri Dunant",
        "address": HILARD,
        "phone": "02 49 49 07 36",
        "zone": "Europe/Paris",
        "opening_hours": WEEKDAYS,
        "opened_on": "2017-06-01",
        **changes,
    }
    return {name: str(value) if isinstance(value, UUID) else value for name, value in body.items()}


def professional(**changes: Any) -> dict[str, Any]:
    body = {
        "family_name": "Gaudin",
        "given_name": "Hélène",
        "role": "gp",
        "sites": [str(LAVAL)],
        "contract_start": "2025-11-03",
        **changes,
    }
    return {name: str(value) if isinstance(value, UUID) else value for name, value in body.items()}


def patient(**changes: Any) -> dict[str, Any]:
    body = {
        "birth_name": "Lefèvre",
        "given_names": ["Anne", "Lise"],
        "birth_date": "1950-05-01",
        "sex": "female",
        "commune_code": "53130",
        "home_site": LAVAL,
        "phones": [{"number": "06 12 34 56 78", "text_consent": True}],
        **changes,
    }
    return {name: str(value) if isinstance(value, UUID) else value for name, value in body.items()}


SERVICE = service
