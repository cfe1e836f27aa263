-- name: place_for_patient
-- All that a booking has to know, in one round trip: the session $1, or that of the appointment $3, and the patient $2, or
-- the appointment's. Neither can the session be cancelled before the commit, nor the patient be forgotten. With an
-- intern's session comes the presence that covers it (nobody is present at a site that is closed for good, nor where
-- registry's facts speak against the session): kept as well, all in id order, so that no two wait crosswise. No row, and
-- no lock, when session or patient is unknown. `works_elsewhere`: the professional has a session at another site so near
-- that they may be on the way (no session is longer than 16 hours, no way than 4). OFFSET 0 keeps the planner from looking
-- for presence before it knows that the session is an intern's.
WITH asked AS (
    SELECT coalesce($1::uuid, (SELECT session FROM appointment WHERE id = $3::uuid)) AS session,
           coalesce($2::uuid, (SELECT patient FROM appointment WHERE id = $3::uuid)) AS patient
), kept AS (
    SELECT session AS id, false AS supervises FROM asked
    UNION ALL
    SELECT present.id, true
    FROM asked
    CROSS JOIN LATERAL (SELECT * FROM session WHERE id = asked.session AND role = 'intern' OFFSET 0) AS i
    CROSS JOIN LATERAL (
        SELECT s.id
        FROM session AS s
        WHERE s.site = i.site AND s.state = 'open' AND s.unsupported_reason IS NULL
          AND s.starts_at < i.ends_at AND s.starts_at > i.starts_at - interval '16 hours' AND s.ends_at > i.starts_at
          AND s.professional IN (SELECT supervisor FROM supervision WHERE intern = i.professional)
          AND NOT EXISTS (SELECT FROM site WHERE site.id = s.site AND site.closed_from <= s.day)
        OFFSET 0
    ) AS present
)
SELECT k.supervises, s.id, s.territory, s.site, s.professional, s.role, s.room, s.kinds, s.day, s.starts_at, s.ends_at,
       s.slot_minutes, s.shares, s.equipment, s.state, s.unsupported_reason, p.registered_at, p.erased_at,
       p.eligibility,
       EXISTS (SELECT FROM session AS e
               WHERE e.professional = s.professional AND e.state = 'open' AND e.site <> s.site
                 AND e.starts_at > s.starts_at - interval '20 hours' AND e.starts_at < s.ends_at + interval '4 hours')
           AS works_elsewhere
FROM kept AS k
JOIN session AS s ON s.id = k.id
JOIN patient AS p ON p.id = (SELECT patient FROM asked)
ORDER BY s.id
FOR KEY SHARE OF s, p;

-- name: places
-- The same of sessions for whoever is not known yet.
WITH asked AS (
    SELECT unnest($1::uuid[]) AS session
), kept AS (
    SELECT session AS id, false AS supervises FROM asked
    UNION ALL
    SELECT present.id, true
    FROM asked
    CROSS JOIN LATERAL (SELECT * FROM session WHERE id = asked.session AND role = 'intern' OFFSET 0) AS i
    CROSS JOIN LATERAL (
        SELECT s.id
        FROM session AS s
        WHERE s.site = i.site AND s.state = 'open' AND s.unsupported_reason IS NULL
          AND s.starts_at < i.ends_at AND s.starts_at > i.starts_at - interval '16 hours' AND s.ends_at > i.starts_at
          AND s.professional IN (SELECT supervisor FROM supervision WHERE intern = i.professional)
          AND NOT EXISTS (SELECT FROM site WHERE site.id = s.site AND site.closed_from <= s.day)
        OFFSET 0
    ) AS present
)
SELECT k.supervises, s.id, s.territory, s.site, s.professional, s.role, s.room, s.kinds, s.day, s.starts_at, s.ends_at,
       s.slot_minutes, s.shares, s.equipment, s.state, s.unsupported_reason,
       EXISTS (SELECT FROM session AS e
               WHERE e.professional = s.professional AND e.state = 'open' AND e.site <> s.site
                 AND e.starts_at > s.starts_at - interval '20 hours' AND e.starts_at < s.ends_at + interval '4 hours')
           AS works_elsewhere
