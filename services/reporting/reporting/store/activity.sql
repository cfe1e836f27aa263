-- Each statement takes three arrays of one length: sites, and for each of them the instants between which its local
-- days of the period lie.

-- name: acts
-- Appointments of the period, counted by everything an indicator looks at.
WITH wanted AS (
    SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS w (site, opens, closes)
), act AS (
    SELECT
        fact.*,
        EXISTS (
            SELECT FROM message_fact AS text
            WHERE text.appointment = fact.appointment AND text.purpose = 'reminder' AND text.fate = 'delivered'
        ) AS reminded
    FROM wanted AS w
    JOIN appointment_fact AS fact
        ON fact.site = w.site AND fact.occurs_at >= w.opens AND fact.occurs_at < w.closes
)
SELECT
    site, status, mode, role, social, unscheduled,
    (consultation).severity, (consultation).otherwise_emergency,
    coalesce((consultation).outcome = 'sent_to_emergency', false) AS sent_to_emergency,
    reminded,
    count(*)::int AS count, sum(minutes)::int AS minutes
FROM act
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10;

-- name: offers
-- Minutes offered by the sessions of the period.
WITH wanted AS (
    SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS w (site, opens, closes)
)
SELECT fact.site, sum(fact.offered_minutes)::int AS minutes
FROM wanted AS w
JOIN session_fact AS fact ON fact.site = w.site AND fact.start_at >= w.opens AND fact.start_at < w.closes
WHERE NOT fact.cancelled AND NOT fact.social
GROUP BY fact.site;

-- name: delays
-- Minutes from request to start of each patient's first non-urgent consultation, when it falls in the period.
WITH wanted AS (
    SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS w (site, opens, closes)
), agreed AS NOT MATERIALIZED (
    SELECT fact.appointment, fact.site, fact.patient, fact.occurs_at, (fact.request).requested_at AS requested_at
    FROM appointment_fact AS fact
    WHERE fact.patient IS NOT NULL
        AND fact.status IN ('booked', 'arrived', 'in_preparation', 'in_consultation', 'left_unseen', 'done', 'no_show')
        AND NOT fact.unscheduled
        AND NOT fact.social
)
SELECT
    act.site,
    greatest(0, floor(extract(epoch FROM act.occurs_at - act.requested_at) / 60))::int AS minutes,
    count(*)::int AS count
FROM wanted AS w
JOIN agreed AS act ON act.site = w.site AND act.occurs_at >= w.opens AND act.occurs_at < w.closes
WHERE NOT EXISTS (
    SELECT FROM agreed AS earlier
    WHERE earlier.patient = act.patient
        AND (earlier.occurs_at, earlier.appointment) < (act.occurs_at, act.appointment)
)
GROUP BY act.site, 2;

-- name: waits
-- Minutes from arrival to start of the acts of the period that took place on site.
WITH wanted AS (
    SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS w (site, opens, closes)
), act AS (
    SELECT
        fact.site,
        (fact.arrival).at AS arrived_at,
        coalesce((fact.start).at, (fact.consultation).started_at) AS started_at
    FROM wanted AS w
    JOIN appointment_fact AS fact
        ON fact.site = w.site AND fact.occurs_at >= w.opens AND fact.occurs_at < w.closes
    WHERE fact.status = 'done'
        AND coalesce(fact.mode, 'AMB') = 'AMB'
        AND NOT fact.social
)
SELECT
    site,
    CASE WHEN started_at >= arrived_at THEN round(extract(epoch FROM started_at - arrived_at) / 60)::int END AS minutes,
    count(*)::int AS count
FROM act
GROUP BY site, 2;

-- name: patients
-- Distinct patients seen, per site and (site NULL) over all of them.
WITH wanted AS (
    SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS w (site, opens, closes)
)
SELECT fact.site, count(DISTINCT fact.patient)::int AS count
FROM wanted AS w
JOIN appointment_fact AS fact
    ON fact.site = w.site AND fact.occurs_at >= w.opens AND fact.occurs_at < w.closes
WHERE fact.status = 'done'
    AND NOT fact.social
GROUP BY GROUPING SETS ((fact.site), ());

-- name: messages
-- Texts due in the period, by fate, with what they cost.
WITH wanted AS (
    SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS w (site, opens, closes)
)
SELECT
    text.site, text.fate, count(*)::int AS count,
    coalesce(sum((text.acceptance).segments), 0)::int AS segments,
    coalesce(sum((text.acceptance).credits), 0)::float8 AS credits
FROM wanted AS w
JOIN message_fact AS text ON text.site = w.site AND text.due_at >= w.opens AND text.due_at < w.closes
GROUP BY text.site, text.fate;

-- name: call_tasks
-- Calls asked for in the period.
WITH wanted AS (
    SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS w (site, opens, closes)
)
SELECT task.site, count(*)::int AS count
FROM wanted AS w
JOIN call_task_fact AS task ON task.site = w.site AND task.raised_at >= w.opens AND task.raised_at < w.closes
GROUP BY task.site;

-- name: completeness
-- Events known to be missing, and appointments over for `$4` at the newest event, without an outcome.
WITH wanted AS (
    SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS w (site, opens, closes)
), counted AS (
    SELECT
        fact.site,
        fact.missing_events AS missing,
        fact.status IN ('booked', 'arrived', 'in_preparation', 'in_consultation')
            AND coalesce((fact.placement).end_at, fact.occurs_at) < $5::timestamptz - $4::interval AS late
    FROM wanted AS w
    JOIN appointment_fact AS fact
        ON fact.site = w.site AND fact.occurs_at >= w.opens AND fact.occurs_at < w.closes
    UNION ALL
    SELECT fact.site, fact.missing_events, false
    FROM wanted AS w
    JOIN session_fact AS fact ON fact.site = w.site AND fact.start_at >= w.opens AND fact.start_at < w.closes
    UNION ALL
    SELECT fact.site, fact.missing_events, false
    FROM wanted AS w
    JOIN message_fact AS fact ON fact.site = w.site AND fact.due_at >= w.opens AND fact.due_at < w.closes
    UNION ALL
    SELECT fact.site, fact.missing_events, false
    FROM wanted AS w
    JOIN call_task_fact AS fact ON fact.site = w.site AND fact.raised_at >= w.opens AND fact.raised_at < w.closes
)
SELECT site, sum(missing)::int AS missing_events, count(*) FILTER (WHERE late)::int AS late_appointments
FROM counted
GROUP BY site;

-- name: newest_event
-- When the newest event counted here happened: the figures are as of then.
SELECT greatest(
    (SELECT max(newest_event_at) FROM appointment_fact),
    (SELECT max(newest_event_at) FROM session_fact),
    (SELECT max(newest_event_at) FROM message_fact),
    (SELECT max(newest_event_at) FROM call_task_fact)
);

-- name: one_snapshot
-- All statements of this transaction see the same facts.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
