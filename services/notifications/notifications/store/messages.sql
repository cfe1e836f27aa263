-- name: lock_earlier_texts
-- The texts of older states of an appointment, held so that none of them leaves while the next is decided.
SELECT version, purpose, site, starts_at, mode, state
FROM message WHERE appointment = $1 AND version < $2
ORDER BY version, planned_at
FOR UPDATE;

-- name: plan
-- New texts; those already planned stay as they are.
INSERT INTO message (
    message, territory, appointment, version, purpose, patient, site, starts_at, mode, tag, traceparent,
    planned_at, due_at, at_once, answer_by, occasion, party
)
SELECT d.message, d.territory, d.appointment, d.version, d.purpose, d.patient, d.site, d.starts_at, d.mode, d.tag,
    d.traceparent, $1, d.due_at, d.at_once, d.answer_by, d.occasion, d.party
FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::int[], $6::text[], $7::uuid[], $8::uuid[], $9::timestamptz[],
            $10::text[], $11::text[], $12::text[], $13::timestamptz[], $14::bool[], $15::timestamptz[],
            $16::int[], $17::uuid[])
    AS d (message, territory, appointment, version, purpose, patient, site, starts_at, mode, tag, traceparent, due_at,
          at_once, answer_by, occasion, party)
ON CONFLICT ON CONSTRAINT message_once DO NOTHING
RETURNING message;

-- name: lock_planned_of_site
-- The texts to come that give the address of a site, held until it has changed: those that senders have read the old one
-- for are let go first.
SELECT message FROM message
WHERE site = $1 AND state = 'planned' AND purpose IN ('confirmation', 'change', 'reminder', 'address')
ORDER BY message
FOR UPDATE;

-- name: have_old_address
-- Who is expected at a site from a day on, was sent a text that gave its address, which was the old one until now, and has
-- neither a text nor a call about it to come that would give the new one; with what planning needs to know.
SELECT a.appointment, a.territory, a.version, a.patient, a.site, a.starts_at, a.mode, s.zone, s.subdivision,
    p.reachable_by_text, p.text_consent, p.erased_at IS NOT NULL AS erased, u.reason AS unusable
FROM appointment AS a
LEFT JOIN site AS s ON s.site = a.site
LEFT JOIN patient AS p ON p.patient = a.patient
LEFT JOIN unusable_contact AS u ON u.patient = p.patient AND u.contact_event = p.contact_event
WHERE a.site = $1 AND a.state = 'expected' AND a.mode = 'AMB' AND a.starts_at > $3
    AND (a.starts_at AT TIME ZONE coalesce(s.zone, $5))::date >= $2
    AND EXISTS (
        SELECT FROM message AS m
        WHERE m.appointment = a.appointment AND m.version <= a.version AND m.state = ANY ($4::text[])
            AND m.purpose IN ('confirmation', 'change', 'reminder', 'address'))
    AND NOT EXISTS (
        SELECT FROM message AS m
        WHERE m.appointment = a.appointment AND m.version <= a.version AND m.state = 'planned'
            AND m.purpose IN ('confirmation', 'change', 'reminder', 'address'))
    AND NOT EXISTS (
        SELECT FROM call_task AS c
        WHERE c.appointment = a.appointment AND c.version <= a.version AND c.state = 'open' AND c.purpose = 'address')
ORDER BY a.appointment;

-- name: drop_outdated
-- Cancels unsent texts of older states; those being sent are marked so that they are not tried again. Locked in one
-- order, as by all who change several texts.
WITH outdated AS (
    SELECT m.message, o.reason
    FROM unnest($1::uuid[], $2::int[], $3::text[]) AS o (appointment, version, reason)
    JOIN message AS m ON m.appointment = o.appointment AND m.version < o.version AND m.state IN ('planned', 'sending')
    ORDER BY m.message
    FOR UPDATE OF m
)
UPDATE message AS m SET
    state = CASE m.state WHEN 'planned' THEN 'cancelled' ELSE m.state END,
    reason = CASE m.state WHEN 'planned' THEN o.reason ELSE m.reason END,
    ended_at = CASE m.state WHEN 'planned' THEN $4 ELSE m.ended_at END,
    sequence = CASE m.state WHEN 'planned' THEN m.sequence + 1 ELSE m.sequence END,
    superseded = o.reason