FROM kept AS k
JOIN session AS s ON s.id = k.id
ORDER BY s.id
FOR KEY SHARE OF s;

-- name: places_for_patients
-- The same for several bookings at once, of no interns, only read: `book_together` looks whether the sessions are still as they were.
SELECT n.n, s.id, s.territory, s.site, s.professional, s.role, s.room, s.kinds, s.day, s.starts_at, s.ends_at,
       s.slot_minutes, s.shares, s.equipment, s.state, s.unsupported_reason, s.version, p.registered_at, p.erased_at,
       p.eligibility,
       EXISTS (SELECT FROM session AS e
               WHERE e.professional = s.professional AND e.state = 'open' AND e.site <> s.site
                 AND e.starts_at > s.starts_at - interval '20 hours' AND e.starts_at < s.ends_at + interval '4 hours')
           AS works_elsewhere
FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS n (session, patient, n)
JOIN session AS s ON s.id = n.session
JOIN patient AS p ON p.id = n.patient;

-- name: insert
-- New appointments with all they occupy: each is written only if it had every one of its resources; the exclusion
-- constraint decides. Resources come in one order over all of them, so that two transactions never wait crosswise.
-- Answers what each one had; `clear_partial` follows for those that had only a part.
WITH occupied AS (
    INSERT INTO occupancy (appointment, resource, resource_kind, territory, period)
    SELECT o.appointment, o.resource, o.kind, o.territory, tstzrange(o.starts_at, o.ends_at)
    FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[])
        WITH ORDINALITY AS o (appointment, resource, kind, territory, starts_at, ends_at, n)
    ORDER BY o.n
    ON CONFLICT DO NOTHING
    RETURNING appointment, resource
), had AS (
    SELECT appointment, array_agg(resource) AS resources FROM occupied GROUP BY appointment
), placed AS (
    INSERT INTO appointment (id, territory, site, session, day, patient, professional, role, kind, mode, starts_at,
                             ends_at, capacity_class, channel, state, notify, requested_at, expires_at, booked_at,
                             trail, kind_version, compartment, buffer_before, buffer_after, named,
                             neutral_wording, party, preparation_start, others)
    SELECT n.id, n.territory, n.site, n.session, n.day, n.patient, n.professional, n.role, n.kind, n.mode, n.starts_at,
           n.ends_at, n.capacity_class, n.channel, n.state, n.notify, n.requested_at, n.expires_at, n.booked_at,
           jsonb_build_array(n.step), n.kind_version, n.compartment, n.buffer_before, n.buffer_after, n.named,
           n.neutral_wording, n.party, n.preparation_start, n.company -> 'others'
    FROM unnest($7::int[], $8::uuid[], $9::text[], $10::uuid[], $11::uuid[], $12::date[], $13::uuid[], $14::uuid[],
                $15::text[], $16::text[], $17::text[], $18::timestamptz[], $19::timestamptz[], $20::text[],
                $21::text[], $22::text[], $23::bool[], $24::timestamptz[], $25::timestamptz[], $26::timestamptz[],
                $27::jsonb[], $28::int[], $29::text[], $30::interval[], $31::interval[],
                $32::bool[], $33::bool[], $34::uuid[], $35::timestamptz[], $36::jsonb[])
        AS n (wanted, id, territory, site, session, day, patient, professional, role, kind, mode, starts_at, ends_at,
              capacity_class, channel, state, notify, requested_at, expires_at, booked_at, step, kind_version,
              compartment, buffer_before, buffer_after, named, neutral_wording, party, preparation_start, company)
    JOIN had AS h ON h.appointment = n.id AND cardinality(h.resources) = n.wanted
)
SELECT appointment, resources FROM had;

