-- name: raise_call
-- One call for one text that cannot be; already dropped when the appointment is over or has changed since.
WITH outdated AS (
    SELECT coalesce(
        (SELECT 'over' FROM appointment AS a WHERE a.appointment = $4 AND a.version > $5 AND a.state = 'over'),
        (SELECT 'superseded' FROM decision AS d
         WHERE d.appointment = $4 AND d.version > $5 AND d.verdict <> 'stale' LIMIT 1)
    ) AS outcome
)
INSERT INTO call_task (
    task, territory, message, appointment, version, purpose, patient, site, starts_at, mode, reason, traceparent,
    raised_at, state, sequence, outcome, ended_at, answer_by, occasion, party
)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::timestamptz,
    CASE WHEN outcome IS NULL THEN 'open' ELSE 'dropped' END, CASE WHEN outcome IS NULL THEN 1 ELSE 2 END,
    outcome, CASE WHEN outcome IS NOT NULL THEN $13::timestamptz END, $14::timestamptz, $15, $16
FROM outdated
ON CONFLICT ON CONSTRAINT call_task_once DO NOTHING
RETURNING task, territory, appointment, site, state, outcome, sequence, traceparent;

-- name: earlier_calls
-- The calls of older states of an appointment.
SELECT version, purpose, site, starts_at, mode, state
FROM call_task WHERE appointment = $1 AND version < $2 AND state <> 'dropped' ORDER BY version;

-- name: drop_outdated
-- Calls that nobody has to make any more, because the appointment changed.
UPDATE call_task AS c SET state = 'dropped', outcome = o.reason, ended_at = $4, sequence = c.sequence + 1
FROM unnest($1::uuid[], $2::int[], $3::text[]) AS o (appointment, version, reason)
WHERE c.appointment = o.appointment AND c.version < o.version AND c.state = 'open'
RETURNING c.task, c.territory, c.appointment, c.site, c.outcome, c.sequence, c.traceparent;

-- name: drop_of_patient
-- Calls to a patient who is to be forgotten.
UPDATE call_task SET state = 'dropped', outcome = $2, ended_at = $3, sequence = sequence + 1
WHERE patient = $1 AND state = 'open'
RETURNING task, territory, appointment, site, outcome, sequence, traceparent;

-- name: of_site
-- The call list of a site in the order of the appointments, from behind one call on.
SELECT task, appointment, version, purpose, patient, site, starts_at, mode, reason, state, raised_at, ended_at,
    ended_by, outcome, message, answer_by, party
FROM call_task
WHERE site = $1 AND state = $2 AND (
    $3::uuid IS NULL
    OR (starts_at, task) > (SELECT c.starts_at, c.task FROM call_task AS c WHERE c.task = $3)
)
ORDER BY starts_at, task LIMIT $4;

-- name: lock
-- One call, held until it is completed.
SELECT task, appointment, version, purpose, patient, site, starts_at, mode, reason, state, raised_at, ended_at,
    ended_by, outcome, message, answer_by, party
FROM call_task WHERE task = $1 FOR UPDATE;

-- name: complete
-- The call was made or given up, by whom.
UPDATE call_task SET state = 'done', outcome = $2, ended_at = $3, ended_by = $4, sequence = sequence + 1
WHERE task = $1 AND state = 'open'
RETURNING task, territory, appointment, version, purpose, patient, site, starts_at, mode, reason, state, raised_at,
    ended_at, ended_by, outcome, message, answer_by, party, sequence, traceparent;
