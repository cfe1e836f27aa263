-- name: record
-- Merges what one event says into the fact of its session.
WITH known_site AS (
    INSERT INTO site_fact (site, territory) VALUES ($5::uuid, $2::text) ON CONFLICT DO NOTHING
)
INSERT INTO session_fact AS fact (session, territory, heard, events, newest_event_at, plan, withdrawal, mention)
VALUES (
    $1::uuid, $2::text, int4multirange(int4range($3::int, $3::int, '[]')), 1, $4::timestamptz, $6::plan,
    $7::withdrawal, $8::standing
)
ON CONFLICT ON CONSTRAINT session_fact_once DO UPDATE SET
    heard = fact.heard + excluded.heard,
    events = fact.events + 1,
    newest_event_at = greatest(fact.newest_event_at, excluded.newest_event_at),
    plan = greatest(fact.plan, excluded.plan),
    withdrawal = greatest(fact.withdrawal, excluded.withdrawal),
    mention = greatest(fact.mention, excluded.mention)
WHERE NOT fact.heard @> $3::int;
