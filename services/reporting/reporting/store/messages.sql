-- name: record
-- Merges what one event says into the fact of its text.
WITH known_site AS (
    INSERT INTO site_fact (site, territory) VALUES ($5::uuid, $2::text) ON CONFLICT DO NOTHING
)
INSERT INTO message_fact AS fact (
    message, territory, heard, events, newest_event_at, site, appointment, purpose,
    intention, acceptance, delivery, failure, expiry, dropping
)
VALUES (
    $1::uuid, $2::text, int4multirange(int4range($3::int, $3::int, '[]')), 1, $4::timestamptz, $5::uuid, $6::uuid, $7::text,
    $8::intention, $9::acceptance, $10::moment, $11::ending, $12::moment, $13::ending
)
ON CONFLICT ON CONSTRAINT message_fact_once DO UPDATE SET
    heard = fact.heard + excluded.heard,
    events = fact.events + 1,
    newest_event_at = greatest(fact.newest_event_at, excluded.newest_event_at),
    intention = greatest(fact.intention, excluded.intention),
    acceptance = greatest(fact.acceptance, excluded.acceptance),
    delivery = greatest(fact.delivery, excluded.delivery),
    failure = greatest(fact.failure, excluded.failure),
    expiry = greatest(fact.expiry, excluded.expiry),
    dropping = greatest(fact.dropping, excluded.dropping)
WHERE NOT fact.heard @> $3::int;

-- name: record_call_task
-- Merges what one event says into the fact of a call asked of the secretaries.
WITH known_site AS (
    INSERT INTO site_fact (site, territory) VALUES ($5::uuid, $2::text) ON CONFLICT DO NOTHING
)
INSERT INTO call_task_fact AS fact (task, territory, heard, events, newest_event_at, site, appointment, alert, answer)
VALUES (
    $1::uuid, $2::text, int4multirange(int4range($3::int, $3::int, '[]')), 1, $4::timestamptz, $5::uuid, $6::uuid,
    $7::alert, $8::ending
)
ON CONFLICT ON CONSTRAINT call_task_fact_once DO UPDATE SET
    heard = fact.heard + excluded.heard,
    events = fact.events + 1,
    newest_event_at = greatest(fact.newest_event_at, excluded.newest_event_at),
    alert = greatest(fact.alert, excluded.alert),
    answer = greatest(fact.answer, excluded.answer)
WHERE NOT fact.heard @> $3::int;
