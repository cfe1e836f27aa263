"""P5: a search over HTTP against PostgreSQL's own multirange optimum on the same data, while others book."""

import asyncio
import contextlib
import itertools
import statistics
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import asyncpg
import orjson

from smp.ids import new_id
from tests.bench.bench import Bench
from tests.bench.figures import Figure, Ledger, Run
from tests.bench.processes import booking, identity, token
from tests.bench.ratios import percentile
from tests.bench.region import SLOT, Region, open_region
from tests.bench.rounds import compare
from tests.support.databases import service_database

GOAL = 1.0
GOAL_MILLISECONDS = 50.0  # 1 000 practitioners × 28 days
WINDOW = timedelta(days=28)
HORIZON = timedelta(weeks=26)  # as far as the next place is told
FIRST = 20  # places asked for
_BOOK_EVERY = 10  # searches
_PATIENTS = 5_000  # more than bookings: nobody is expected twice at once


async def measure(bench: Bench) -> Figure:
    """p95 of ours ÷ p95 of the multirange query; both tell the first 20 places of one centre in 28 days."""
    searches, times = (100, 10) if bench.short else (1000, 100)
    with bench.servers.tuned(shared_buffers="1GB", max_wal_size="16GB"):  # so that the anchor reads from memory
        return await _measure(bench, searches, times)


async def _measure(bench: Bench, searches: int, times: int) -> Figure:
    async with (
        service_database(bench.admin_url, "booking", "booking") as service,
        identity(bench) as issuer,
        booking(bench, service.app_url, issuer, "api") as (process, port),
        service.admin() as admin,
    ):
        region = await open_region(admin, short=bench.short)
        patients = itertools.cycle(await _patients(admin))
        call = partial(_calling, port, await token(issuer))
        cold = sum([await _p95(call, _next(some), 1) for some in _few(region.sites)])
        draw = Random(53)
        rounds = await compare(
            lambda: _ours(call, admin, region, patients, searches, draw),
            lambda: _multirange(admin, region, searches, draw),
            bench.rounds,
        )
        of_sites = {n: await _p95(call, _next(region.sites[:n]), times) for n in _sizes(region)}
        of_days = {n: await _p95(call, _path(region.sites[0], _days(region, n), 2000), times) for n in (7, 14, 28)}
        wrong = await _wrong_nexts(call, admin, region)
        memory = process.memory_info().rss
        next_of_days = {WINDOW.days: of_sites[len(region.sites)]} | {
            days: await _next_of_days(bench, service.app_url, issuer, region, days, times) for days in (14, 7)
        }
    practitioners, whole = len(region.professionals), of_sites[len(region.sites)]
    what = (
        f"GET /v1/availability (JWT, one centre of 10 practitioners × 28 days, first {FIRST} places, a booking after "
        f"every {_BOOK_EVERY}th search) ÷ range_agg(openings) - range_agg(busy) by asyncpg without HTTP, p95, on "
        f"{practitioners} practitioners and {region.appointments} appointments"
    )
    extra = {
        "next_free_and_places_of_all_p95_ms": whole,
        "next_free_and_places_of_all_goal_ms": GOAL_MILLISECONDS,
        "first_search_of_all_after_start_ms": round(cold, 1),
        "next_free_and_places_p95_ms_by_practitioners": {10 * n: value for n, value in of_sites.items()},
        "all_places_of_a_centre_p95_ms_by_days": of_days,
        "next_free_and_places_of_all_p95_ms_by_days": next_of_days,
        "cost_of_next_free_by_practitioners": _cost("practitioner", {10 * n: it for n, it in of_sites.items()}),
        "cost_of_next_free_by_days": _cost("day", next_of_days),
        "cost_of_all_places_by_days": _cost("day", of_days),
        "answers_compared_with_sql": (bench.rounds + 1) * searches // _BOOK_EVERY + len(region.sites),
        "next_free_answers_wrong": wrong,
        "practitioners": practitioners,
        "appointments": region.appointments,
        "api_rss_mb": round(memory / 1e6),
    }
    return Figure(
        "P5", what, "ms", GOAL, rounds, at_most=True, extra=extra, also=(whole <= GOAL_MILLISECONDS, not wrong)
    )


