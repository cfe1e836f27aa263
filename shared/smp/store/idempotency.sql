-- name: keep
-- Keeps the answers of commands that said no event.
INSERT INTO smp.idempotency (subject, key, fingerprint, status, body)
SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::int[], $5::bytea[]);

-- name: find
-- The answer given before to this caller under this key.
SELECT fingerprint, status, body FROM smp.idempotency WHERE subject = $1 AND key = $2;

-- name: prune
-- Answers nobody will ask for again.
DELETE FROM smp.idempotency WHERE created_at < now() - $1::interval;
