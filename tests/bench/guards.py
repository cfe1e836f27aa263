"""P3: what the guarantees cost a booking, and what a sold-out practitioner does to those who all want the same day."""

import statistics
from dataclasses import dataclass

import asyncpg

from tests.bench.agenda import Agenda, open_agenda
from tests.bench.bench import Bench
from tests.bench.engine import CLIENTS, book, pgbench
from tests.bench.figures import Figure, Ledger, Run
from tests.bench.pinning import pinned, where
from tests.bench.rounds import compare
from tests.support.databases import ServiceDatabase, service_database

GOAL_P3 = 0.80
WRITERS = 16
PLACES, FEW_PLACES = 1_440, 240  # of the one practitioner whom everybody wants; no multiples of seven
P99_MILLISECONDS = 10.0

# The statement of the service in small: the appointment is written only if all that it takes was had.
_RUSH = """\\set i :i + 1
\\set place (:i * 7 + :client_id * 91) % :places
\\set whose random(1, 1000000000)
WITH wish AS (
    SELECT uuidv7() AS id, timestamptz '2030-01-01' + :place * interval '20 minutes' AS starts_at
), occupied AS (
    INSERT INTO occupancy (appointment, resource, resource_kind, territory, period)
    SELECT w.id, r.number, r.kind, '53', tstzrange(w.starts_at, w.starts_at + interval '20 minutes')
    FROM wish AS w, (VALUES (1::bigint, 'practitioner'), (2::bigint, 'room'),
                            (:whose::bigint + 2000000, 'patient')) AS r (number, kind)
    ORDER BY r.number
    ON CONFLICT DO NOTHING
    RETURNING 1
)
INSERT INTO appointment (id, territory, site, session, day, patient, professional, role, kind, mode, starts_at,
                         ends_at, capacity_class, channel, state, notify, requested_at, booked_at, trail)
SELECT w.id, '53', '{site}', '{session}', '2030-01-01', uuidv7(), '{session}', 'gp', 'consultation', 'AMB',
       w.starts_at, w.starts_at + interval '20 minutes', 'desk', 'phone', 'booked', true, now(), now(),
       '[{{"version": 1, "state": "booked", "at": "2030-01-01T00:00:00Z", "by": "bench"}}]'
FROM wish AS w
WHERE (SELECT count(*) FROM occupied) = 3;
"""


@dataclass(frozen=True, slots=True)
class _Rush:
    """What became of the one practitioner's places."""

    tries: int
    sold: int
    overlaps: int
    deadlocks: int
    p50: float
    p99: float  # milliseconds


async def guarded(bench: Bench) -> Figure:
    """P3: bookings per second with exclusion constraint, row security, idempotency key and outbox, against the same
    rows without constraint, row security or key; then the rush on one practitioner."""
    seconds = 2 if bench.short else 20
    async with (
        service_database(bench.admin_url, "booking", "booking") as closed,
        service_database(bench.admin_url, "booking", "booking") as open_,
    ):
        async with closed.admin() as admin, open_.admin() as other:
            ours, bare = await open_agenda(admin), await open_agenda(other)
            await other.execute("ALTER TABLE occupancy DROP CONSTRAINT occupancy_no_overlap")
        with pinned(bench) as cpu:
            rounds = await compare(
                lambda: _book(bench, closed, ours, seconds, cpu, guards=True),
                lambda: _book(bench, open_, bare, seconds, cpu, guards=False),
                bench.rounds,
            )
        places = FEW_PLACES if bench.short else PLACES
        rush = await _rush(bench, closed, ours, places)
    sound = rush.sold == places and not rush.overlaps and not rush.deadlocks
    what = (
        "one-statement booking with exclusion constraint, row security, idempotency key ÷ the same rows unguarded, "
        f"pgbench, {CLIENTS} clients, {where(cpu)}; then, not pinned, {WRITERS} writers on one practitioner "
        f"({places} places), as pgbench sees them answered"
    )
    return Figure(
        "P3", what, "bookings/s", GOAL_P3, rounds,
        extra={
            "rush_writers": WRITERS, "rush_places": places, "rush_tries": rush.tries, "rush_sold": rush.sold,
            "rush_overlaps": rush.overlaps, "rush_deadlocks": rush.deadlocks,
            "rush_p50_ms": rush.p50, "rush_p99_ms": rush.p99, "rush_p99_goal_ms": P99_MILLISECONDS,
        },
        also=(sound, rush.p99 <= P99_MILLISECONDS),
    )  # fmt: skip


async def _book(
    bench: Bench, service: ServiceDatabase, agenda: Agenda, seconds: int, cpu: int | None, *, guards: bool
) -> Run:
    before = await _counts(service)
    # The app's role obeys row security; a superuser does not.
    url = service.app_url if guards else service.admin_url
    done = await book(url, agenda, bench.servers.home, seconds, answer=guards, cpu=cpu)
    grown = {name: after - before[name] for name, after in (await _counts(service)).items()}
    booked = done.count
    answers = booked if guards else 0
    wrong = abs(grown["occupancies"] - 3 * booked) + abs(grown["events"] - booked) + abs(grown["answers"] - answers)
    ledger = Ledger(
        counted=booked,
        lost=max(0, booked - grown["appointments"]),
        doubled=max(0, grown["appointments"] - booked),
        wrong=wrong,
    )
    return Run(done.per_second, ledger)


async def _rush(bench: Bench, service: ServiceDatabase, agenda: Agenda, places: int) -> _Rush:
    """Each writer asks for every place, in an order of its own."""
    async with service.admin() as admin:
        await admin.execute("TRUNCATE occupancy, appointment CASCADE")
        before = await _deadlocks(admin)
    script = bench.servers.home / "rush.sql"
    script.write_text(_RUSH.format(site=agenda.site, session=agenda.sessions[0]))
    logs = bench.servers.home / "rush"
    done = await pgbench(
        service.app_url, script, WRITERS, "-t", str(places), "-D", "i=0", "-D", f"places={places}",
        "-l", "--log-prefix", str(logs),
    )  # fmt: skip
    milliseconds = sorted(
        int(line.split()[2]) / 1000 for log in logs.parent.glob("rush.*[0-9]") for line in log.read_text().splitlines()
    )
    async with service.admin() as admin:
        sold = await admin.fetchval("SELECT count(*) FROM appointment")
        overlaps = await admin.fetchval(_OVERLAPS)
        deadlocks = await _deadlocks(admin) - before
    cuts = statistics.quantiles(milliseconds, n=100)
    return _Rush(done.count, sold, overlaps, deadlocks, round(cuts[49], 2), round(cuts[98], 2))


_OVERLAPS = """
SELECT count(*) FROM occupancy AS a JOIN occupancy AS b USING (resource)
WHERE a.appointment < b.appointment AND a.blocking AND b.blocking AND a.period && b.period
"""


async def _deadlocks(admin: asyncpg.Connection) -> int:
    return int(await admin.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))


async def _counts(service: ServiceDatabase) -> dict[str, int]:
    async with service.admin() as admin:
        row = await admin.fetchrow(
            "SELECT (SELECT count(*) FROM appointment) AS appointments, (SELECT count(*) FROM occupancy) AS"
            " occupancies, (SELECT count(*) FROM smp.outbox) AS events,"
            " (SELECT count(*) FROM smp.idempotency) AS answers"
        )
    assert row is not None
    return dict(row)
