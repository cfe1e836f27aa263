-- name: keep
-- Keeps the answer of a command that said no event.
INSERT INTO smp.idempotency (subject, key, fingerprint, status, body) VALUES ($1, $2, $3, $4, $5);

-- name: find
-- The answer given before to this caller under this key.
SELECT fingerprint, status, body FROM smp.idempotency WHERE subject = $1 AND key = $2;

-- name: prune
-- Answers nobody will ask for again.
DELETE FROM smp.idempotency WHERE created_at < now() - $1::interval;
