"""P1: a complete booking over HTTP against PostgreSQL's own one-statement booking. P4: what saying it costs."""

import asyncio
import itertools
from collections.abc import Awaitable, Iterator
from datetime import datetime

import asyncpg
import orjson
import psutil

from smp.contracts.appointments import APPOINTMENTS
from smp.ids import new_id
from tests.bench import engine, topics
from tests.bench.agenda import Agenda, open_agenda
from tests.bench.bench import Bench
from tests.bench.client import closed_loop
from tests.bench.figures import Figure, Ledger, Run
from tests.bench.pinning import pinned, where
from tests.bench.processes import booking, identity, token
from tests.bench.rounds import compare
from tests.support.databases import ServiceDatabase, service_database

GOAL_P1, GOAL_P4 = 0.35, 0.90
_DRAIN_SECONDS = 120.0


async def complete(bench: Bench) -> Figure:
    """P1: bookings per second, closed loop, both with eight clients; the relay is off (P4 measures it)."""
    seconds = 2 if bench.short else 20
    async with (
        service_database(bench.admin_url, "booking", "booking") as served,
        service_database(bench.admin_url, "booking", "booking") as bare,
        identity(bench) as issuer,
        booking(bench, served.app_url, issuer, "api") as (api, port),
    ):
        async with served.admin() as admin, bare.admin() as other:
            agenda, engines = await open_agenda(admin), await open_agenda(other)
        requests, spent = _requests(agenda, await token(issuer)), _Spent(api)
        with pinned(bench, api) as cpu:
            rounds = await compare(
                lambda: spent.on(_over_http(served, port, requests, seconds)),
                lambda: _by_the_engine(bench, bare, engines, seconds, cpu=cpu),
                bench.rounds,
            )
    what = (
        "POST /v1/appointments (token, row security, idempotency key, exclusion constraint, outbox, trace; "
        f"relay off) ÷ one statement by pgbench on the same tables, {engine.CLIENTS} clients each, {where(cpu)}"
    )
    return Figure("P1", what, "bookings/s", GOAL_P1, rounds, extra={"api_cpu_ms_per_booking": spent.milliseconds()})


class _Spent:
    """The processor time of the API's process, which says more than a rate when the machine is shared."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self._seconds = 0.0
        self._bookings = 0

    async def on(self, running: Awaitable[Run]) -> Run:
        before = self._now()
        run = await running
        self._seconds += self._now() - before
        self._bookings += run.ledger.counted
        return run

    def milliseconds(self) -> float:
        return round(1000 * self._seconds / max(1, self._bookings), 3)

    def _now(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)


async def said(bench: Bench) -> Figure:
    """P4: bookings per second with the outbox row and a relay that sends it, and without."""
    seconds = 2 if bench.short else 20
    async with (
        service_database(bench.admin_url, "booking", "booking") as service,
        booking(bench, service.app_url, "http://127.0.0.1:1", "relay") as (relay, _),
    ):
        async with service.admin() as admin:
            agenda = await open_agenda(admin)
        with pinned(bench, relay) as cpu:
            rounds = await compare(
                lambda: _with_relay(bench, service, agenda, seconds, cpu),
                lambda: _by_the_engine(bench, service, agenda, seconds, outbox=False, cpu=cpu),
                bench.rounds,
            )
    await topics.empty(bench.bootstrap, APPOINTMENTS)
    what = f"one-statement booking with outbox row, live relay to Kafka ÷ the same without, pgbench, {where(cpu)}"
    return Figure("P4", what, "bookings/s", GOAL_P4, rounds)


async def _over_http(service: ServiceDatabase, port: int, requests: Iterator[bytes], seconds: float) -> Run:
    before = await _counts(service)
    statuses, took = await closed_loop(port, requests, engine.CLIENTS, seconds)
    booked = statuses.pop(201, 0)
    ledger = _compared(before, await _counts(service), booked) + Ledger(wrong=sum(statuses.values()))
    return Run(booked / took, ledger)


async def _by_the_engine(
    bench: Bench,
    service: ServiceDatabase,
    agenda: Agenda,
    seconds: int,
    *,
    outbox: bool = True,
    cpu: int | None = None,
) -> Run:
    before = await _counts(service)
    done = await engine.book(service.admin_url, agenda, bench.servers.home, seconds, outbox=outbox, cpu=cpu)
    ledger = _compared(before, await _counts(service), done.count, said=outbox)
    return Run(done.per_second, ledger)


async def _with_relay(bench: Bench, service: ServiceDatabase, agenda: Agenda, seconds: int, cpu: int | None) -> Run:
    start = await topics.ends(bench.bootstrap, APPOINTMENTS)
    run = await _by_the_engine(bench, service, agenda, seconds, cpu=cpu)
    async with service.admin() as admin, asyncio.timeout(_DRAIN_SECONDS):
        while await admin.fetchval(_UNSENT):  # noqa: ASYNC110  # the relay is another process
            await asyncio.sleep(0.05)
    found = await topics.ids_since(bench.bootstrap, APPOINTMENTS, start)
    return Run(run.value, run.ledger + Ledger.of(found, run.ledger.counted))


_UNSENT = """
SELECT EXISTS (SELECT FROM smp.outbox AS o, smp.relay_position AS r WHERE (o.xid, o.position) > (r.xid, r.position))
"""


async def _counts(service: ServiceDatabase) -> asyncpg.Record:
    async with service.admin() as admin:
        row = await admin.fetchrow(
            "SELECT (SELECT count(*) FROM appointment) AS appointments,"
            " (SELECT count(*) FROM occupancy) AS occupancies, (SELECT count(*) FROM smp.outbox) AS events"
        )
    assert row is not None
    return row


def _compared(before: asyncpg.Record, after: asyncpg.Record, booked: int, *, said: bool = True) -> Ledger:
    """Each acknowledged booking is there once, holds its three resources and said its one event."""
    grown = {name: after[name] - before[name] for name in ("appointments", "occupancies", "events")}
    return Ledger(
        counted=booked,
        lost=max(0, booked - grown["appointments"]),
        doubled=max(0, grown["appointments"] - booked),
        wrong=abs(grown["occupancies"] - 3 * booked) + abs(grown["events"] - (booked if said else 0)),
    )


def _requests(agenda: Agenda, bearer: str) -> Iterator[bytes]:
    head = (
        "POST /v1/appointments HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {bearer}\r\n"
    )
    for number in itertools.count():
        if number == agenda.size:
            raise RuntimeError("the agenda is full: give it more days")
        session, start, patient = agenda.slot(number)
        body = orjson.dumps(_body(session, start, patient))
        yield f"{head}idempotency-key: {new_id()}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


def _body(session: object, start: datetime, patient: object) -> dict[str, object]:
    return {
        "session": str(session),
        "start": start.isoformat(),
        "kind": "consultation",
        "patient": str(patient),
        "channel": "phone",
        "notify": True,
    }
