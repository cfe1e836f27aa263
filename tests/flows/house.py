"""A whole platform for tests: real engines, every service and a plug-in as its own process, both centres open."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from smp.clock import set_demo_clock
from smp.ids import new_id
from smp_local.addresses import Addresses
from smp_local.day.books import Books
from smp_local.day.calendar import at
from smp_local.home import Home
from smp_local.programs import Programs
from smp_local.run import start
from smp_local.supervisor import Supervisor
from smp_local.worlds import open_worlds
from smp_local.worlds.laval import LAVAL
from smp_local.worlds.opening import NOT_HEARD_YET, ensure_patient
from smp_local.worlds.people import person
from smp_local.worlds.platform import Answer, Json, Platform, Service, Staff
from tests.support.ports import free_ports

SECRETARY = LAVAL.secretaries()[0]
PATIENCE = 60.0  # real seconds that anything may take on a busy machine
STILL = 0.001
ADDED = {"door_list": ("smp.registry.sites", "smp.booking.appointments")}  # the plug-in, and what it listens to


class House:
    """One running platform and hands to drive it; `books` look behind the interfaces, for assertions only."""

    def __init__(self, home: Home, addresses: Addresses, supervisor: Supervisor, books: Books) -> None:
        self.home, self.addresses, self.supervisor, self.books = home, addresses, supervisor, books
        self.platform = Platform(addresses, patience=PATIENCE)
        self._next_patient = iter(range(5000, 9000))

    def stand(self, day: date, hour: int, minute: int = 0) -> datetime:
        """Every process believes that it is this instant at the centres."""
        now = at(LAVAL, day, hour, minute)
        set_demo_clock(self.addresses.clock_file, now, STILL)
        return now

    async def patient(self, index: int | None = None) -> str:
        """A new patient of Laval; `index` chooses the end of the number, hence what the SMS sink does."""
        number = next(self._next_patient) if index is None else index
        return await ensure_patient(self.platform, LAVAL, person(LAVAL.town, number))

    async def free(self, day: date, kind: str = "consultation", **more: Any) -> list[Json]:
        """Free slots of Laval on a day."""
        start = at(LAVAL, day, 0)
        window = {"from_": start.isoformat(), "to": (start + timedelta(days=1)).isoformat()}
        answer = await self.platform.read(
            SECRETARY, "booking", "/v1/availability", site=LAVAL.site, kind=kind, **window, **more
        )
        assert answer.ok, answer
        return list(answer.body["slots"])

    async def do(
        self, path: str, body: Json | None = None, *, who: Staff = SECRETARY, service: Service = "booking",
        key: str | None = None, headers: dict[str, str] | None = None,
    ) -> Answer:  # fmt: skip
        """A command with a key of its own unless one is given."""
        return await self.platform.command(
            who, service, path, body, key=key or f"flow-{new_id()}", again_on=NOT_HEARD_YET, headers=headers
        )

    async def book(self, day: date, patient: str, *, slot: int = 0, **more: Any) -> Json:
        """An appointment on that day, in the free slot of this rank."""
        free = (await self.free(day))[slot]
        body = {"session": free["session"], "start": free["start"], "kind": "consultation", "patient": patient}
        answer = await self.do("/v1/appointments", body, **more)
        assert answer.ok, answer
        return dict(answer.body)

    async def texts(self, appointment: str) -> list[Json]:
        """What was or will be said to the patient about an appointment, as the secretariat reads it."""
        answer = await self.platform.read(SECRETARY, "notifications", "/v1/messages", appointment=appointment)
        assert answer.ok, answer
        return list(answer.body["messages"])

    async def until_texts(self, appointment: str, wanted: set[tuple[str, str]]) -> list[Json]:
        """Waits until the texts, as (purpose, state), are exactly these."""
        found: list[Json] = await until(
            lambda: self.texts(appointment), lambda texts: {(t["purpose"], t["state"]) for t in texts} == wanted
        )
        return found

    async def until_fact(self, appointment: str, status: str) -> None:
        sql = "SELECT status FROM appointment_fact WHERE appointment = $1"
        await until(lambda: self.books.value("reporting", sql, UUID(appointment)), lambda found: found == status)

    async def sent(self, appointment: str) -> list[str]:
        """The words that left for the patient of an appointment, as the provider accepted them."""
        rows = await self.books.rows(
            "notifications", "SELECT tag FROM message WHERE appointment = $1 ORDER BY planned_at", UUID(appointment)
        )
        jobs = (await self.platform.sink("/ledger"))["jobs"]
        return [job["message"] for row in rows for job in jobs if job["tag"] == row["tag"]]

    def log_of(self, service: str) -> str:
        return (self.home.logs / f"{service}.log").read_text()

    def process(self, service: str) -> Any:
        return next(one for one in self.supervisor.watched() if one.program.name == service)


async def until(
    read: Callable[[], Awaitable[Any]], wanted: Callable[[Any], bool], *, patience: float = PATIENCE
) -> Any:
    """What `read` gives once it is as wanted."""
    deadline = time.monotonic() + patience
    while not wanted(found := await read()):
        assert time.monotonic() < deadline, f"still {found}"
        await asyncio.sleep(0.05)
    return found


@asynccontextmanager
async def running_house() -> AsyncIterator[House]:
    """Started from nothing in a folder of its own, stopped and erased at the end."""
    home = Home(_new_folder()).make()
    ports = free_ports()
    supervisor = Supervisor(home, asdict(ports), lambda _text: None)
    try:
        await start(supervisor, Programs(home, ports, tuple(ADDED)))
        addresses = Addresses.of(home, ports)
        await open_worlds(addresses, lambda _text: None)
        async with Books(addresses, ADDED) as books:
            house = House(home, addresses, supervisor, books)
            async with house.platform:
                yield house
    finally:
        await supervisor.stop()
        shutil.rmtree(home.root, ignore_errors=True)


def _new_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="smp-flows-"))
    folder.chmod(0o755)  # PostgreSQL runs as another account when we are root
    return folder
