-- name: append
-- Says events in the transaction that made them true; ordinality keeps their order.
INSERT INTO smp.outbox (id, aggregatetype, aggregateid, type, sequence, territory, site, occurred_at, traceparent, payload)
SELECT e.id, e.topic, e.aggregate, e.type, e.sequence, e.territory, e.site, e.occurred_at, e.traceparent, e.payload
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::int[], $6::text[], $7::uuid[], $8::timestamptz[],
            $9::text[], $10::bytea[])
    WITH ORDINALITY AS e (id, topic, aggregate, type, sequence, territory, site, occurred_at, traceparent, payload, n)
ORDER BY e.n;

-- name: append_with_answers
-- The same, with the answers to the callers' Idempotency-Keys, in one round trip.
WITH answers AS (
    INSERT INTO smp.idempotency (subject, key, fingerprint, status, body)
    SELECT * FROM unnest($11::text[], $12::text[], $13::bytea[], $14::int[], $15::bytea[])
)
INSERT INTO smp.outbox (id, aggregatetype, aggregateid, type, sequence, territory, site, occurred_at, traceparent, payload)
SELECT e.id, e.topic, e.aggregate, e.type, e.sequence, e.territory, e.site, e.occurred_at, e.traceparent, e.payload
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::int[], $6::text[], $7::uuid[], $8::timestamptz[],
            $9::text[], $10::bytea[])
    WITH ORDINALITY AS e (id, topic, aggregate, type, sequence, territory, site, occurred_at, traceparent, payload, n)
ORDER BY e.n;

-- name: lead
-- One relay at a time: the lock lives as long as the session that took it.
SELECT pg_try_advisory_lock(hashtext('smp.relay'));

-- name: settle
-- The relay's session. A new partition has no statistics: the planner would read all of it, or sort all that waits, at
-- every look; the index gives what is next, in order, however much there is. And the cursor need not wait for the disk
-- beside the bookings: should PostgreSQL crash, its last moves are lost and some events are sent twice.
SELECT set_config(name, value, false)
FROM (VALUES ('enable_seqscan', 'off'), ('enable_bitmapscan', 'off'), ('enable_sort', 'off'),
             ('plan_cache_mode', 'force_generic_plan'), ('synchronous_commit', 'off')) AS wanted (name, value);

-- name: unlead
-- The session goes back to its pool as it came.
SELECT pg_advisory_unlock_all(), set_config(name, reset_val, false)
FROM pg_settings
WHERE name IN ('enable_seqscan', 'enable_bitmapscan', 'enable_sort', 'plan_cache_mode', 'synchronous_commit');

-- name: position
-- Where the relay stands.
SELECT xid, position FROM smp.relay_position WHERE relay = 'kafka';

-- name: next_batch
-- Events after the cursor that can have no earlier neighbour still uncommitted.
SELECT o.xid, o.position, o.id, o.aggregatetype, o.aggregateid, o.type, o.sequence, o.territory, o.site,
       o.occurred_at, o.recorded_at, o.traceparent, o.payload
FROM smp.outbox AS o
WHERE (o.xid, o.position) > ($1::xid8, $2::bigint)
  AND o.xid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY o.xid, o.position
LIMIT $3;

-- name: precede_beyond
-- Events after the cursor ($1, $2) that were written before position $3, of some aggregates. Only transactions that ran
-- at the same time can stand so; 100 000 transactions are many more than a wait for a row's lock can span.
SELECT o.xid, o.position, o.id, o.aggregatetype, o.aggregateid, o.type, o.sequence, o.territory, o.site,
       o.occurred_at, o.recorded_at, o.traceparent, o.payload
FROM smp.outbox AS o
WHERE (o.xid, o.position) > ($1::xid8, $2::bigint)
  AND o.xid < (($1::xid8::text::bigint + 100000)::text)::xid8
  AND o.position < $3
  AND o.aggregateid = ANY ($4::uuid[]);

-- name: advance
-- One write for a whole batch.
UPDATE smp.relay_position SET xid = $1, position = $2 WHERE relay = 'kafka';

-- name: hold
-- Keeps the events of a key that cannot be sent now, so that the others go on.
INSERT INTO smp.outbox_held (position, xid, aggregatetype, aggregateid, error)
SELECT * FROM unnest($1::bigint[], $2::xid8[], $3::text[], $4::uuid[], $5::text[])
ON CONFLICT (position) DO NOTHING;

-- name: held_keys
-- Keys that wait.
SELECT DISTINCT aggregatetype, aggregateid FROM smp.outbox_held;

-- name: held_batch
-- Held events, oldest first, to be tried again.
SELECT o.xid, o.position, o.id, o.aggregatetype, o.aggregateid, o.type, o.sequence, o.territory, o.site,
       o.occurred_at, o.recorded_at, o.traceparent, o.payload
FROM smp.outbox_held AS h JOIN smp.outbox AS o ON (o.xid, o.position) = (h.xid, h.position)
ORDER BY h.position
LIMIT $1;

-- name: release
-- Held events that have gone at last.
DELETE FROM smp.outbox_held WHERE position = ANY ($1::bigint[]);

-- name: oldest_unsent
-- Seconds since the oldest event that Kafka does not have, and how many are held.
SELECT coalesce(extract(epoch FROM now() - (
           SELECT o.recorded_at
           FROM smp.outbox AS o, smp.relay_position AS r
           WHERE r.relay = 'kafka' AND (o.xid, o.position) > (r.xid, r.position)
           ORDER BY o.xid, o.position LIMIT 1)), 0)::float8 AS age_seconds,
       (SELECT count(*) FROM smp.outbox_held) AS held;

-- name: roll
-- Opens coming partitions, drops old ones; says how many were dropped.
SELECT smp.roll_outbox($1::interval);
