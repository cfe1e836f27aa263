-- name: changes
-- What a process that keeps agendas since a snapshot must look at again: resources at some hours, or all sessions of a
-- site and of a professional. One row at least, for the snapshot of this statement.
SELECT now.snapshot, now.has_written, c.site, c.professional, c.resource, c.starts_at, c.ends_at
FROM (SELECT pg_current_snapshot()::text AS snapshot, pg_current_xact_id_if_assigned() IS NOT NULL AS has_written) AS now
LEFT JOIN (
    SELECT NULL::uuid AS site, NULL::uuid AS professional, o.resource, o.starts_at, upper(o.period) AS ends_at
    FROM smp.said_since('smp.booking.appointments', $1::text::pg_snapshot) AS said (appointment)
    JOIN occupancy AS o ON o.appointment = said.appointment
    WHERE o.resource_kind <> 'patient'
    UNION ALL
    SELECT site, professional, resource, starts_at, ends_at
    FROM agenda_change
    WHERE xid >= pg_snapshot_xmin($1::text::pg_snapshot) AND NOT pg_visible_in_snapshot(xid, $1::text::pg_snapshot)
) AS c ON true;

-- name: snapshot
-- From when on changes are to be followed.
SELECT pg_current_snapshot()::text AS snapshot, pg_current_xact_id_if_assigned() IS NOT NULL AS has_written;

-- name: sessions_starting
-- Open sessions of some sites that start in a stretch of time, but those that registry's facts speak against.
SELECT id, territory, site, professional, role, room, kinds, day, starts_at, ends_at, slot_minutes, shares,
       equipment
FROM session
WHERE site = ANY ($1::uuid[]) AND state = 'open' AND unsupported_reason IS NULL AND starts_at >= $2 AND starts_at < $3;

-- name: first_offering
-- When of each of some sites the first open session begins that is for a kind, ends after an instant and begins before
-- another; no session is longer than 16 hours.
SELECT wanted.site, first.starts_at
FROM unnest($1::uuid[]) AS wanted (site)
CROSS JOIN LATERAL (
    SELECT starts_at
    FROM session
    WHERE site = wanted.site AND state = 'open' AND unsupported_reason IS NULL AND $2::text = ANY (kinds)
      AND starts_at > $3::timestamptz - interval '16 hours' AND ends_at > $3 AND starts_at < $4
    ORDER BY starts_at
    LIMIT 1
) AS first;

-- name: presence_of
-- Where some professionals are in a stretch of time, whatever the site.
SELECT id, professional, site, starts_at, ends_at
FROM session
WHERE professional = ANY ($1::uuid[]) AND state = 'open' AND starts_at >= $2 AND starts_at < $3;

-- name: elsewhere
-- Where professionals of a site are besides it in a stretch of time, and the minutes declared for the way.
SELECT s.id, s.professional, s.site, s.starts_at, s.ends_at, d.minutes
FROM session AS s
LEFT JOIN site_distance AS d ON d.one = least(s.site, $1::uuid) AND d.other = greatest(s.site, $1::uuid)
WHERE s.professional = ANY ($2::uuid[]) AND s.state = 'open' AND s.starts_at >= $3 AND s.starts_at < $4 AND s.site <> $1;

-- name: taken
-- What takes the practitioner and the room of sessions, periods that touch joined. Under row security only plain columns
-- bound an index scan: `earliest`, the start less the longest occupancy, is computed beforehand.
SELECT s.id, range_agg(o.period) FILTER (WHERE o.resource = s.practitioner) AS practitioner,
       range_agg(o.period) FILTER (WHERE o.resource = s.room) AS room
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[])
    AS s (id, practitioner, room, earliest, starts_at, ends_at)
JOIN occupancy AS o ON o.resource = ANY (ARRAY[s.practitioner, s.room]) AND o.blocking
                   AND o.starts_at < s.ends_at AND o.starts_at > s.earliest
WHERE upper(o.period) > s.starts_at
GROUP BY s.id;

-- name: distances
-- All declared ways between sites.
SELECT one, other, minutes FROM site_distance;

-- name: declare_distance
-- How long the way between two sites takes, from now on.
INSERT INTO site_distance (one, other, territory, minutes, declared_at, declared_by)
VALUES (least($1::uuid, $2::uuid), greatest($1::uuid, $2::uuid), $3, $4, $5, $6)
ON CONFLICT (one, other) DO UPDATE
SET minutes = excluded.minutes, declared_at = excluded.declared_at, declared_by = excluded.declared_by,
    version = site_distance.version + 1
RETURNING version;

-- name: forget_changes
-- Changes that every process has looked at, or will never: none follows older ones (see use_cases/availability/agendas.py).
DELETE FROM agenda_change WHERE noted_at < now() - $1::interval;
