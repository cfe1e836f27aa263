"""P12: a year of the Sarthe through the whole platform: calls, moves, visits, no-shows, and the texts for them."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import psutil
from holidays import country_holidays

from smp_local.day.calendar import at
from smp_local.worlds.le_mans import DOCTORS, LE_MANS
from smp_local.worlds.opening import ensure_patient
from smp_local.worlds.people import person
from tests.bench.bench import Bench
from tests.bench.figures import Figure, Ledger, Round, Run
from tests.bench.machine import calibrate
from tests.bench.wire import Wire, wire
from tests.flows.house import House, running_house, until

GOAL_SECONDS = 60.0
DAYS, SHORT_DAYS = 250, 10  # of reception; 250 × 64 = 16 000 consultations
SESSIONS, SLOTS, TAKEN = 4, 20, 68  # a day; of those taken four do not come
ABSENT, MOVED, GIVEN_UP = 4, 5, 4
AHEAD, CHANGE_AHEAD = 5, 2  # days of reception between a call, or another one, and the appointment
PATIENTS, SHORT_PATIENTS = 1_500, 200
CONNECTIONS = 64
QUIET_SECONDS = 600.0  # real: the most that the tail may take
GRID = timedelta(minutes=20)
FIRST = date(2027, 1, 4)
_HOLIDAYS = country_holidays("FR", years=(FIRST.year, FIRST.year + 1))
_LOOK_AGAIN = 0.01  # seconds
_RECEIPTS_COME = timedelta(days=2)
_DECIDED = "SELECT count(*) FROM decision"
# Asked a hundred times a second: each half has an index of its own, and a year of texts is never read.
_URGENT = """
    SELECT EXISTS (SELECT FROM message WHERE state = 'planned' AND due_at <= $1 AND starts_at <= $2)
        OR EXISTS (SELECT FROM message WHERE state = 'sending' AND due_at <= $1 AND starts_at <= $2)"""

_UNANSWERED = "SELECT EXISTS (SELECT FROM message WHERE state = 'accepted' AND accepted_at <= $1)"


@dataclass
class _Year:
    """What was asked, what was refused, and how long each part of a day took (real seconds).

    A day has one instant, its morning: sessions are at night, so that all calls, changes and visits of a day go
    together, as they do at a desk. The clock goes on once the day is written and no text would come too late.
    """

    house: House
    wire: Wire
    patients: list[str]
    days: list[date]
    agenda: dict[date, list[tuple[str, datetime]]]  # free places, in order of hour
    booked: dict[date, list[str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    commands: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    number: int = 0
    seen: int = 0
    plain: int = 0  # appointments never changed: each has a confirmation and a reminder
    tellings: int = 0  # what notifications has to decide on

    async def live(self) -> None:
        with self._timed("first calls"):
            await asyncio.gather(*map(self._call_for, self.days[:AHEAD]))
            await self._until_told(self.tellings, FIRST, FIRST - timedelta(days=2))
        stands = [day for day in _calendar(FIRST - timedelta(days=2), self.days[-1]) if _texts_leave(day)]
        told = self.tellings
        for day, following in zip(stands, [*stands[1:], stands[-1] + timedelta(days=1)], strict=True):
            self.house.stand(day, 8)
            if day in self.booked:
                with self._timed("days"):
                    await self._receive_day(self.days.index(day))
            with self._timed("waiting for texts"):
                await self._until_told(told, day, following)
                if following - day > timedelta(days=1):
                    self.house.stand(day, 19, 59)  # the last minute for texts before days without
                    await self._until_sent(at(LE_MANS, day, 20), at(LE_MANS, following, 9))
            told = self.tellings

    async def _receive_day(self, index: int) -> None:
        coming = self.days[index + AHEAD : index + AHEAD + 1]
        received = self._receive(self.booked.pop(self.days[index]))
        await asyncio.gather(*map(self._call_for, coming), self._change(index), received)

    async def _call_for(self, day: date) -> None:
        self.booked[day] = await self._book(day)

    async def _until_told(self, told: int, day: date, following: date) -> None:
        """What was asked until the day before has been decided, no text is left that the following day would find too
        late, and receipts come within two days: after three without, a text counts as unknown."""
        value = self.house.books.value
        while await value("notifications", _DECIDED) < told:  # noqa: ASYNC110  # another process's work
            await asyncio.sleep(_LOOK_AGAIN)
        await self._until_sent(at(LE_MANS, day, 9), at(LE_MANS, following, 9))
        while await value("notifications", _UNANSWERED, at(LE_MANS, following, 8) - _RECEIPTS_COME):  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_AGAIN)

    async def _until_sent(self, due: datetime, starts: datetime) -> None:
        """No text is left that was due by then, about an appointment that begins by then."""
        while await self.house.books.value("notifications", _URGENT, due, starts):  # noqa: ASYNC110  # the same
            await asyncio.sleep(_LOOK_AGAIN)

    async def _book(self, day: date) -> list[str]:
        places = self.agenda[day]
        asked = [self._call(*places.pop(0)) for _ in range(TAKEN + GIVEN_UP)]
        return [id for id in await asyncio.gather(*asked) if id is not None]

    async def _call(self, session: str, start: datetime) -> str | None:
        self.number += 1
        patient = self.patients[self.number % len(self.patients)]
        body = {"session": session, "start": start.isoformat(), "kind": "consultation", "patient": patient}
        told = await self._do("/v1/appointments", body)
        if told is None:
            return None
        self.tellings += 1
        self.plain += 1
        return str(told["appointment"])

    async def _change(self, index: int) -> None:
        """Some patients call again two days of reception before."""
        day = self.days[index + CHANGE_AHEAD : index + CHANGE_AHEAD + 1]
        if not day:
            return
        coming, later = self.booked[day[0]], self.agenda[day[0]]
        given_up = [coming.pop() for _ in range(GIVEN_UP)]
        moved = [(coming[n], *later.pop()) for n in range(min(MOVED, len(later)))]
        done = await asyncio.gather(
            *(self._do(f"/v1/appointments/{id}/cancellation", {"by": "patient"}) for id in given_up),
            *(
                self._do(f"/v1/appointments/{id}/move", {"session": session, "start": start.isoformat()})
                for id, session, start in moved
            ),
        )
        changed = sum(told is not None for told in done)
        self.tellings += changed
        self.plain -= changed

    async def _receive(self, expected: list[str]) -> None:
        absent, come = expected[:ABSENT], expected[ABSENT:]
        await asyncio.gather(*(self._do(f"/v1/appointments/{id}/no-show") for id in absent), *map(self._visit, come))

    async def _visit(self, id: str) -> None:
        await self._do(f"/v1/appointments/{id}/arrival")
        await self._do(f"/v1/appointments/{id}/start")
        if await self._do(f"/v1/appointments/{id}/completion", {"outcome": "none"}):
            self.seen += 1

    async def _do(self, path: str, body: Any = None) -> dict[str, Any] | None:
        status, told = await self.wire.post(path, body)
        self.commands += 1
        if status < 300:
            return told
        self.refused[str(told.get("type", status)).rpartition(":")[2]] += 1
        return None

    @contextmanager
    def _timed(self, part: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - began


async def measure(bench: Bench) -> Figure:
    """Seconds from the year's first call to its last text and fact; team, sessions and patients are there before."""
    days = SHORT_DAYS if bench.short else DAYS
    before = calibrate()
    async with running_house() as house:
        bearer = await house.platform.token(LE_MANS.secretaries()[0])
        async with wire(house.addresses.booking, bearer, CONNECTIONS) as opened:
            year = await _open(house, opened, days, SHORT_PATIENTS if bench.short else PATIENTS)
            await _until_quiet(house)
            known = await _found(house)
            cpu, began = _cpu(house), time.perf_counter()
            own = time.process_time()
            await year.live()
            lived = time.perf_counter() - began
            await _until_quiet(house)
            took = time.perf_counter() - began
            own = time.process_time() - own
            spent = {"callers": round(own, 1)} | {
                name: round(seconds - cpu.get(name, 0.0), 1) for name, seconds in _cpu(house).items()
            }
            found = {name: count - known[name] for name, count in (await _found(house)).items()}
            account = await house.books.sink("/ledger/summary")
    wanted = year.seen
    ledger = Ledger(
        counted=found["done"],
        lost=max(0, wanted - found["done"])
        + abs(found["facts"] - found["done"])
        + abs(found["text_facts"] - found["delivered"])
        + max(0, year.plain - found["fully_told"]),
        doubled=max(0, found["done"] - wanted) + len(account["twice"]),
        wrong=sum(year.refused.values()) + found["untold"] + abs(account["accepted"] - found["delivered"]),
    )
    goal = GOAL_SECONDS * days / DAYS
    parts = {part: round(seconds, 1) for part, seconds in year.seconds.items()} | {"tail": round(took - lived, 1)}
    return Figure(
        "P12",
        f"seconds for {days} days of reception of the Sarthe ({wanted} consultations) through the whole platform",
        "s",
        goal,
        [Round(Run(took, ledger), Run(goal, Ledger()), (before, calibrate()))],
        compared="ours",
        extra={"commands": year.commands, "commands_per_second": round(year.commands / lived)}
        | {"refused": dict(year.refused), "texts": found["texts"], "texts_delivered": found["delivered"]}
        | {"texts_due": 2 * year.plain}
        | {"seconds": parts, "cpu_seconds": spent}
        | {"appointments_not_fully_told": year.plain - found["fully_told"]},
    )


