-- name: one_booking_at_a_time
-- Bookings of one session that has shares wait for each other until the commit: each must see what the former took.
SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 4201));

-- name: taken
-- What is taken of sessions, per class; expired holds count no more, even while nobody has written that down,
-- nor does what rests, for whoever has first call ($4), nor appointments that are about to leave ($3).
SELECT a.session, a.capacity_class, o.starts_at, upper(o.period) AS ends_at
FROM session AS s
JOIN appointment AS a ON a.session = s.id
JOIN occupancy AS o ON o.appointment = a.id AND o.resource = s.practitioner_resource
WHERE s.id = ANY ($1::uuid[]) AND o.blocking AND (a.state <> 'held' OR a.expires_at > $2)
  AND a.id <> ALL ($3::uuid[]) AND NOT ($4 AND a.rests_until IS NOT NULL);

-- name: lock_due
-- Sessions with a share whose hour of release has come, and which nobody else is busy telling.
SELECT *
FROM session
WHERE next_release_at <= $1
ORDER BY next_release_at, id
LIMIT $2
FOR NO KEY UPDATE SKIP LOCKED;

-- name: released
-- How far the releases of a session have been told; its version is the sequence of its last event.
UPDATE session SET version = $2, next_release_at = $3 WHERE id = $1;