-- name: book_together
-- Several bookings with all that they occupy, say and answer, in one statement that is a transaction of its own. Each
-- is made only if its session is open and as it was read ($37, $38), nobody is changing it or forgetting the patient,
-- and nothing that it wants is taken; the others are left out. What is taken between that look and the write, the
-- exclusion constraint refuses, and the whole statement is undone: no `ON CONFLICT`, which would look twice more into
-- the index. Answers which were made.
WITH shared AS (
    SELECT s.id
    FROM unnest($37::uuid[], $38::int[]) AS r (id, version)
    JOIN session AS s ON s.id = r.id AND s.version = r.version AND s.state = 'open'
    ORDER BY s.id
    FOR KEY SHARE OF s SKIP LOCKED
), known AS (
    SELECT p.id FROM patient AS p WHERE p.id = ANY ($13::uuid[]) AND p.erased_at IS NULL FOR KEY SHARE SKIP LOCKED
), asked AS (
    SELECT o.*,
           (SELECT true
            FROM occupancy AS t
            WHERE t.resource = o.resource AND t.blocking AND t.starts_at < o.ends_at
              AND t.starts_at > o.starts_at - interval '16 hours' AND upper(t.period) > o.starts_at
            ORDER BY t.starts_at LIMIT 1) AS is_taken
    FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[])
        WITH ORDINALITY AS o (appointment, resource, kind, territory, starts_at, ends_at, n)
), wish AS (
    SELECT n.*
    FROM unnest($7::int[], $8::uuid[], $9::text[], $10::uuid[], $11::uuid[], $12::date[], $13::uuid[], $14::uuid[],
                $15::text[], $16::text[], $17::text[], $18::timestamptz[], $19::timestamptz[], $20::text[],
                $21::text[], $22::text[], $23::bool[], $24::timestamptz[], $25::timestamptz[], $26::timestamptz[],
                $27::jsonb[], $28::int[], $29::text[], $30::interval[], $31::interval[],
                $32::bool[], $33::bool[], $34::uuid[], $35::timestamptz[], $36::jsonb[],
                $39::uuid[], $40::text[], $41::uuid[], $42::text[], $43::int[], $44::text[], $45::uuid[],
                $46::timestamptz[], $47::text[], $48::bytea[],
                $49::text[], $50::text[], $51::bytea[], $52::int[], $53::bytea[])
        WITH ORDINALITY
        AS n (wanted, id, territory, site, session, day, patient, professional, role, kind, mode, starts_at, ends_at,
              capacity_class, channel, state, notify, requested_at, expires_at, booked_at, step, kind_version,
              compartment, buffer_before, buffer_after, named, neutral_wording, party, preparation_start, company,
              event, topic, aggregate, type, sequence, event_territory, event_site, occurred_at, traceparent, payload,
              subject, key, fingerprint, status, body, n)
    WHERE n.session IN (SELECT id FROM shared) AND n.patient IN (SELECT id FROM known)
      AND n.id NOT IN (SELECT appointment FROM asked WHERE is_taken)
), occupied AS (
    INSERT INTO occupancy (appointment, resource, resource_kind, territory, period)
    SELECT a.appointment, a.resource, a.kind, a.territory, tstzrange(a.starts_at, a.ends_at)
    FROM asked AS a JOIN wish AS w ON w.id = a.appointment
    ORDER BY a.n
), placed AS (
    INSERT INTO appointment (id, territory, site, session, day, patient, professional, role, kind, mode, starts_at,
                             ends_at, capacity_class, channel, state, notify, requested_at, expires_at, booked_at,
                             trail, kind_version, compartment, buffer_before, buffer_after, named,
                             neutral_wording, party, preparation_start, others)
    SELECT w.id, w.territory, w.site, w.session, w.day, w.patient,
           w.professional, w.role, w.kind, w.mode, w.starts_at, w.ends_at, w.capacity_class, w.channel, w.state,
           w.notify, w.requested_at, w.expires_at, w.booked_at, jsonb_build_array(w.step), w.kind_version,
           w.compartment, w.buffer_before, w.buffer_after, w.named, w.neutral_wording, w.party, w.preparation_start,
           w.company -> 'others'
    FROM wish AS w
), answered AS (
    INSERT INTO smp.idempotency (subject, key, fingerprint, status, body)
    SELECT w.subject, w.key, w.fingerprint, w.status, w.body
    FROM wish AS w
    ORDER BY w.subject, w.key
), said AS (
    INSERT INTO smp.outbox (id, aggregatetype, aggregateid, type, sequence, territory, site, occurred_at, traceparent,
                            payload)
    SELECT w.event, w.topic, w.aggregate, w.type, w.sequence, w.event_territory, w.event_site, w.occurred_at,
           w.traceparent, w.payload
    FROM wish AS w
    ORDER BY w.n
)
SELECT id FROM wish;

