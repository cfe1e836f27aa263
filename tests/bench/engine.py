"""What PostgreSQL alone can do: one statement a booking, by pgbench, on the same tables with the same guarantees."""

import asyncio
import itertools
import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from smp_local.postgres import binaries
from tests.bench.agenda import Agenda

CLIENTS = 8
_bases = itertools.count(1)

_OUTBOX = """, said AS (
    INSERT INTO smp.outbox (id, aggregatetype, aggregateid, type, sequence, territory, site, occurred_at, payload)
    SELECT uuidv7(), 'smp.booking.appointments', a.id, 'fr.smp.booking.SlotBooked.v1', 1, '53', '{site}', now(),
           convert_to(repeat('x', 560), 'UTF8')
    FROM placed AS a
)"""

# n is new in each transaction of each client of each run: resource n % 200 at the n / 200-th slot is always free.
_BOOKING = """\\set i :i + 1
\\set n :base + :client_id * 1000000 + :i
\\set who :n % 200
\\set whose :n % 20000
\\set slot :n / 200
WITH placed AS (
    INSERT INTO appointment (id, territory, site, session, day, patient, professional, role, kind, mode, starts_at,
                             ends_at, capacity_class, channel, state, notify, requested_at, booked_at, trail)
    VALUES (uuidv7(), '53', '{site}', '{session}', '2030-01-01', uuidv7(), '{session}', 'gp', 'consultation', 'AMB',
            timestamptz '2030-01-01' + :slot * interval '20 minutes',
            timestamptz '2030-01-01' + :slot * interval '20 minutes' + interval '20 minutes',
            'desk', 'phone', 'booked', true, now(), now(),
            '[{{"version": 1, "state": "booked", "at": "2030-01-01T00:00:00Z", "by": "bench"}}]')
    RETURNING id, starts_at, ends_at
), occupied AS (
    INSERT INTO occupancy (appointment, resource, resource_kind, territory, period)
    SELECT a.id, r.number, r.kind, '53', tstzrange(a.starts_at, a.ends_at)
    FROM placed AS a, (VALUES (:who::bigint, 'practitioner'), (:who::bigint + 1000000, 'room'),
                              (:whose::bigint + 2000000, 'patient')) AS r (number, kind)
    RETURNING 1
){outbox}{answer}
SELECT count(*) FROM occupied;
"""

_ANSWER = """, answered AS (
    INSERT INTO smp.idempotency (subject, key, fingerprint, status, body)
    SELECT 'bench', a.id::text, decode(repeat('ab', 32), 'hex'), 201, convert_to(repeat('y', 700), 'UTF8')
    FROM placed AS a
)"""


@dataclass(frozen=True, slots=True)
class Bookings:
    """What pgbench reports: transactions, and how many a second."""

    count: int
    per_second: float


async def book(
    url: str, agenda: Agenda, folder: Path, seconds: int, *, outbox: bool = True, answer: bool = False,
    cpu: int | None = None,
) -> Bookings:  # fmt: skip
    """Book as fast as the server can; `answer` keeps an answer under an idempotency key beside each booking."""
    script = folder / f"booking-{outbox}-{answer}.sql"
    script.write_text(
        _BOOKING.format(
            site=agenda.site, session=agenda.sessions[0],
            outbox=_OUTBOX.format(site=agenda.site) if outbox else "",
            answer=_ANSWER if answer else "",
        )
    )  # fmt: skip
    base = next(_bases) * 10_000_000
    return await pgbench(url, script, CLIENTS, "-T", str(seconds), "-D", "i=0", "-D", f"base={base}", cpu=cpu)


async def pgbench(url: str, script: Path, clients: int, *arguments: str, cpu: int | None = None) -> Bookings:
    """Run a script, with prepared statements and the right to département 53; `cpu` is the core on which it stays.

    Raises RuntimeError with what pgbench said, when it failed."""
    parts = urlsplit(url)
    process = await asyncio.create_subprocess_exec(
        str(binaries() / "pgbench"), "-n", "-M", "prepared", "-c", str(clients), "-j", "1", "-f", str(script),
        *arguments, "-h", str(parts.hostname), "-p", str(parts.port), "-U", str(parts.username), parts.path.lstrip("/"),
        env={**os.environ, "PGPASSWORD": unquote(parts.password or ""), "PGOPTIONS": "-c smp.territories=53"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    if cpu is not None:
        os.sched_setaffinity(process.pid, {cpu})
    said = (await process.communicate())[0].decode()
    count = re.search(r"actually processed: (\d+)", said)
    speed = re.search(r"^tps = ([0-9.]+)", said, re.MULTILINE)
    if process.returncode or count is None or speed is None:
        raise RuntimeError(f"pgbench failed: {said[-400:]}")
    return Bookings(int(count[1]), float(speed[1]))
