-- name: open_site
-- What SiteOpened says of a site, with its first address.
WITH opened AS (
    INSERT INTO site (site, territory, name, zone, subdivision)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (site) DO UPDATE SET
        name = excluded.name, zone = excluded.zone, subdivision = excluded.subdivision
)
INSERT INTO site_address (site, valid_from, territory, sequence, line, postal_code, city, phone)
VALUES ($1, $6, $2, $7, $8, $9, $10, $11)
ON CONFLICT (site, valid_from) DO UPDATE SET
    sequence = excluded.sequence, line = excluded.line, postal_code = excluded.postal_code,
    city = excluded.city, phone = excluded.phone
WHERE site_address.sequence < excluded.sequence;

-- name: relocate_site
-- A further address of a site, from a date on.
INSERT INTO site_address (site, valid_from, territory, sequence, line, postal_code, city, phone)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (site, valid_from) DO UPDATE SET
    sequence = excluded.sequence, line = excluded.line, postal_code = excluded.postal_code,
    city = excluded.city, phone = excluded.phone
WHERE site_address.sequence < excluded.sequence;

-- name: close_site
-- The date from which nobody is to be sent there.
INSERT INTO site (site, territory, closed_from, closed_sequence)
VALUES ($1, $2, $3, $4)
ON CONFLICT (site) DO UPDATE SET closed_from = excluded.closed_from, closed_sequence = excluded.closed_sequence
WHERE site.closed_sequence < excluded.closed_sequence;

-- name: site
-- A site with all its addresses, oldest first.
SELECT s.site, s.territory AS site_territory, s.name, s.zone, s.subdivision, s.closed_from, (
    SELECT jsonb_agg(to_jsonb(a) - 'site' - 'territory' - 'sequence' ORDER BY a.valid_from)
    FROM site_address AS a WHERE a.site = s.site
) AS addresses
FROM site AS s WHERE s.site = $1;

-- name: record_contact
-- The latest contact of a patient, sealed; an erased patient stays erased.
INSERT INTO patient (patient, territory, sequence, reachable_by_text, text_consent, sealed_contact, contact_event)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (patient) DO UPDATE SET
    territory = excluded.territory, sequence = excluded.sequence, reachable_by_text = excluded.reachable_by_text,
    text_consent = excluded.text_consent, sealed_contact = excluded.sealed_contact,
    contact_event = excluded.contact_event
WHERE patient.sequence < excluded.sequence AND patient.erased_at IS NULL;

-- name: erase_patient
-- Drops the sealed contact for good; the row stays so that no later text waits for this patient.
INSERT INTO patient (patient, territory, sequence, reachable_by_text, erased_at)
VALUES ($1, $2, $3, false, $4)
ON CONFLICT (patient) DO UPDATE SET
    sequence = greatest(patient.sequence, excluded.sequence), reachable_by_text = false, text_consent = NULL,
    sealed_contact = NULL, contact_event = NULL, erased_at = excluded.erased_at;

-- name: record_states
-- The latest states of different appointments, and the claim to decide on them: answers those whose version is heard for
-- the first time. In one order, so that two processes never wait crosswise.
WITH told AS (
    SELECT * FROM unnest($3::uuid[], $4::text[], $5::int[], $6::uuid[], $7::uuid[], $8::timestamptz[], $9::text[],
                         $10::uuid[], $11::text[], $12::uuid[], $13::bool[])
        AS t (appointment, territory, version, patient, site, starts_at, mode, event_id, verdict, party, apart)
), state AS (
    INSERT INTO appointment (appointment, territory, version, state, patient, site, starts_at, mode, party, apart)
    SELECT t.appointment, t.territory, t.version, $1, t.patient, t.site, t.starts_at, t.mode, t.party, t.apart
    FROM told AS t
    ORDER BY t.appointment
    ON CONFLICT (appointment) DO UPDATE SET
        version = excluded.version, state = excluded.state, site = excluded.site,
        patient = coalesce(excluded.patient, appointment.patient),
        starts_at = coalesce(excluded.starts_at, appointment.starts_at),
        mode = coalesce(excluded.mode, appointment.mode),
        party = coalesce(excluded.party, appointment.party), apart = appointment.apart OR excluded.apart,
        undecided = false
    WHERE appointment.version < excluded.version
)
INSERT INTO decision (appointment, version, territory, event_id, decided_at, verdict)
SELECT t.appointment, t.version, t.territory, t.event_id, $2, t.verdict
FROM told AS t
ORDER BY t.appointment
ON CONFLICT ON CONSTRAINT decision_once DO NOTHING
RETURNING appointment;

-- name: decide_offer
-- The claim to decide on an offer: true the first time it is heard, unless its hold has gone on meanwhile.
INSERT INTO decision (appointment, version, territory, event_id, decided_at, verdict)
SELECT $1, $2, $3, $4, $5, $6
WHERE NOT EXISTS (SELECT FROM appointment AS a WHERE a.appointment = $1 AND a.version > $2)
ON CONFLICT ON CONSTRAINT decision_once DO NOTHING
RETURNING true;