async def _open(house: House, opened: Wire, count: int, patients: int) -> _Year:
    """Four full sessions on each day of the year, and patients who have no doctor."""
    house.stand(FIRST - timedelta(days=3), 8)
    days = [day for day in _calendar(FIRST, FIRST + timedelta(days=2 * count)) if _is_open(day)][:count]
    agenda: dict[date, list[tuple[str, datetime]]] = {}
    for day in days:
        told = await asyncio.gather(
            *(opened.post("/v1/sessions", _session(doctor, day)) for doctor in DOCTORS[:SESSIONS])
        )
        open_ = [body for status, body in told if status == 201]
        if len(open_) < SESSIONS:
            raise RuntimeError(f"only {len(open_)} sessions could be opened on {day}: {told[0][1]}")
        places = [
            (body["session"], datetime.fromisoformat(body["start"]) + n * GRID) for n in range(SLOTS) for body in open_
        ]
        agenda[day] = places
    people = [person(LE_MANS.town, index) for index in range(2_000, 2_000 + patients)]
    gate = asyncio.Semaphore(12)

    async def known(index: int) -> str:
        async with gate:
            return await ensure_patient(house.platform, LE_MANS, people[index])

    return _Year(house, opened, await asyncio.gather(*map(known, range(patients))), days, agenda)


