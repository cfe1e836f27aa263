-- name: receive
-- Takes a batch in: ids never seen before, with how far their aggregate had been heard, and ids behind a parked record.
WITH batch AS (
    SELECT e.*, EXISTS (
        SELECT FROM smp.parked AS p
        WHERE p.consumer = $1 AND p.topic = e.topic AND p.key = e.key AND p.state = 'parked') AS blocked
    FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::int[], $6::bytea[]) AS e (id, topic, aggregate, sequence, key)
), fresh AS (
    INSERT INTO smp.inbox (consumer, event_id)
    SELECT $1, b.id FROM batch AS b WHERE NOT b.blocked
    ON CONFLICT (consumer, event_id) DO NOTHING
    RETURNING event_id
), heard AS (
    INSERT INTO smp.sequence_heard AS h (consumer, topic, aggregate, highest, received)
    SELECT $1, b.topic, b.aggregate, max(b.sequence), count(DISTINCT b.id)
    FROM batch AS b JOIN fresh AS f ON f.event_id = b.id
    GROUP BY b.topic, b.aggregate
    ON CONFLICT (consumer, topic, aggregate)
    DO UPDATE SET highest = greatest(h.highest, excluded.highest), received = h.received + excluded.received
    RETURNING h.topic, h.aggregate, old.highest
)
SELECT b.id, coalesce(h.highest, 0) AS highest, b.blocked
FROM batch AS b
LEFT JOIN fresh AS f ON f.event_id = b.id
LEFT JOIN heard AS h ON h.topic = b.topic AND h.aggregate = b.aggregate
WHERE b.blocked OR f.event_id IS NOT NULL;

-- name: park
-- Puts a record aside, raw, with the reason.
INSERT INTO smp.parked (consumer, topic, kafka_partition, kafka_offset, key, headers, value, event_id, type, error)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT ON CONSTRAINT parked_once DO NOTHING;

-- name: parked_list
-- What waits for a person, oldest first.
SELECT number, topic, kafka_partition, kafka_offset, key, type, event_id, error, parked_at
FROM smp.parked WHERE consumer = $1 AND state = 'parked' ORDER BY number LIMIT $2;

-- name: parked_record
-- One parked record, whole.
SELECT * FROM smp.parked WHERE consumer = $1 AND number = $2;

-- name: parked_next
-- The oldest parked record of one key, or of all keys when none is given, after a number.
SELECT * FROM smp.parked
WHERE consumer = $1 AND state = 'parked' AND number > $2 AND ($3::bytea IS NULL OR key = $3)
ORDER BY number LIMIT 1;

-- name: settle
-- Ends the wait of a record: replayed or discarded, by whom.
UPDATE smp.parked SET state = $3, settled_at = now(), settled_by = $4
WHERE consumer = $1 AND number = $2 AND state = 'parked'
RETURNING number;

-- name: parked_count
-- How many records wait.
SELECT count(*) FROM smp.parked WHERE consumer = $1 AND state = 'parked';

-- name: forget_consumer
-- Lets a consumer hear everything again (rebuild).
WITH inbox AS (DELETE FROM smp.inbox WHERE consumer = $1)
DELETE FROM smp.sequence_heard WHERE consumer = $1;

-- name: prune
-- Ids older than any redelivery can be.
DELETE FROM smp.inbox WHERE received_at < now() - $1::interval;
