"""The SQL itself: every statement is accepted by the migrated schema, and what is asked often uses its index."""

from collections.abc import AsyncIterator
from datetime import timedelta
from importlib.resources import files
from uuid import uuid4

import asyncpg
import pytest

from smp.postgres import Scope
from smp.sql import Statements
from tests.booking.world import NOW
from tests.support.databases import ServiceDatabase, service_database

LATER = NOW + timedelta(days=28)
FILES = sorted(path.name for path in files("booking.store").iterdir() if path.name.endswith(".sql"))
ALL = [(file, name) for file in FILES for name in vars(Statements.load("booking.store", file))]


@pytest.mark.parametrize(("file", "name"), ALL)
async def test_a_statement_is_accepted_by_the_schema(booking_database: ServiceDatabase, file: str, name: str) -> None:
    async with booking_database.database.transaction(Scope(frozenset({"53"}))) as tx:
        await tx.connection.prepare(getattr(Statements.load("booking.store", file), name))


_OCCUPY = """
INSERT INTO occupancy (appointment, resource, resource_kind, territory, period)
VALUES ($1, $2, $3, $4, tstzrange($5, $6))
"""


@pytest.mark.parametrize("kind", ["practitioner", "room", "patient"])
async def test_the_database_itself_refuses_two_occupancies_of_anything_even_across_territories(
    booking_database: ServiceDatabase, kind: str
) -> None:
    resource, hour = uuid4().int >> 66, timedelta(hours=1)
    for territory, start in (("53", NOW), ("72", NOW + hour)):  # touching is no overlap
        async with booking_database.database.transaction(Scope(frozenset({territory}))) as tx:
            await tx.execute(_OCCUPY, uuid4(), resource, kind, territory, start, start + hour)
    with pytest.raises(asyncpg.ExclusionViolationError) as refused:
        async with booking_database.database.transaction(Scope(frozenset({"72"}))) as tx:
            await tx.execute(_OCCUPY, uuid4(), resource, kind, "72", NOW + hour / 2, NOW + hour)
    assert refused.value.constraint_name == "occupancy_no_overlap"


@pytest.fixture(scope="module")
async def crowded(postgres_url: str) -> AsyncIterator[ServiceDatabase]:
    """A hundred sites with sessions and appointments enough for the planner to care."""
    async with service_database(postgres_url, "booking", "booking", pool=2) as database:
        async with database.admin() as connection:
            await connection.execute(_CROWD)
        yield database


_CROWD = """
INSERT INTO session (id, territory, site, professional, role, kinds, day, starts_at, ends_at, slot_minutes, opened_at,
                     opened_by, practitioner_resource)
SELECT uuidv7(), '53', md5((n % 100)::text)::uuid, uuidv7(), 'gp', '{consultation}', '2027-01-01'::date + n / 100,
       '2027-01-01 09:00Z'::timestamptz + n / 100 * interval '1 day',
       '2027-01-01 12:00Z'::timestamptz + n / 100 * interval '1 day', 20, now(), 'test', n
FROM generate_series(0, 19999) AS n;
INSERT INTO appointment (id, territory, site, session, day, patient, professional, role, kind, mode, starts_at, ends_at,
                         capacity_class, channel, state, notify, requested_at, expires_at, trail)
SELECT uuidv7(), territory, site, id, day, uuidv7(), professional, role, 'consultation', 'AMB', starts_at,
       starts_at + interval '20 minutes', 'desk', 'phone',
       CASE WHEN practitioner_resource % 500 = 0 THEN 'held' ELSE 'booked' END, true, now(), starts_at, '[]'
FROM session;
INSERT INTO occupancy (appointment, resource, resource_kind, territory, period)
SELECT a.id, s.practitioner_resource % 200, 'practitioner', a.territory, tstzrange(a.starts_at, a.ends_at)
FROM appointment AS a JOIN session AS s ON s.id = a.session
ON CONFLICT DO NOTHING;
ANALYZE;
"""


SEEN = (uuid4(), NOW.date(), LATER.date(), NOW, LATER, None, False, False)
RESHAPED: tuple[object, ...] = ([uuid4()], NOW.date(), LATER.date(), None, None, uuid4(), NOW, LATER, NOW, [])


@pytest.mark.parametrize(
    ("file", "name", "arguments", "index", "column"),
    [
        ("sessions.sql", "busy", ([1, 2, 3], NOW, LATER, NOW, False, []), "occupancy_by_resource", "starts_at"),
        ("sessions.sql", "busy", ([1, 2, 3], NOW, LATER, NOW, False, []), "appointment_holds", "expires_at"),
        ("sessions.sql", "open_at", (uuid4(), NOW, LATER), "session_by_site", "starts_at"),
        (
            "sessions.sql",
            "between",
            SEEN,
            "session_by_site",
            "starts_at",
        ),
        ("agendas.sql", "first_offering", ([uuid4()], "consultation", NOW, LATER), "session_by_site", "starts_at"),
        ("sessions.sql", "open_of_professionals", ([uuid4()], NOW, LATER), "session_by_professional", "starts_at"),
        (
            "sessions.sql",
            "lock_to_reshape",
            RESHAPED,
            "session_by_rule",
            "rule",
        ),
        (
            "sessions.sql",
            "lock_to_reshape",
            RESHAPED,
            "session_by_professional",
            "starts_at",
        ),
        ("appointments.sql", "day_of_site", (uuid4(), NOW.date()), "appointment_by_site_and_day", "day"),
        ("appointments.sql", "lock_expired", (NOW, 500), "appointment_holds", "expires_at"),
    ],
)
async def test_row_security_does_not_keep_a_frequent_read_from_its_index(
    crowded: ServiceDatabase, file: str, name: str, arguments: tuple[object, ...], index: str, column: str
) -> None:
    """Under row security only leakproof comparisons may be index conditions; the plan must show ours as such."""
    statement = getattr(Statements.load("booking.store", file), name)
    async with crowded.database.transaction(Scope(frozenset({"53"}))) as tx:
        plan = [row[0] for row in await tx.fetch(f"EXPLAIN {statement}", *arguments)]
    scan = next(n for n, line in enumerate(plan) if index in line)
    condition = next(line for line in plan[scan:] if "Index Cond" in line)
    assert column in condition
