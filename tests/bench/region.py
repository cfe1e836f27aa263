"""A region to search in: 100 centres, 1 000 practitioners, 180 days of sessions, 4 million appointments in them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from booking.domain import resources
from smp.ids import new_id

PRACTITIONERS = 10  # of each centre
SLOT = timedelta(minutes=20)
SLOTS_A_DAY = 24


@dataclass(frozen=True)
class Region:
    """Every practitioner receives eight hours of every day, on a grid of twenty minutes; fourteen of fifteen slots are
    taken, which ones looks random."""

    sites: list[UUID]
    professionals: dict[int, UUID]  # by number of resource
    numbers: dict[UUID, list[int]]  # of the practitioners of a site
    today: datetime
    days: int
    appointments: int


async def open_region(admin: asyncpg.Connection, *, short: bool) -> Region:
    """Write the region as booking's own tables would stand. Indexes are built once all of it is there; that no two
    occupancies meet is known from how they are made."""
    centres, days = (10, 40) if short else (100, 180)
    sites = [new_id() for _ in range(centres)]
    people = [(site, who, resources.practitioner(who).number) for site in sites for who in _some(PRACTITIONERS)]
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first = today - timedelta(days=days // 4)
    await admin.execute("SET session_replication_role = replica; SET maintenance_work_mem = '1GB'")
    await admin.execute(_SITES, sites)
    await admin.execute(_SESSIONS, *zip(*people, strict=True), first, days, timeout=_LOAD_SECONDS)
    await admin.execute(_INDEXES_REST.format(ready=False))
    await admin.execute(_APPOINTMENTS, timeout=_LOAD_SECONDS)
    await admin.execute(_OCCUPANCIES, timeout=_LOAD_SECONDS)
    await admin.execute(_INDEXES_REST.format(ready=True))
    await admin.execute("REINDEX TABLE appointment", timeout=_LOAD_SECONDS)
    # Builds all indexes, the constraint's too, without trying eight million rows against it one by one.
    await admin.execute("VACUUM FULL occupancy", timeout=_LOAD_SECONDS)
    await admin.execute("VACUUM ANALYZE", timeout=_LOAD_SECONDS)
    await admin.execute("CHECKPOINT; RESET session_replication_role", timeout=_LOAD_SECONDS)
    count = await admin.fetchval("SELECT count(*) FROM appointment")
    numbers: dict[UUID, list[int]] = {}
    for site, _, number in people:
        numbers.setdefault(site, []).append(number)
    return Region(sites, {number: who for _, who, number in people}, numbers, today, days, count)


def _some(count: int) -> list[UUID]:
    return [new_id() for _ in range(count)]


_LOAD_SECONDS = 1800.0

_SITES = """
INSERT INTO site (id, territory, zone, opened_on)
SELECT id, '53', 'Europe/Paris', '2020-01-01' FROM unnest($1::uuid[]) AS s (id)
"""

_SESSIONS = """
INSERT INTO session (id, territory, site, professional, role, kinds, day, starts_at, ends_at, slot_minutes, opened_at,
                     opened_by, practitioner_resource)
SELECT uuidv7(), '53', p.site, p.professional, 'gp', '{consultation}', (d.starts_at AT TIME ZONE 'Europe/Paris')::date,
       d.starts_at, d.starts_at + interval '8 hours', 20, now(), 'bench', p.number
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS p (site, professional, number),
     (SELECT $4::timestamptz + n * interval '1 day' + interval '8 hours' AS starts_at
      FROM generate_series(0, $5::int - 1) AS n) AS d
ORDER BY d.starts_at, p.site
"""

_INDEXES_REST = """
UPDATE pg_index SET indisready = {ready} WHERE indrelid IN ('appointment'::regclass, 'occupancy'::regclass)
"""

# The hash leaves one slot of fifteen free. Sessions, and so appointments, lie in order of their day, as in life.
_APPOINTMENTS = """
INSERT INTO appointment (id, territory, site, session, day, patient, professional, role, kind, mode, starts_at, ends_at,
                         capacity_class, channel, state, notify, requested_at, booked_at, trail)
SELECT uuidv7(), '53', s.site, s.id, s.day, gen_random_uuid(), s.professional, 'gp', 'consultation', 'AMB',
       s.starts_at + n * interval '20 minutes', s.starts_at + (n + 1) * interval '20 minutes', 'desk', 'phone',
       'booked', true, now(), now(), '[]'
FROM session AS s, generate_series(0, 23) AS n
WHERE hashint8(s.practitioner_resource # (extract(epoch FROM s.starts_at)::bigint + n)) % 15 <> 0
"""

_OCCUPANCIES = """
INSERT INTO occupancy (appointment, resource, resource_kind, territory, period)
SELECT a.id, r.number, r.kind, '53', tstzrange(a.starts_at, a.ends_at)
FROM appointment AS a JOIN session AS s ON s.id = a.session CROSS JOIN LATERAL (VALUES
    ('practitioner', s.practitioner_resource),
    ('patient', ('x' || translate(substr(a.patient::text, 20), '-', ''))::bit(64)::bigint | (-4611686018427387904))
) AS r (kind, number)
"""
