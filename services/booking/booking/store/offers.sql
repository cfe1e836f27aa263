-- name: insert
-- A place is offered, unless an offer to the same person runs already.
INSERT INTO offer (id, territory, entry, patient, appointment, site, session, professional, kind, starts_at, ends_at,
                   replaces, offered_at, answer_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT DO NOTHING
RETURNING id;

-- name: take_back
-- An offer whose place was gone before it was made; nobody has seen it.
DELETE FROM offer WHERE id = $1;

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
-- Running offers whose hold has come to an end, whoever ended it.
SELECT o.id
FROM offer AS o
JOIN appointment AS a ON a.id = o.appointment
WHERE o.state = 'running' AND a.state <> 'held'
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

-- name: sessions_of_freed
-- The open sessions in which a practitioner's freed time lies; no session is longer than 16 hours.
SELECT *
FROM session
WHERE practitioner_resource = $1 AND state = 'open'
  AND starts_at < $3 AND starts_at > $2::timestamptz - interval '16 hours' AND ends_at > $2
ORDER BY starts_at;
