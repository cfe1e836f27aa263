-- name: sites_of_territory
-- Sites where a displaced patient could go.
SELECT id
FROM site
WHERE zone IS NOT NULL AND territory = (SELECT territory FROM site WHERE id = $1)
ORDER BY id;

-- name: sessions_of_professional
-- The open sessions of somebody, wherever they are, that meet a period; no session is longer than 16 hours.
SELECT *
FROM session
WHERE professional = $1 AND state = 'open'
  AND starts_at < $3 AND starts_at > $2::timestamptz - interval '16 hours' AND ends_at > $2
ORDER BY id;

-- name: sessions_of_site
-- The same of a whole site.
SELECT *
FROM session
WHERE site = $1 AND state = 'open'
  AND starts_at < $3 AND starts_at > $2::timestamptz - interval '16 hours' AND ends_at > $2
ORDER BY id;

-- name: standing_in_sessions
-- Who has a place in these sessions, or wants somebody of them besides.
SELECT *
FROM appointment AS a
WHERE (session = ANY ($1::uuid[])
       OR (others <> '[]' AND others @> ANY (SELECT jsonb_build_array(jsonb_build_object('session', s))
                                              FROM unnest($1::uuid[]) AS s)))
  AND state = ANY ($2::text[])
  AND NOT EXISTS (SELECT FROM unsupported AS u
                  WHERE u.appointment = a.id AND u.session = a.session AND u.starts_at = a.starts_at
                    AND u.reason = 'place_lost')
ORDER BY id;

-- name: some_appointments
-- These appointments.
SELECT * FROM appointment WHERE id = ANY ($1::uuid[]) ORDER BY id;

-- name: expected_at_site
-- Who is expected at a site from a day on.
SELECT * FROM appointment WHERE site = $1 AND day >= $2 AND state = 'booked' AND mode = 'AMB' ORDER BY id;

-- name: reachable
-- Whom a text can reach.
SELECT patient, reachable_by_text FROM patient_contact WHERE patient = ANY ($1::uuid[]);

-- name: insert
-- A plan as it was shown.
INSERT INTO impact (id, territory, sites, change, fingerprint, seen, figures, planned_at, planned_by)
VALUES ($1, $2, $3, $4::jsonb, $5, $6::jsonb, $7::jsonb, $8, $9);

-- name: insert_items
-- Its lines, in order of claim.
INSERT INTO impact_item (impact, appointment, territory, rank, patient, compartment, version, session, starts_at,
                         kept, proposals, reachable_by_text, here)
SELECT $1, n.appointment, $2, n.rank, n.patient, n.compartment, n.version, n.session, n.starts_at, n.kept, n.proposals,
       n.reachable, n.here
FROM jsonb_to_recordset($3::jsonb)
    AS n (appointment uuid, rank integer, patient uuid, compartment text, version integer, session uuid,
          starts_at timestamptz, kept jsonb, proposals jsonb, reachable boolean, here boolean);

-- name: get
-- A plan.
SELECT * FROM impact WHERE id = $1;

-- name: lock
-- A plan before it is applied: one at a time.
SELECT * FROM impact WHERE id = $1 FOR UPDATE;

-- name: items
-- Lines of a plan from behind a rank on, with how each appointment stands now; whoever has their place back ($4) does
-- not stand where they were left.
SELECT i.*, a.state AS appointment_state,
       (a.session, a.starts_at) = (i.session, i.starts_at)
       AND NOT jsonb_path_exists(a.trail, '$[*] ? (@.why == $why && @.version > $seen)',
                                 jsonb_build_object('why', $4::text, 'seen', i.version)) AS is_where_it_was
FROM impact_item AS i
JOIN appointment AS a ON a.id = i.appointment
WHERE i.impact = $1 AND i.rank > $2
ORDER BY i.rank
LIMIT $3;

-- name: all_items
-- Every line of a plan.
SELECT * FROM impact_item WHERE impact = $1 ORDER BY rank;

-- name: begin
-- The sessions have been changed: from now on the plan is carried out.
UPDATE impact SET state = 'applying', applied_at = $2, applied_by = $3 WHERE id = $1;

-- name: decide
-- What is to become of each line.
UPDATE impact_item AS i
SET decision = d.decision, choice = d.choice
FROM unnest($2::uuid[], $3::text[], $4::smallint[]) AS d (appointment, decision, choice)
WHERE i.impact = $1 AND i.appointment = d.appointment;

-- name: open_items
-- Lines that nobody has settled yet.
SELECT appointment FROM impact_item WHERE impact = $1 AND outcome IS NULL ORDER BY rank LIMIT $2;

-- name: lock_item
-- One line that is not settled, unless somebody is at it.
SELECT *
FROM impact_item
WHERE impact = $1 AND appointment = $2 AND outcome IS NULL
FOR UPDATE SKIP LOCKED;

-- name: settle
-- How a line ended, in the transaction of its effect.
UPDATE impact_item SET outcome = $3, by_hand = $4, note = $5, settled_at = $6 WHERE impact = $1 AND appointment = $2;

-- name: finish
-- Nothing is open any more.
UPDATE impact
SET state = 'applied', ended_at = $2
WHERE id = $1 AND state = 'applying'
  AND NOT EXISTS (SELECT FROM impact_item WHERE impact = $1 AND outcome IS NULL);

-- name: progress
-- How many ended how.
SELECT outcome, count(*) AS count FROM impact_item WHERE impact = $1 GROUP BY outcome;

-- name: being_applied
-- Plans whose lines are not all settled.
SELECT id FROM impact WHERE state = 'applying' ORDER BY applied_at LIMIT $1;

-- name: lost_or_losing_place
-- Which of these appointments have no place: they lost it and were given no other, or their session holds them no more
-- and the plan has still to come to them.
SELECT a.id
FROM appointment AS a
WHERE a.id = ANY ($1::uuid[]) AND (
    EXISTS (SELECT FROM unsupported AS u
            WHERE u.appointment = a.id AND u.session = a.session AND u.starts_at = a.starts_at
              AND u.reason = 'place_lost')
    OR NOT EXISTS (SELECT FROM session AS s
                   WHERE s.id = a.session AND s.state = 'open'
                     AND s.starts_at <= a.starts_at - a.buffer_before AND s.ends_at >= a.ends_at + a.buffer_after));

-- name: lose_place
-- An appointment whose session is gone, or that has lost its place in it for sure ($3), takes its patient's time and
-- nobody else's, and is listed until it is settled.
WITH lost AS (
    SELECT a.id, a.territory, a.session, a.starts_at
    FROM appointment AS a
    WHERE a.id = $1 AND ($3 OR NOT EXISTS (
        SELECT FROM session AS s
        WHERE s.id = a.session AND s.state = 'open'
          AND s.starts_at <= a.starts_at - a.buffer_before AND s.ends_at >= a.ends_at + a.buffer_after
    ))
), freed AS (
    UPDATE occupancy AS o
    SET blocking = false
    FROM lost
    WHERE o.appointment = lost.id AND o.blocking AND o.resource_kind <> 'patient'
)
INSERT INTO unsupported (appointment, territory, session, starts_at, since, reason)
SELECT id, territory, session, starts_at, $2, 'place_lost' FROM lost
ON CONFLICT (appointment) DO UPDATE
SET session = excluded.session, starts_at = excluded.starts_at, since = excluded.since, reason = excluded.reason;