-- name: one_at_a_time
-- Bookings of one patient and kind wait for each other until the commit: each must see what the former took.
SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text || $2::text, 4202));

-- name: running
-- What a patient has ahead of a kind, holds that still run included.
SELECT id
FROM appointment
WHERE patient = $1 AND kind = $2 AND ends_at > $3 AND (state = 'booked' OR (state = 'held' AND expires_at > $3))
ORDER BY starts_at, id;

-- name: clear_partial
-- What refused bookings had already taken, before they look for alternatives or try again.
DELETE FROM occupancy WHERE appointment = ANY ($1::uuid[]);

-- name: discard
-- Appointments of this very transaction, written with all they occupy, that cannot be had together after all.
WITH occupied AS (
    DELETE FROM occupancy WHERE appointment = ANY ($1::uuid[])
)
DELETE FROM appointment WHERE id = ANY ($1::uuid[]);

-- name: add_occupancy
-- The patient joins a hold that did not name one.
INSERT INTO occupancy (appointment, resource, resource_kind, territory, period)
VALUES ($1, $2, $3, $4, tstzrange($5, $6))
ON CONFLICT DO NOTHING
RETURNING resource;

-- name: replace_occupancies
-- What an appointment takes, or took before it gave it back, of these kinds ($7) is given up, and its place taken, in one
-- statement, in resource order. With its practitioner, what was said of the old place (see supervision.sql) is over, be it
-- the same. Answers what was had.
WITH given_up AS (
    DELETE FROM occupancy WHERE appointment = $1 AND resource_kind = ANY ($7::text[]) RETURNING 1
), said AS (
    DELETE FROM unsupported WHERE appointment = $1 AND 'practitioner' = ANY ($7::text[])
), occupied AS (
    INSERT INTO occupancy (appointment, resource, resource_kind, territory, period)
    SELECT $1, r.number, r.kind, $2, tstzrange(r.starts_at, r.ends_at)
    FROM unnest($3::bigint[], $4::text[], $5::timestamptz[], $6::timestamptz[])
        WITH ORDINALITY AS r (number, kind, starts_at, ends_at, n)
    WHERE (SELECT count(*) FROM given_up) >= 0
    ORDER BY r.n
    ON CONFLICT DO NOTHING
    RETURNING resource
)
SELECT array(SELECT resource FROM occupied);

-- name: has_been_seen_by
-- Whether somebody has already received this patient.
SELECT EXISTS (SELECT FROM appointment WHERE patient = $1 AND professional = $2 AND state = 'done');

-- name: practitioners_who_saw
-- Those who have already received each of these patients.
SELECT DISTINCT patient, professional FROM appointment WHERE patient = ANY ($1::uuid[]) AND state = 'done';

-- name: hand_over
-- The same hour with another practitioner or in another room: what is given up and what is taken for it. What was said of
-- the former practitioner (see supervision.sql) is over.
WITH said AS (
    DELETE FROM unsupported WHERE appointment = $1 AND 'practitioner' = ANY ($5::text[])
), own AS (
    SELECT o.territory, o.period, tstzrange(a.starts_at, a.ends_at) AS agreed
    FROM occupancy AS o
    JOIN appointment AS a ON a.id = o.appointment
    WHERE o.appointment = $1 AND o.resource = $2
), given_up AS (
    DELETE FROM occupancy WHERE appointment = $1 AND resource = ANY ($3::bigint[]) RETURNING 1
), taken AS (
    INSERT INTO occupancy (appointment, resource, resource_kind, territory, period)
    SELECT $1, r.number, r.kind, own.territory,
           CASE WHEN r.kind = 'practitioner' THEN own.period ELSE own.agreed END
    FROM own, unnest($4::bigint[], $5::text[]) AS r (number, kind)
    WHERE (SELECT count(*) FROM given_up) >= 0
    ORDER BY r.number
    ON CONFLICT DO NOTHING
    RETURNING resource
)
SELECT count(*) FROM taken;