FROM outdated AS o
WHERE m.message = o.message AND m.state IN ('planned', 'sending')
RETURNING m.message, m.territory, m.appointment, m.site, m.purpose, m.state, m.reason, m.sequence, m.traceparent;

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
-- Texts whose hour has come, and those whose sender never said how it ended, with what is needed to write them. What
-- speaks of an older state of its appointment is superseded, whoever planned it when.
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
    m.state, m.traceparent, coalesce(
        m.superseded, CASE WHEN a.version > m.version AND a.state = 'expected' THEN 'superseded'
                           WHEN a.version > m.version THEN a.state END
    ) AS superseded, m.due_at, m.at_once, m.attempts,
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
LEFT JOIN appointment AS a ON a.appointment = m.appointment
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

-- name: end_attempts
-- How the last attempts ended.
UPDATE message_attempt SET outcome = $2, ended_at = clock_timestamp()
WHERE message = ANY ($1::uuid[]) AND ended_at IS NULL;

-- name: lock_references
-- One at a time for one reference of the provider: its answer and its receipts may cross. All take them in one order.
SELECT pg_advisory_xact_lock(l.number)
FROM (
    SELECT DISTINCT hashtextextended(r.reference, 5301) AS number FROM unnest($1::text[]) AS r (reference) ORDER BY number
) AS l;

-- name: accept
-- The provider has them, each under its reference; how the attempts ended is noted.
WITH answered AS (
    SELECT m.message, a.reference, a.credits, a.outcome
    FROM unnest($1::uuid[], $2::text[], $3::float8[], $4::text[]) AS a (message, reference, credits, outcome)
    JOIN message AS m ON m.message = a.message
    ORDER BY m.message
    FOR UPDATE OF m
), attempt AS (
    UPDATE message_attempt AS t SET outcome = a.outcome, ended_at = clock_timestamp()
    FROM answered AS a
    WHERE t.message = a.message AND t.ended_at IS NULL
)
UPDATE message AS m SET
    state = 'accepted', lease_until = NULL, provider = $5, provider_reference = a.reference, credits = a.credits,
    accepted_at = $6, sequence = m.sequence + 1
FROM answered AS a
WHERE m.message = a.message AND m.state = 'sending'
RETURNING m.message, m.territory, m.appointment, m.version, m.site, m.purpose, m.patient, m.starts_at, m.mode, m.state,
    m.reason, m.sequence, m.segments, m.contact_event, m.traceparent, m.provider_reference, a.credits;

-- name: settle
-- The one fate of some texts, from one of the states that allow it; in one order, as by all who change several texts.
WITH wanted AS (
    SELECT m.message FROM message AS m WHERE m.message = ANY ($1::uuid[]) ORDER BY m.message FOR UPDATE
)
UPDATE message AS m SET state = $2, reason = $3, ended_at = $4, lease_until = NULL, sequence = m.sequence + 1
FROM wanted AS w
WHERE m.message = w.message AND m.state = ANY ($5::text[])
RETURNING m.message, m.territory, m.appointment, m.version, m.site, m.purpose, m.patient, m.starts_at, m.mode, m.state,
    m.reason, m.sequence, m.contact_event, m.answer_by, m.occasion, m.traceparent;

-- name: by_references
-- The texts that receipts speak of, by the position of the receipt.
SELECT r.n, m.message, m.traceparent
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS r (provider, reference, n)
JOIN message AS m ON m.provider = r.provider AND m.provider_reference = r.reference
ORDER BY r.n;

-- name: keep_receipts
-- Receipts as they came; one that came already is not kept twice.
INSERT INTO receipt (provider, provider_reference, ptt, description, reported, received_at)
SELECT r.provider, r.reference, r.ptt, r.description, r.reported, $1
FROM unnest($2::text[], $3::text[], $4::int[], $5::int[], $6::text[])
    WITH ORDINALITY AS r (provider, reference, ptt, description, reported, n)
ORDER BY r.n
ON CONFLICT ON CONSTRAINT receipt_once DO NOTHING;

-- name: receipts
-- What came for some references, in order of arrival.
SELECT provider_reference, ptt, description FROM receipt
WHERE provider = $1 AND provider_reference = ANY ($2::text[])
ORDER BY number;

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
