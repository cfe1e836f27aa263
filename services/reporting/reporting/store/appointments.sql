-- name: record
-- Merges what one event says into the fact of its appointment; the order and number of deliveries do not matter.
WITH known_site AS (
    INSERT INTO site_fact (site, territory) VALUES ($5::uuid, $2::text) ON CONFLICT DO NOTHING
)
INSERT INTO appointment_fact AS fact (
    appointment, territory, heard, events, newest_event_at, whereabouts, subject,
    held, request, placement, move, expiry, cancellation, arrival, start, consultation, absence,
    preparation, departure, excuse, correction, mention
)
VALUES (
    $1::uuid, $2::text, int4multirange(int4range($3::int, $3::int, '[]')), 1, $4::timestamptz, ROW($3::int, $5::uuid),
    CASE WHEN $6::uuid IS NOT NULL THEN
        ROW($3::int, CASE WHEN NOT EXISTS (SELECT FROM erased_patient WHERE patient = $6::uuid) THEN $6::uuid END)::subject
    END,
    $7::moment, $8::request, $9::placement, $10::moment, $11::moment,
    $12::cancellation, $13::moment, $14::moment, $15::consultation, $16::absence, $17::moment, $18::absence,
    $19::moment, $20::correction, $21::absence
)
ON CONFLICT ON CONSTRAINT appointment_fact_once DO UPDATE SET
    heard = fact.heard + excluded.heard,
    events = fact.events + 1,
    newest_event_at = greatest(fact.newest_event_at, excluded.newest_event_at),
    whereabouts = greatest(fact.whereabouts, excluded.whereabouts),
    subject = greatest(fact.subject, excluded.subject),
    held = greatest(fact.held, excluded.held),
    request = greatest(fact.request, excluded.request),
    placement = greatest(fact.placement, excluded.placement),
    move = greatest(fact.move, excluded.move),
    expiry = greatest(fact.expiry, excluded.expiry),
    cancellation = greatest(fact.cancellation, excluded.cancellation),
    arrival = greatest(fact.arrival, excluded.arrival),
    start = greatest(fact.start, excluded.start),
    consultation = greatest(fact.consultation, excluded.consultation),
    absence = greatest(fact.absence, excluded.absence),
    preparation = greatest(fact.preparation, excluded.preparation),
    departure = greatest(fact.departure, excluded.departure),
    excuse = greatest(fact.excuse, excluded.excuse),
    correction = greatest(fact.correction, excluded.correction),
    mention = greatest(fact.mention, excluded.mention)
WHERE NOT fact.heard @> $3::int;

-- name: forget
-- Unlinks the acts of a patient who asked to be forgotten, and of those events still to come.
WITH remembered AS (
    INSERT INTO erased_patient (patient, territory) VALUES ($1::uuid, $2::text) ON CONFLICT DO NOTHING
)
UPDATE appointment_fact SET subject = ROW((subject).sequence, NULL)::subject WHERE patient = $1::uuid;

-- name: forget_again
-- Unlinks what an event that was being recorded at the very moment of the erasure may have brought back.
UPDATE appointment_fact AS fact SET subject = ROW((fact.subject).sequence, NULL)::subject
FROM erased_patient AS erased
WHERE fact.patient = erased.patient;
