-- name: insert
-- A place is offered, unless an offer to the same person runs already.
INSERT INTO offer (id, territory, entry, patient, appointment, site, session, professional, kind, starts_at, ends_at,
                   replaces, offered_at, answer_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT DO NOTHING
RETURNING id;

-- name: get
-- One offer.
SELECT * FROM offer WHERE id = $1;

-- name: lock
-- One offer, before its end; its entry is locked already.
SELECT * FROM offer WHERE id = $1 FOR UPDATE;

-- name: lock_running
-- The offer that runs for an entry, if there is one.
SELECT * FROM offer WHERE entry = $1 AND state = 'running' FOR UPDATE;

-- name: end
-- What became of an offer.
UPDATE offer SET state = $2, ended_at = $3, ended_by = $4 WHERE id = $1;

-- name: running
-- Offers that run for these entries.
SELECT * FROM offer WHERE entry = ANY ($1::uuid[]) AND state = 'running';

-- name: of_entry
-- Every offer made to an entry, oldest first.
SELECT * FROM offer WHERE entry = $1 ORDER BY offered_at, id LIMIT 200;

-- name: without_hold
-- Running offers whose hold has come to an end, whoever ended it, or cannot become an appointment any more: registry's
-- facts speak against its session, or that of somebody who takes part.
SELECT o.id
FROM offer AS o
JOIN appointment AS a ON a.id = o.appointment
WHERE o.state = 'running' AND (a.state <> 'held' OR EXISTS (
    SELECT FROM session AS s
    WHERE s.site = a.site AND s.unsupported_reason IS NOT NULL
      AND (s.id = a.session OR a.others @> jsonb_build_array(jsonb_build_object('session', s.id)))))
ORDER BY o.id
LIMIT $1;

-- name: take_freed
-- The nearest freed place that is to be looked at now, unless another process is at it.
SELECT id, territory, resource, appointment, starts_at, ends_at
FROM freed_place
WHERE look_at IS NULL OR look_at <= $1
ORDER BY starts_at, id
LIMIT 1
FOR UPDATE SKIP LOCKED;

-- name: put_off_freed
-- A freed place is looked at later.
UPDATE freed_place SET look_at = $2 WHERE id = $1;

-- name: forget_freed
-- A freed place has been looked at: it is everybody's.
DELETE FROM freed_place WHERE id = $1;

-- name: one_look_at_a_time
-- Places of a site are offered by one process at a time: two would not keep the order of the list between them.
SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 4203));

-- name: take_second_look
-- Somebody for whom what is free is to be gone through now, unless another process is at it.
SELECT id, territory, patient
FROM second_look
WHERE look_at IS NULL OR look_at <= $1
ORDER BY id
LIMIT 1
FOR UPDATE SKIP LOCKED;

-- name: put_off_second_look
-- What is free is gone through for them later.
UPDATE second_look SET look_at = $2 WHERE id = $1;

-- name: forget_second_look
-- Nothing that is free suits them, or they have an offer.
DELETE FROM second_look WHERE id = $1;

-- name: reach_further
-- Sessions that have come within reach of offers since the last time, where somebody waits for what they offer, are
-- looked at whole.
WITH reach AS (
    INSERT INTO offers_reach AS known (territory, until)
    SELECT DISTINCT territory, $1::timestamptz FROM waiting_list_line ORDER BY territory
    ON CONFLICT (territory) DO UPDATE SET until = excluded.until WHERE known.until < excluded.until
    RETURNING known.territory, coalesce(old.until, $1::timestamptz - interval '1 day') AS seen_until
), looked_at AS (
    INSERT INTO freed_place (territory, resource, starts_at, ends_at)
    SELECT s.territory, s.practitioner_resource, s.starts_at, s.ends_at
    FROM reach AS r
    JOIN session AS s
        ON s.territory = r.territory AND s.state = 'open' AND s.starts_at > r.seen_until AND s.starts_at <= $1
    WHERE s.site IN (SELECT site FROM waiting_list_line)
      AND EXISTS (SELECT FROM waiting_list_line AS l WHERE l.site = s.site AND l.kind = ANY (s.kinds))
    RETURNING 1
)
SELECT count(*) FROM looked_at;

-- name: sessions_of_freed
-- The open sessions in which a practitioner's freed time lies; no session is longer than 16 hours.
SELECT *
FROM session
WHERE practitioner_resource = $1 AND state = 'open'
  AND starts_at < $3 AND starts_at > $2::timestamptz - interval '16 hours' AND ends_at > $2
ORDER BY starts_at;
