-- name: insert
-- Keeps a rule of recurrence, or its next version.
INSERT INTO session_rule (id, version, from_day, ended, territory, site, professional, room, kinds, slot_minutes,
                          weekdays, every_weeks, anchor, nth, dates, starts, ends, valid_from, valid_until,
                          materialised_until, created_at, created_by, shares, equipment)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23::jsonb, $24);

-- name: behind
-- Rules not yet turned into sessions as far as a day; their latest version says when they end.
SELECT id
FROM session_rule AS r
WHERE (materialised_until IS NULL OR materialised_until < $1)
  AND version = (SELECT max(version) FROM session_rule AS other WHERE other.id = r.id)
  AND (CASE WHEN ended THEN from_day - 1 ELSE valid_until END IS NULL
       OR CASE WHEN ended THEN from_day - 1 ELSE valid_until END > coalesce(materialised_until, from_day - 2))
ORDER BY site, id;

-- name: get
-- One rule with all its versions.
SELECT * FROM session_rule WHERE id = $1 ORDER BY version;

-- name: lock
-- Rules with all their versions, for one planner at a time; in id order.
SELECT * FROM session_rule WHERE id = ANY ($1::uuid[]) ORDER BY id, version FOR UPDATE;

-- name: lock_at
-- The rules of a site or of a professional, for one planner at a time; in id order.
SELECT * FROM session_rule WHERE site = $1 OR professional = $2 ORDER BY id, version FOR UPDATE;

-- name: at
-- The same, to look at.
SELECT * FROM session_rule WHERE site = $1 OR professional = $2 ORDER BY id, version;

-- name: is_materialised
-- How far a rule has been turned into sessions.
UPDATE session_rule SET materialised_until = $2 WHERE id = $1;

-- name: forget_skipped
-- Before the days of some rules are looked at again.
DELETE FROM skipped_day WHERE rule = ANY ($1::uuid[]) AND day BETWEEN $2 AND $3;

-- name: insert_skipped
-- Why days of rules, or parts of them, have no session.
INSERT INTO skipped_day (rule, day, part, territory, site, professional, starts_at, ends_at, reason, source)
SELECT n.rule, n.day, row_number() OVER (PARTITION BY n.rule, n.day ORDER BY n.starts_at), n.territory, n.site,
       n.professional, n.starts_at, n.ends_at, n.reason, n.source
FROM jsonb_to_recordset($1::jsonb) AS n (
    rule uuid, day date, territory text, site uuid, professional uuid, starts_at timestamptz, ends_at timestamptz,
    reason text, source uuid);

-- name: skipped
-- The days of rules of a site that have no session, or a shorter one.
SELECT rule, day, professional, starts_at, ends_at, reason, source
FROM skipped_day
WHERE site = $1 AND day BETWEEN $2 AND $3 AND ($4::uuid IS NULL OR professional = $4)
ORDER BY day, rule, part;