-- name: save
-- An appointment one step further. The kinds of resources that it gives back are free again; while the place rests,
-- the patient's only. What was said of another place than it has now is over, should it come back there.
WITH released AS (
    UPDATE occupancy SET blocking = false
    WHERE appointment = $1 AND blocking AND resource_kind = ANY ($4::text[])
      AND (resource_kind = 'patient' OR $5::timestamptz IS NULL)
), elsewhere AS (
    DELETE FROM unsupported WHERE appointment = $1 AND (session, starts_at) IS DISTINCT FROM ($6, $12)
)
UPDATE appointment
SET version = $2, state = $3, rests_until = $5, session = $6, site = $7, day = $8, patient = $9, professional = $10,
    role = $11, starts_at = $12, ends_at = $13, channel = $14, notify = $15, requested_at = $16, booked_at = $17,
    arrived_at = $18, prepared_at = $19, started_at = $20, ended_at = $21, left_at = $22, outcome = $23,
    severity = $24, otherwise_emergency = $25, supervisor = $26, cancelled_by = $27, cancel_reason = $28, late = $29,
    preparation_start = $30, others = $31::jsonb, call_place = $32, call_before = $33, call_decided_at = $34,
    named = $35, trail = trail || $36::jsonb
WHERE id = $1;

-- name: change_kind
-- A visit becomes a video consultation, or the reverse; with a move that was saved before.
UPDATE appointment
SET kind = $2, kind_version = $3, mode = $4, buffer_before = $5, buffer_after = $6, neutral_wording = $7
WHERE id = $1;

-- name: get
-- One appointment.
SELECT * FROM appointment WHERE id = $1;

-- name: lock
-- One appointment, before a step.
SELECT * FROM appointment WHERE id = $1 FOR UPDATE;

-- name: lock_free
-- Several, in id order; nobody waits here for those with which somebody else is busy.
SELECT * FROM appointment WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE SKIP LOCKED;

-- name: lock_active_of_sessions
-- What stands in sessions that are to be cancelled, or wants somebody of them besides; in id order.
SELECT *
FROM appointment
WHERE (session = ANY ($1::uuid[])
       OR (others <> '[]' AND others @> ANY (SELECT jsonb_build_array(jsonb_build_object('session', s))
                                              FROM unnest($1::uuid[]) AS s)))
  AND state IN ('held', 'booked', 'arrived', 'in_preparation', 'in_consultation')
ORDER BY id
FOR UPDATE;

-- name: lock_without_place
-- Who has lost their place (see impacts.sql) in hours that these professionals receive in, and still waits for a call;
-- in id order. Those with which somebody is busy are left to them: nobody waits here.
SELECT a.*
FROM unsupported AS u
JOIN appointment AS a ON a.id = u.appointment AND a.session = u.session AND a.starts_at = u.starts_at
WHERE u.reason = 'place_lost' AND a.state IN ('booked', 'arrived', 'in_preparation') AND a.ends_at > $4
  AND EXISTS (SELECT FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS h (professional, starts_at, ends_at)
              WHERE h.professional = a.professional AND h.starts_at <= a.starts_at AND h.ends_at >= a.ends_at)
ORDER BY a.id
FOR UPDATE OF a SKIP LOCKED;

-- name: without_place
-- Which of these have lost their place.
SELECT u.appointment
FROM unsupported AS u
JOIN appointment AS a ON a.id = u.appointment AND a.session = u.session AND a.starts_at = u.starts_at
WHERE u.appointment = ANY ($1::uuid[]) AND u.reason = 'place_lost';