-- name: decide_relocation
-- The claim to tell of a move: true the first time it is heard.
INSERT INTO relocation (site, sequence, territory, event_id, heard_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT ON CONSTRAINT relocation_once DO NOTHING
RETURNING true;

-- name: end_appointments
-- The last states that matter here, of different appointments; in one order, so that two processes never wait crosswise.
INSERT INTO appointment (appointment, territory, version, state, patient, site)
SELECT e.appointment, e.territory, e.version, $1, e.patient, e.site
FROM unnest($2::uuid[], $3::text[], $4::int[], $5::uuid[], $6::uuid[])
    AS e (appointment, territory, version, patient, site)
ORDER BY e.appointment
ON CONFLICT (appointment) DO UPDATE SET version = excluded.version, state = excluded.state, undecided = false
WHERE appointment.version < excluded.version;

-- name: leave_undecided
-- Until something else is heard of it, somebody has to speak with the patient about this state of an appointment.
UPDATE appointment SET undecided = true WHERE appointment = $1 AND version = $2;

-- name: who_is_to_be_called
-- The first of a party of whose appointment nobody has decided yet, unless one of them is called or was; during a rebuild
-- nobody of whom more was heard before.
SELECT a.appointment, a.territory, a.version, a.patient, a.site, a.starts_at, a.mode
FROM appointment AS a
LEFT JOIN patient AS p ON p.patient = a.patient
WHERE a.party = $1 AND a.undecided AND p.erased_at IS NULL
  AND NOT EXISTS (
      SELECT FROM appointment AS o
      JOIN call_task AS c ON c.appointment = o.appointment AND c.version = o.version AND c.state <> 'dropped'
      WHERE o.party = $1 AND o.undecided
  )
  AND NOT EXISTS (
      SELECT FROM decision AS d
      WHERE d.appointment = a.appointment AND d.version > a.version AND d.verdict <> 'stale'
  )
ORDER BY a.appointment <> $1, a.starts_at, a.appointment
LIMIT 1;

-- name: take_parties
-- Members of a party are told of by different processes: each must see what the former has noted and planned. All take
-- parties in one order, so that two processes never wait crosswise.
SELECT pg_advisory_xact_lock(l.number)
FROM (SELECT DISTINCT hashtextextended(p.party::text, 4301) AS number FROM unnest($1::uuid[]) AS p (party) ORDER BY number)
    AS l;

-- name: who_may_speak
-- Those who are still expected together, in order, when the one whom the party is named after is known to be gone or has
-- left the word to another, and the party was told by text at all.
SELECT a.appointment, a.territory, a.version, a.patient, a.site, a.starts_at, a.mode
FROM appointment AS a
WHERE a.party = $1 AND a.state = 'expected' AND NOT a.apart
  AND (EXISTS (SELECT FROM appointment AS f WHERE f.appointment = $1 AND (f.state <> 'expected' OR f.apart))
       OR EXISTS (SELECT FROM message AS m
                  WHERE m.party = $1 AND m.appointment <> $1 AND m.purpose = 'reminder'))
  AND (SELECT d.verdict FROM decision AS d WHERE d.appointment = $1 ORDER BY d.version LIMIT 1) = 'planned'
ORDER BY a.starts_at, a.appointment;

-- name: is_spoken_for
-- Whether a reminder speaks for a party; of another member than this one, if one is given. Of somebody who is gone it
-- does not; of somebody not heard of since it was planned, as during a rebuild, it does.
SELECT EXISTS (
    SELECT FROM message AS m
    LEFT JOIN appointment AS o ON o.appointment = m.appointment AND o.version >= m.version
    WHERE m.party = $1 AND m.purpose = 'reminder' AND ($2::uuid IS NULL OR m.appointment <> $2)
      AND m.superseded IS NULL AND m.state IN ('planned', 'sending', 'accepted', 'delivered', 'unknown')
      AND (o.appointment IS NULL OR (o.state = 'expected' AND NOT o.apart))
);

-- name: confirmation_was_dropped
-- Whether the confirmation of a party went with whoever it was for, before it had left.
SELECT coalesce(bool_and(m.state = 'cancelled'), false)
FROM appointment AS a
JOIN message AS m ON m.appointment = a.appointment AND m.purpose = 'confirmation' AND m.party = a.party
WHERE a.party = $1;

-- name: planning_contexts
-- What planning needs to know, for each appointment in order, of the site and of whoever is told: the patient, or the
-- first of the party that the patient belongs to, once heard of and while expected with them; and the party that a text
-- about it speaks for. Every column may be NULL.
SELECT asked.contact, s.zone, s.subdivision, p.reachable_by_text, p.text_consent, p.erased_at IS NOT NULL AS erased,
    u.reason AS unusable, a.mode, CASE WHEN NOT a.apart THEN a.party END AS party
FROM (
    SELECT e.n, e.site, e.appointment, coalesce(first.patient, e.patient) AS contact
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) WITH ORDINALITY AS e (site, patient, appointment, party, n)
    LEFT JOIN appointment AS first
        ON first.appointment = e.party AND first.state = 'expected' AND NOT first.apart
) AS asked
LEFT JOIN site AS s ON s.site = asked.site
LEFT JOIN patient AS p ON p.patient = asked.contact
LEFT JOIN unusable_contact AS u ON u.patient = p.patient AND u.contact_event = p.contact_event
LEFT JOIN appointment AS a ON a.appointment = asked.appointment
ORDER BY asked.n;
