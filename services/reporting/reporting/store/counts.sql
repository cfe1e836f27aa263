-- name: facts
-- Facts and events behind them, by kind and state: what a ledger compares with Kafka and with booking.
WITH wanted AS (
    SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS w (site, opens, closes)
), fact AS (
    SELECT 'appointment' AS kind, fact.status AS state, fact.events, fact.missing_events
    FROM wanted AS w
    JOIN appointment_fact AS fact
        ON fact.site = w.site AND fact.occurs_at >= w.opens AND fact.occurs_at < w.closes
    UNION ALL
    SELECT 'session', CASE WHEN fact.cancelled THEN 'cancelled' ELSE 'open' END, fact.events, fact.missing_events
    FROM wanted AS w
    JOIN session_fact AS fact ON fact.site = w.site AND fact.start_at >= w.opens AND fact.start_at < w.closes
    UNION ALL
    SELECT 'message', fact.fate, fact.events, fact.missing_events
    FROM wanted AS w
    JOIN message_fact AS fact ON fact.site = w.site AND fact.due_at >= w.opens AND fact.due_at < w.closes
    UNION ALL
    SELECT
        'call_task', CASE WHEN (fact.answer).sequence IS NULL THEN 'to_call' ELSE 'called' END,
        fact.events, fact.missing_events
    FROM wanted AS w
    JOIN call_task_fact AS fact ON fact.site = w.site AND fact.raised_at >= w.opens AND fact.raised_at < w.closes
)
SELECT
    kind, state, count(*)::int AS facts,
    sum(events)::int AS events, sum(missing_events)::int AS missing_events
FROM fact
GROUP BY kind, state
ORDER BY kind, state;