@dataclass
class _Caller:
    """One keep-alive connection; its own cost is a few microseconds."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    bearer: str

    async def get(self, path: str) -> tuple[int, bytes]:
        return await self._ask("GET", path, "", b"")

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        content = f"content-type: application/json\r\ncontent-length: {len(body)}\r\nidempotency-key: {new_id()}\r\n"
        return await self._ask("POST", path, content, body)

    async def _ask(self, method: str, path: str, headers: str, body: bytes) -> tuple[int, bytes]:
        head = f"{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {self.bearer}\r\n{headers}\r\n"
        self.writer.write(head.encode() + body)
        answer = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        at = answer.index(b"content-length:") + 15
        return int(answer[9:12]), await self.reader.readexactly(int(answer[at : answer.index(b"\r", at)]))


_Call = Callable[[], contextlib.AbstractAsyncContextManager[_Caller]]


@contextlib.asynccontextmanager
async def _calling(port: int, bearer: str) -> AsyncIterator[_Caller]:
    """A connection for one run: the server closes those that stand idle."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield _Caller(reader, writer, bearer)
    finally:
        writer.close()


async def _ours(
    call: _Call, admin: asyncpg.Connection, region: Region, patients: Iterator[UUID], searches: int, draw: Random
) -> Run:
    took, ledger = [], Ledger()
    async with call() as caller:
        for number in range(searches):
            site, window = draw.choice(region.sites), _window(region, draw)
            started = time.perf_counter()
            status, body = await caller.get(_path(site, window, FIRST))
            took.append(time.perf_counter() - started)
            right = status == 200
            if number % _BOOK_EVERY == 0 and right:
                slots = orjson.loads(body)["slots"]
                right = await _same(admin, region, site, window, slots)
                right = right and await _book(caller, draw.choice(slots), next(patients))
            ledger += Ledger(counted=1, wrong=0 if right else 1)
    return Run(percentile(took, 0.95) * 1000, ledger)


async def _same(
    admin: asyncpg.Connection, region: Region, site: UUID, window: tuple[datetime, datetime], slots: Sequence[Any]
) -> bool:
    gaps = await admin.fetch(_GAPS, site, *window, region.numbers[site], None)
    free = sorted(
        (start.isoformat().replace("+00:00", "Z"), str(region.professionals[row["number"]]))
        for row in gaps
        for start in _starts(row["gap"])
    )
    told = [(slot["start"], slot["professional"]) for slot in slots]
    return [start for start, _ in told] == [start for start, _ in free[:FIRST]] and set(told) <= set(free)


