-- name: lock_earlier_texts
-- The texts of older states of an appointment, held so that none of them leaves while the next is decided.
SELECT version, purpose, site, starts_at, mode, state
FROM message WHERE appointment = $1 AND version < $2
ORDER BY version, planned_at
FOR UPDATE;

-- name: plan
-- The texts of one event; those already planned stay as they are.
INSERT INTO message (
    message, territory, appointment, version, purpose, patient, site, starts_at, mode, tag, traceparent,
    planned_at, due_at, at_once, answer_by
)
SELECT d.message, $1, $2, $3, d.purpose, $4, $5, $6, $7, d.tag, $8, $9, d.due_at, d.at_once, $15
FROM unnest($10::uuid[], $11::text[], $12::text[], $13::timestamptz[], $14::bool[])
    AS d (message, purpose, tag, due_at, at_once)
ON CONFLICT ON CONSTRAINT message_once DO NOTHING
RETURNING message, purpose, due_at;

-- name: drop_outdated
-- Cancels unsent texts of older states; those being sent are marked so that they are not tried again.
UPDATE message SET
    state = CASE state WHEN 'planned' THEN 'cancelled' ELSE state END,
    reason = CASE state WHEN 'planned' THEN $3 ELSE reason END,
    ended_at = CASE state WHEN 'planned' THEN $4 ELSE ended_at END,
    sequence = CASE state WHEN 'planned' THEN sequence + 1 ELSE sequence END,
    superseded = $3
WHERE appointment = $1 AND version < $2 AND state IN ('planned', 'sending')
RETURNING message, territory, appointment, site, purpose, state, reason, sequence, traceparent;

-- name: drop_of_patient
-- The same for a patient who is to be forgotten.
UPDATE message SET
    state = CASE state WHEN 'planned' THEN 'cancelled' ELSE state END,
    reason = CASE state WHEN 'planned' THEN $2 ELSE reason END,
    ended_at = CASE state WHEN 'planned' THEN $3 ELSE ended_at END,
    sequence = CASE state WHEN 'planned' THEN sequence + 1 ELSE sequence END,
    superseded = $2
WHERE patient = $1 AND state IN ('planned', 'sending')
RETURNING message, territory, appointment, site, purpose, state, reason, sequence, traceparent;

-- name: claim_due
-- Texts whose hour has come, and those whose sender never said how it ended, with what is needed to write them.
WITH due AS (
    SELECT d.message FROM message AS d
    WHERE d.state = 'planned' AND d.due_at <= $1 AND d.not_before <= clock_timestamp()
    ORDER BY d.due_at LIMIT $2 FOR UPDATE SKIP LOCKED
), in_doubt AS (
    SELECT d.message FROM message AS d
    WHERE d.state = 'sending' AND d.lease_until <= clock_timestamp()
    ORDER BY d.lease_until LIMIT $2 FOR UPDATE SKIP LOCKED
)
SELECT m.message, m.territory, m.appointment, m.version, m.purpose, m.patient, m.site, m.starts_at, m.mode, m.tag,
    m.answer_by,
    m.state, m.superseded, m.traceparent, m.due_at, m.at_once, m.attempts,
    coalesce(clock_timestamp() - m.waiting_since, interval '0') AS waited,
    p.reachable_by_text, p.text_consent, p.sealed_contact, p.contact_event, p.erased_at IS NOT NULL AS erased,
    u.reason AS unusable,
    s.territory AS site_territory, s.name, s.zone, s.subdivision, s.closed_from, (
        SELECT jsonb_agg(to_jsonb(a) - 'site' - 'territory' - 'sequence' ORDER BY a.valid_from)
        FROM site_address AS a WHERE a.site = m.site
    ) AS addresses
FROM message AS m
LEFT JOIN patient AS p ON p.patient = m.patient
LEFT JOIN unusable_contact AS u ON u.patient = p.patient AND u.contact_event = p.contact_event
LEFT JOIN site AS s ON s.site = m.site
WHERE m.message IN (SELECT message FROM due UNION ALL SELECT message FROM in_doubt)
ORDER BY m.due_at
FOR UPDATE OF m;

-- name: start_sending
-- Takes texts under a lease, with the words that will leave; from here on the provider may have them.
WITH started AS (
    UPDATE message AS m SET
        state = 'sending', attempts = m.attempts + 1, waiting_since = NULL, lease_until = clock_timestamp() + $1::interval,
        body = t.body, segments = t.segments, contact_event = t.contact_event
    FROM unnest($2::uuid[], $3::text[], $4::smallint[], $5::uuid[]) AS t (message, body, segments, contact_event)
    WHERE m.message = t.message AND m.state = 'planned'
    RETURNING m.message, m.attempts, m.territory
)
INSERT INTO message_attempt (message, number, territory)
SELECT message, attempts, territory FROM started;