-- name: version_of_loss
-- The step with which an appointment lost its place.
SELECT max((step ->> 'version')::integer)
FROM unsupported AS u
JOIN appointment AS a ON a.id = u.appointment AND a.session = u.session AND a.starts_at = u.starts_at,
     jsonb_array_elements(a.trail) AS step
WHERE u.appointment = $1 AND u.reason = 'place_lost' AND (step ->> 'at')::timestamptz = u.since;

-- name: lock_active_of_interns
-- Appointments of the interns whom these professionals supervise, on their sites and days, that meet these periods; in
-- id order.
SELECT a.*
FROM appointment AS a
WHERE a.role = 'intern' AND a.state IN ('held', 'booked', 'arrived', 'in_preparation', 'in_consultation')
  AND a.id IN (
    SELECT met.id
    FROM unnest($1::uuid[], $2::date[], $3::uuid[], $4::timestamptz[], $5::timestamptz[])
        AS p (site, day, supervisor, starts_at, ends_at)
    JOIN supervision AS s ON s.supervisor = p.supervisor
    JOIN appointment AS met ON met.site = p.site AND met.day = p.day AND met.professional = s.intern
                           AND met.starts_at < p.ends_at AND met.ends_at > p.starts_at)
ORDER BY a.id
FOR UPDATE;

-- name: lock_expired_in_the_way
-- Expired holds that take one of these resources in a period: a booking that meets them takes them over.
SELECT *
FROM appointment
WHERE state = 'held' AND expires_at <= $4
  AND id IN (SELECT appointment FROM occupancy
             WHERE resource = ANY ($1::bigint[]) AND blocking
               AND starts_at < $3 AND starts_at > $2::timestamptz - interval '16 hours' AND upper(period) > $2)
ORDER BY id
FOR UPDATE;

-- name: lock_over_in_the_way
-- The same and places that have rested, for somebody who waits for nobody.
SELECT *
FROM appointment
WHERE (state = 'held' AND expires_at <= $4 OR rests_until <= $4)
  AND id IN (SELECT appointment FROM occupancy
             WHERE resource = ANY ($1::bigint[]) AND blocking
               AND starts_at < $3 AND starts_at > $2::timestamptz - interval '16 hours' AND upper(period) > $2)
ORDER BY id
FOR UPDATE SKIP LOCKED;

-- name: end_rests_in_the_way
-- Places that rested and stand in the way are free for whoever met them: those whose rest is over, and any for the
-- waiting list, which has first call ($5).
WITH over AS (
    SELECT id
    FROM appointment
    WHERE rests_until IS NOT NULL AND (rests_until <= $4 OR $5)
      AND id IN (SELECT appointment FROM occupancy
                 WHERE resource = ANY ($1::bigint[]) AND blocking
                   AND starts_at < $3 AND starts_at > $2::timestamptz - interval '16 hours' AND upper(period) > $2)
    ORDER BY id
    FOR UPDATE
), freed AS (
    UPDATE occupancy SET blocking = false WHERE appointment IN (SELECT id FROM over) AND blocking
)
UPDATE appointment SET rests_until = NULL WHERE id IN (SELECT id FROM over) RETURNING id;

-- name: end_rests
-- Places whose rest is over are free for all; those somebody is busy with are left to them.
WITH over AS (
    SELECT id FROM appointment WHERE rests_until <= $1 ORDER BY rests_until LIMIT $2 FOR UPDATE SKIP LOCKED
), freed AS (
    UPDATE occupancy SET blocking = false WHERE appointment IN (SELECT id FROM over) AND blocking
)
UPDATE appointment SET rests_until = NULL WHERE id IN (SELECT id FROM over) RETURNING id;

