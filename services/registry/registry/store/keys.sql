-- name: wrapped_keys
-- Wrapped data keys of these patients, those of the scope that are not erased.
SELECT patient, kek_id, wrapped FROM patient_key WHERE patient = ANY ($1);

-- name: wrapped_by_others
-- A batch of keys that an older key-encryption key wraps; keys another process works on are left to it.
SELECT patient, kek_id, wrapped FROM patient_key
WHERE kek_id <> $1 AND ($2::uuid IS NULL OR patient > $2)
ORDER BY patient LIMIT $3
FOR UPDATE SKIP LOCKED;

-- name: rewrap
-- The same data keys under another key-encryption key.
UPDATE patient_key AS k SET kek_id = n.kek_id, wrapped = n.wrapped, wrapped_at = $4
FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS n (patient, kek_id, wrapped)
WHERE k.patient = n.patient;