-- name: start_lookup
-- Takes texts in doubt under a new lease, to ask the provider whether it has them.
UPDATE message SET lease_until = clock_timestamp() + $1::interval
WHERE message = ANY ($2::uuid[]) AND state = 'sending';

-- name: put_off
-- A text that waits for allowed hours.
UPDATE message SET due_at = $2 WHERE message = $1 AND state = 'planned';

-- name: wait_for_others
-- A text that waits for a patient or a site not heard of yet.
UPDATE message SET
    not_before = clock_timestamp() + $2::interval, waiting_since = coalesce(waiting_since, clock_timestamp())
WHERE message = $1 AND state = 'planned';

-- name: release
-- Back to planned after an attempt that certainly left nothing at the provider; a superseded text ends here.
UPDATE message SET
    state = CASE WHEN superseded IS NULL THEN 'planned' ELSE 'cancelled' END,
    reason = superseded,
    ended_at = CASE WHEN superseded IS NULL THEN NULL ELSE $3::timestamptz END,
    sequence = CASE WHEN superseded IS NULL THEN sequence ELSE sequence + 1 END,
    lease_until = NULL, not_before = clock_timestamp() + $2::interval
WHERE message = $1 AND state = 'sending'
RETURNING message, territory, appointment, site, purpose, state, reason, sequence, traceparent;

-- name: doubt
-- The provider may have it: it is looked for there once this pause is over.
UPDATE message SET lease_until = clock_timestamp() + $2::interval
WHERE message = $1 AND state = 'sending';

-- name: end_attempt
-- How the last attempt ended.
UPDATE message_attempt SET outcome = $2, ended_at = clock_timestamp()
WHERE message = $1 AND ended_at IS NULL;

-- name: lock_reference
-- One at a time for one reference of the provider: its answer and its receipts may cross.
SELECT pg_advisory_xact_lock(hashtextextended($1, 5301));

-- name: accept
-- The provider has it.
UPDATE message SET
    state = 'accepted', lease_until = NULL, provider = $2, provider_reference = $3, credits = $4, accepted_at = $5,
    sequence = sequence + 1
WHERE message = $1 AND state = 'sending'
RETURNING message, territory, appointment, version, site, purpose, patient, starts_at, mode, state, reason, sequence,
    segments, contact_event, traceparent;

-- name: settle
-- The fate of a text, from one of the states that allow it.
UPDATE message SET state = $2, reason = $3, ended_at = $4, lease_until = NULL, sequence = sequence + 1
WHERE message = $1 AND state = ANY ($5::text[])
RETURNING message, territory, appointment, version, site, purpose, patient, starts_at, mode, state, reason, sequence,
    contact_event, answer_by, traceparent;

-- name: by_reference
-- The text a receipt speaks of.
SELECT message, territory, traceparent, state FROM message WHERE provider = $1 AND provider_reference = $2;

-- name: keep_receipt
-- A receipt as it came; one that came already is not kept twice.
INSERT INTO receipt (provider, provider_reference, ptt, description, reported, received_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT ON CONSTRAINT receipt_once DO NOTHING
RETURNING number;

-- name: receipts
-- What came for one reference, in order of arrival.
SELECT ptt, description FROM receipt WHERE provider = $1 AND provider_reference = $2 ORDER BY number;

-- name: give_up_waiting
-- Texts without a receipt for too long: nobody knows.
UPDATE message SET state = 'unknown', ended_at = $2, sequence = sequence + 1
WHERE message IN (
    SELECT m.message FROM message AS m WHERE m.state = 'accepted' AND m.accepted_at <= $1
    ORDER BY m.accepted_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
RETURNING message, territory, appointment, site, purpose, state, reason, sequence, traceparent;

-- name: forget_words
-- Words and provider's references of texts that ended long ago.
UPDATE message SET body = NULL, provider_reference = NULL
WHERE message IN (SELECT m.message FROM message AS m WHERE m.body IS NOT NULL AND m.ended_at <= $1 LIMIT $2);

-- name: forget_receipts
-- Receipts that came long ago.
DELETE FROM receipt WHERE received_at <= $1;

-- name: mark_unusable
-- The operator refuses this contact for good.
INSERT INTO unusable_contact (patient, contact_event, territory, reason, noted_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT ON CONSTRAINT unusable_contact_once DO NOTHING;

-- name: of_appointment
-- Every text about one appointment, oldest first.
SELECT message, territory, appointment, version, purpose, patient, site, starts_at, state, reason, planned_at, due_at,
    accepted_at, ended_at, attempts, segments, credits, body, traceparent
FROM message WHERE appointment = $1
ORDER BY version, planned_at, purpose LIMIT 200;