-- name: end_rest
-- Nobody on the waiting list wants this place: it is free for all at once.
WITH over AS (
    SELECT id FROM appointment WHERE id = $1 AND rests_until IS NOT NULL FOR UPDATE
), freed AS (
    UPDATE occupancy SET blocking = false WHERE appointment IN (SELECT id FROM over) AND blocking
)
UPDATE appointment SET rests_until = NULL WHERE id IN (SELECT id FROM over) RETURNING id;

-- name: end_rests_of_sessions
-- What rested in sessions that no longer take place keeps neither practitioner nor room from anybody.
WITH over AS (
    SELECT id FROM appointment WHERE session = ANY ($1::uuid[]) AND rests_until IS NOT NULL ORDER BY id FOR UPDATE
), freed AS (
    UPDATE occupancy SET blocking = false WHERE appointment IN (SELECT id FROM over) AND blocking
)
UPDATE appointment SET rests_until = NULL WHERE id IN (SELECT id FROM over);

-- name: rests_until
-- Until when what takes these resources in a period rests.
SELECT max(a.rests_until)
FROM occupancy AS o
JOIN appointment AS a ON a.id = o.appointment AND a.rests_until IS NOT NULL
WHERE o.resource = ANY ($1::bigint[]) AND o.blocking
  AND o.starts_at < $3 AND o.starts_at > $2::timestamptz - interval '16 hours' AND upper(o.period) > $2;

-- name: resting
-- Places of a site that rest: whom the waiting list could offer them to.
SELECT * FROM appointment WHERE rests_until > $2 AND site = $1 ORDER BY starts_at, id;

-- name: lock_expired
-- Expired holds nobody else is busy with.
SELECT *
FROM appointment
WHERE state = 'held' AND expires_at <= $1
ORDER BY expires_at
LIMIT $2
FOR UPDATE SKIP LOCKED;

-- name: lock_future_of_patient
-- What an erased patient still had ahead: no hour that is over, and nothing they are here for.
SELECT *
FROM appointment
WHERE patient = $1 AND state IN ('held', 'booked') AND ends_at > $2
ORDER BY id
FOR UPDATE;

-- name: lock_floating
-- Appointments of an hour that may go to another practitioner: nobody was named, nobody comes with them, nobody is busy
-- with them, and they have not lost their place, which somebody else may have by now.
SELECT *
FROM appointment AS a
WHERE site = $1 AND day = $2 AND starts_at = $3 AND ends_at = $4 AND state = 'booked'
  AND NOT named AND role <> 'intern' AND party IS NULL AND others = '[]'
  AND NOT EXISTS (SELECT FROM unsupported AS u WHERE u.appointment = a.id AND u.reason = 'place_lost'
                                                 AND u.session = a.session AND u.starts_at = a.starts_at)
ORDER BY id
FOR UPDATE OF a SKIP LOCKED;

-- name: may_float
-- The same of a window, for somebody who looks before anything is locked.
SELECT *
FROM appointment AS a
WHERE site = $1 AND day BETWEEN $2 AND $3 AND starts_at >= $4 AND starts_at < $5 AND state = 'booked'
  AND NOT named AND role <> 'intern' AND party IS NULL AND others = '[]'
  AND NOT EXISTS (SELECT FROM unsupported AS u WHERE u.appointment = a.id AND u.reason = 'place_lost'
                                                 AND u.session = a.session AND u.starts_at = a.starts_at)
ORDER BY id;

-- name: waits_already
-- Another appointment for which a patient is in the waiting room of a site on a day.
SELECT *
FROM appointment
WHERE site = $1 AND day = $2 AND patient = $3 AND state IN ('arrived', 'in_preparation') AND id <> $4;

-- name: lock_open_of_day
-- What a bulk close of a site's day looks at; in id order.
SELECT *
FROM appointment
WHERE site = $1 AND day = $2 AND state IN ('booked', 'arrived', 'in_preparation', 'in_consultation')
ORDER BY id
FOR UPDATE;

-- name: day_of_site
-- Appointments and walk-ins of a site on a day, in one list.
SELECT *
FROM appointment
WHERE site = $1 AND day = $2 AND state NOT IN ('held', 'expired')
ORDER BY starts_at, professional, id;