def _calendar(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _texts_leave(day: date) -> bool:
    """Neither on Sundays nor on public holidays."""
    return day.weekday() < 6 and day not in _HOLIDAYS


def _is_open(day: date) -> bool:
    return day.weekday() < 5 and day not in _HOLIDAYS


def _session(doctor: Any, day: date) -> dict[str, Any]:
    """At night, when the doctors' own hours are over: the agenda does not mind."""
    return {
        "site": str(LE_MANS.site), "professional": str(doctor.id), "kinds": ["consultation"], "day": day.isoformat(),
        "start": "00:00", "end": "06:40", "slot_minutes": 20,
    }  # fmt: skip


async def _until_quiet(house: House) -> None:
    """Everything is heard, and every text whose hour has come has had its fate."""

    async def left() -> int:
        books = house.books
        texts: int = await books.value("notifications", _TEXTS_LEFT)
        return await books.unsent() + await books.lag() + texts

    await until(left, lambda count: count == 0, patience=QUIET_SECONDS)


_TEXTS_LEFT = "SELECT count(*) FROM message WHERE state IN ('sending', 'accepted')"


async def _found(house: House) -> dict[str, int]:
    site = UUID(str(LE_MANS.site))
    value = house.books.value
    return {
        "done": await value("booking", "SELECT count(*) FROM appointment WHERE site = $1 AND state = 'done'", site),
        "facts": await value(
            "reporting", "SELECT count(*) FROM appointment_fact WHERE site = $1 AND status = 'done'", site
        ),
        "texts": await value("notifications", "SELECT count(*) FROM message WHERE site = $1", site),
        "delivered": await value(
            "notifications", "SELECT count(*) FROM message WHERE site = $1 AND state = 'delivered'", site
        ),
        "text_facts": await value(
            "reporting", "SELECT count(*) FROM message_fact WHERE site = $1 AND fate = 'delivered'", site
        ),
        # A text that the patient never had, and that no later one replaced.
        "untold": await value(
            "notifications",
            "SELECT count(*) FROM message WHERE site = $1 AND state NOT IN ('delivered', 'cancelled')",
            site,
        ),
        "fully_told": await value("notifications", _FULLY_TOLD, site),
    }


_FULLY_TOLD = """
    SELECT count(*) FROM (
        SELECT appointment FROM message WHERE site = $1
        GROUP BY appointment
        HAVING array_agg(purpose ORDER BY purpose) = '{confirmation,reminder}' AND bool_and(state = 'delivered')
    ) AS told"""


def _cpu(house: House) -> dict[str, float]:
    """Processor seconds of each program so far, its children included."""
    spent = {}
    for one in house.supervisor.watched():
        if one.pid is None:
            continue
        process = psutil.Process(one.pid)
        times = [process.cpu_times(), *(child.cpu_times() for child in process.children(recursive=True))]
        ended = times[0].children_user + times[0].children_system
        spent[one.program.name] = sum(each.user + each.system for each in times) + ended
    return spent