def _starts(gap: Any) -> list[datetime]:
    return [gap.lower + n * SLOT for n in range((gap.upper - gap.lower) // SLOT)]


async def _book(caller: _Caller, slot: Any, patient: UUID) -> bool:
    """Take a place that was told: the next search must know of it."""
    body = {"session": slot["session"], "start": slot["start"], "kind": "consultation", "patient": str(patient)}
    status, _ = await caller.post("/v1/appointments", orjson.dumps(body))
    return status == 201


async def _multirange(admin: asyncpg.Connection, region: Region, searches: int, draw: Random) -> Run:
    statement = await admin.prepare(_GAPS)
    took, wrong = [], 0
    for _ in range(searches):
        site, window = draw.choice(region.sites), _window(region, draw)
        started = time.perf_counter()
        rows = await statement.fetch(site, *window, region.numbers[site], FIRST)
        took.append(time.perf_counter() - started)
        wrong += not rows
    return Run(percentile(took, 0.95) * 1000, Ledger(counted=searches, wrong=wrong))


async def _p95(call: _Call, path: str, times: int) -> float:
    """Of the same question asked several times, in milliseconds."""
    took = []
    async with call() as caller:
        for _ in range(times):
            started = time.perf_counter()
            status, body = await caller.get(path)
            took.append((time.perf_counter() - started) * 1000)
            if status != 200:
                raise RuntimeError(f"a search was refused: {body[:300]!r}")
    return round(percentile(took, 0.95), 2)


async def _next_of_days(bench: Bench, database: str, issuer: str, region: Region, days: int, times: int) -> float:
    """The next places of the whole region by a process that counts places so many days ahead, in milliseconds (p95)."""
    async with booking(bench, database, issuer, "api", SMP_SEARCH_DAYS=str(days)) as (_, port):
        call = partial(_calling, port, await token(issuer))
        for some in _few(region.sites):
            await _p95(call, _next(some), 1)
        return await _p95(call, _next(region.sites), times)


def _cost(of: str, measured: dict[int, float]) -> str:
    """The line through p95s."""
    slope, intercept = statistics.linear_regression(list(measured), list(measured.values()))
    return f"{intercept:.2f} ms + {slope * 1000:.1f} µs a {of}"


async def _wrong_nexts(call: _Call, admin: asyncpg.Connection, region: Region) -> int:
    """Sites of which the next place, the third next or the number of places is not what PostgreSQL finds."""
    async with call() as caller:
        before = datetime.now(UTC)
        _, body = await caller.get(_next(region.sites))
        after = datetime.now(UTC)
    wrong = 0
    for told in orjson.loads(body)["sites"]:
        site = UUID(told["site"])
        gaps = await admin.fetch(_GAPS, site, region.today, after + HORIZON, region.numbers[site], None)
        starts = sorted(start for row in gaps for start in _starts(row["gap"]))
        said = _said(told["next"]), _said(told["third"]), told["places"][0]["places"]
        wrong += said not in [_expected(starts, now) for now in (before, after)]
    return wrong


def _said(slot: Any) -> datetime | None:
    return slot and datetime.fromisoformat(slot["start"])


def _expected(starts: Sequence[datetime], now: datetime) -> tuple[datetime | None, datetime | None, int]:
    free = [start for start in starts if now <= start < now + HORIZON]
    places = sum(start < now + WINDOW for start in free)
    return free[0] if free else None, free[2] if len(free) > 2 else None, places


def _sizes(region: Region) -> list[int]:
    return sorted({1, len(region.sites) // 10, len(region.sites)})


def _window(region: Region, draw: Random) -> tuple[datetime, datetime]:
    """28 days that begin within the next week."""
    start = region.today + timedelta(days=draw.randint(1, 7))
    return start, start + WINDOW


def _few(sites: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    """Sites read for the first time, some at once: no request waits for all of them."""
    return (sites[at : at + 5] for at in range(0, len(sites), 5))


def _days(region: Region, days: int) -> tuple[datetime, datetime]:
    start = region.today + timedelta(days=1)
    return start, start + timedelta(days=days)


def _path(site: UUID, window: tuple[datetime, datetime], limit: int) -> str:
    asked = {
        "site": site, "kind": "consultation", "from": window[0].isoformat(), "to": window[1].isoformat(),
        "order": "chronological", "limit": limit,
    }  # fmt: skip
    return f"/v1/availability?{urlencode(asked)}"


def _next(sites: Sequence[UUID]) -> str:
    return f"/v1/availability/next?{urlencode([('kind', 'consultation'), *(('site', site) for site in sites)])}"


async def _patients(admin: asyncpg.Connection) -> list[UUID]:
    patients = [new_id() for _ in range(_PATIENTS)]
    eligible = orjson.dumps([{"sequence": 1, "from": "2020-01-01", "status": "eligible"}]).decode()
    await admin.execute(
        "INSERT INTO patient (id, territory, registered_at, eligibility) "
        "SELECT id, '53', now(), $2::jsonb FROM unnest($1::uuid[]) AS p (id)",
        patients,
        eligible,
    )
    return patients


# PERFORMANCE §1.5. It is told which practitioners the site has, so that it reads nothing twice.
_GAPS = """
WITH openings AS (
    SELECT practitioner_resource AS number, range_agg(tstzrange(starts_at, ends_at)) AS periods
    FROM session
    WHERE site = $1 AND state = 'open' AND starts_at >= $2 AND starts_at < $3
    GROUP BY practitioner_resource
), busy AS (
    SELECT resource AS number, range_agg(period) AS periods
    FROM occupancy
    WHERE resource = ANY ($4::bigint[]) AND blocking AND starts_at >= $2 AND starts_at < $3
    GROUP BY resource
)
SELECT number, gap
FROM openings AS o
LEFT JOIN busy AS b USING (number), unnest(o.periods - coalesce(b.periods, '{}')) AS gap
WHERE upper(gap) - lower(gap) >= interval '20 minutes'
ORDER BY lower(gap)
LIMIT $5
"""
