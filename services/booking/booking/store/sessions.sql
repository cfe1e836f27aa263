-- name: get
-- One session, whatever its state.
SELECT id, territory, site, professional, role, room, kinds, day, starts_at, ends_at, slot_minutes, shares, equipment, state,
       version, rule
FROM session
WHERE id = $1;

-- name: lock
-- One session before it is cancelled: bookings that read it (FOR KEY SHARE) end first, later ones wait.
SELECT id, territory, site, professional, role, room, kinds, day, starts_at, ends_at, slot_minutes, shares, equipment, state,
       version, rule
FROM session
WHERE id = $1
FOR UPDATE;

-- name: lock_of_day
-- The open sessions of a site on a day, in id order, before that day is closed.
SELECT id, territory, site, professional, role, room, kinds, day, starts_at, ends_at, slot_minutes, shares, equipment, state,
       version, rule
FROM session
WHERE site = $1 AND day = $2 AND state = 'open' AND starts_at BETWEEN $3 AND $4
ORDER BY id
FOR UPDATE;

-- name: open_at
-- Open sessions of a site that meet a window; no session is longer than 16 hours.
SELECT id, territory, site, professional, role, room, kinds, day, starts_at, ends_at, slot_minutes, shares, equipment, state,
       version, rule
FROM session
WHERE site = $1 AND state = 'open' AND starts_at < $3 AND starts_at > $2::timestamptz - interval '16 hours' AND ends_at > $2
ORDER BY starts_at, id;

-- name: share_presence_of_supervisors
-- The presence that covers an intern, kept as it is until the booking ends; in id order, so that no two wait crosswise.
-- Nobody is present at a site that is closed for good.
SELECT id, territory, site, professional, role, room, kinds, day, starts_at, ends_at, slot_minutes, shares, equipment, state,
       version, rule
FROM session
WHERE site = $1 AND state = 'open' AND starts_at < $4 AND starts_at > $3::timestamptz - interval '16 hours' AND ends_at > $3
  AND professional IN (SELECT supervisor FROM supervision WHERE intern = $2)
  AND NOT EXISTS (SELECT FROM site WHERE site.id = $1 AND site.closed_from <= session.day)
ORDER BY id
FOR KEY SHARE;

-- name: busy
-- What takes these resources in a window; no occupancy is longer than a session.
SELECT resource, starts_at, upper(period) AS ends_at
FROM occupancy
WHERE resource = ANY ($1::bigint[]) AND blocking
  AND starts_at < $3 AND starts_at > $2::timestamptz - interval '16 hours' AND upper(period) > $2;

-- name: insert
-- Opens sessions; those that already exist, or that would put a professional or a room in two places, are left out.
INSERT INTO session (id, territory, site, professional, role, room, kinds, day, starts_at, ends_at, slot_minutes,
                     rule, rule_version, opened_at, opened_by, practitioner_resource, room_resource, shares,
                     next_release_at, equipment)
SELECT n.id, $1, $2, $3, n.role, $4, $5, n.day, n.starts_at, n.ends_at, $6, $7, $8, $9, $10, $11, $12, n.shares,
       n.next_release_at, $20
FROM unnest($13::uuid[], $14::text[], $15::date[], $16::timestamptz[], $17::timestamptz[], $18::jsonb[],
            $19::timestamptz[]) AS n (id, role, day, starts_at, ends_at, shares, next_release_at)
ORDER BY n.starts_at
ON CONFLICT DO NOTHING
RETURNING id;

-- name: cancel
-- Ends sessions that were locked before.
UPDATE session
SET state = 'cancelled', version = version + 1, cancel_reason = $2, cancelled_at = $3, cancelled_by = $4
WHERE id = ANY ($1::uuid[])
RETURNING id, version;

-- name: insert_rule
-- Keeps a rule of recurrence.
INSERT INTO session_rule (id, territory, site, professional, room, kinds, slot_minutes, weekdays, every_weeks, anchor,
                          dates, starts, ends, valid_from, valid_until, created_at, created_by, shares, equipment)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18::jsonb, $19);

-- name: rules_behind
-- Rules not yet turned into sessions as far as a day.
SELECT id, site
FROM session_rule
WHERE (materialised_until IS NULL OR materialised_until < $1)
  AND (valid_until IS NULL OR valid_until > coalesce(materialised_until, valid_from - 1))
ORDER BY site, id;

-- name: lock_rule
-- One rule, for one materialiser at a time.
SELECT id, version, territory, site, professional, room, kinds, slot_minutes, weekdays, every_weeks, anchor, dates, starts, ends,
       valid_from, valid_until, materialised_until, shares, equipment
FROM session_rule
WHERE id = $1
FOR UPDATE;

-- name: days_of_rule
-- Days of a rule that have their session already, cancelled ones included.
SELECT day FROM session WHERE rule = $1 AND day BETWEEN $2 AND $3;

-- name: rule_is_materialised
-- How far a rule has been turned into sessions.
UPDATE session_rule SET materialised_until = $2 WHERE id = $1;

-- name: close_day
-- A site receives nobody on a day.
INSERT INTO closure (site, day, territory, reason, closed_at, closed_by)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING
RETURNING day;

-- name: closures
-- Days on which a site is closed.
SELECT day FROM closure WHERE site = $1 AND day BETWEEN $2 AND $3;
