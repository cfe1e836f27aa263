-- name: insert
-- Somebody joins the list.
INSERT INTO waiting_list_entry (id, territory, patient, kinds, sites, practitioners, windows, last_day, mobility,
                                video_accepted, waiting_since, joined_at, replaces, trail, compartment)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9, $10, $11, $12, $13, $14::jsonb, $15);

-- name: add_lines
-- One line for each site and kind; answers how many could be written: a missing one is waited for already.
WITH written AS (
    INSERT INTO waiting_list_line (site, kind, patient, entry, territory)
    SELECT s.site, k.kind, $2, $1, $3
    FROM unnest($4::uuid[]) AS s (site), unnest($5::text[]) AS k (kind)
    ORDER BY s.site, k.kind
    ON CONFLICT DO NOTHING
    RETURNING 1
)
SELECT count(*) FROM written;

-- name: drop_lines
-- Nobody is looked for under this entry any more.
DELETE FROM waiting_list_line WHERE entry = $1;

-- name: save
-- An entry one step further.
UPDATE waiting_list_entry
SET version = $2, state = $3, kinds = $4, sites = $5, practitioners = $6, windows = $7::jsonb, last_day = $8,
    mobility = $9, video_accepted = $10, priority = $11, priority_set_at = $12, priority_set_by = $13, replaces = $14,
    paused_until = $15, left_reason = $16, appointment = $17, trail = trail || $18::jsonb
WHERE id = $1;

-- name: get
-- One entry, with what is known of the patient's eligibility.
SELECT e.*, p.eligibility
FROM waiting_list_entry AS e
LEFT JOIN patient AS p ON p.id = e.patient
WHERE e.id = $1;

-- name: lock
-- One entry, before a step; its patient first, as whoever forgets them does.
WITH person AS (
    SELECT eligibility FROM patient WHERE id = (SELECT patient FROM waiting_list_entry WHERE id = $1) FOR KEY SHARE
)
SELECT e.*, p.eligibility
FROM waiting_list_entry AS e
LEFT JOIN person AS p ON true
WHERE e.id = $1
FOR UPDATE OF e;

-- name: lock_free
-- One entry, unless somebody else is busy with it or forgets the patient.
WITH person AS (
    SELECT id, eligibility
    FROM patient
    WHERE id = (SELECT patient FROM waiting_list_entry WHERE id = $1)
    FOR KEY SHARE SKIP LOCKED
)
SELECT e.*, p.eligibility
FROM waiting_list_entry AS e
LEFT JOIN person AS p ON true
WHERE e.id = $1 AND (p.id IS NOT NULL OR NOT EXISTS (SELECT FROM patient WHERE patient.id = e.patient))
FOR UPDATE OF e SKIP LOCKED;

-- name: lock_of_patient
-- All that somebody waits for; in id order.
SELECT e.*, p.eligibility
FROM waiting_list_entry AS e
LEFT JOIN patient AS p ON p.id = e.patient
WHERE e.patient = $1 AND e.state = 'waiting'
ORDER BY e.id
FOR UPDATE OF e;

-- name: of_patient
-- All that somebody waits for.
SELECT e.*, p.eligibility
FROM waiting_list_entry AS e
LEFT JOIN patient AS p ON p.id = e.patient
WHERE e.patient = $1 AND e.state = 'waiting'
ORDER BY e.id;

-- name: lock_outdated
-- Entries whose last wished day is over, unless somebody is busy with them or an offer runs.
SELECT e.*, p.eligibility
FROM waiting_list_entry AS e
LEFT JOIN patient AS p ON p.id = e.patient
WHERE e.state = 'waiting' AND e.last_day < $1
  AND NOT EXISTS (SELECT FROM offer AS o WHERE o.patient = e.patient AND o.state = 'running')
ORDER BY e.id
LIMIT $2
FOR UPDATE OF e SKIP LOCKED;

-- name: waiting_at
-- Who waits at a site.
SELECT e.*, p.eligibility
FROM waiting_list_entry AS e
LEFT JOIN patient AS p ON p.id = e.patient
WHERE e.id IN (SELECT entry FROM waiting_list_line WHERE site = $1);

-- name: for_nobody
-- Who waits in a territory only at sites that are closed for good by a day, or for professionals of whom none is under
-- contract at a site wished for, then or later: no place will ever be free for them.
SELECT e.*, p.eligibility
FROM waiting_list_entry AS e
LEFT JOIN patient AS p ON p.id = e.patient
WHERE e.territory = $1 AND e.state = 'waiting' AND NOT EXISTS (
    SELECT
    FROM site AS s
    WHERE s.id = ANY (e.sites) AND (s.closed_from IS NULL OR s.closed_from > $2)
      AND (e.practitioners = '{}' OR EXISTS (
        SELECT
        FROM professional AS w
        WHERE w.id = ANY (e.practitioners) AND s.id = ANY (w.sites) AND (w.left_from IS NULL OR w.left_from > $2)
          AND (w.contract_end IS NULL OR w.contract_end >= $2
               OR EXISTS (SELECT FROM presence_plan AS agreed
                          WHERE agreed.professional = w.id
                            AND (agreed.contract_end IS NULL OR agreed.contract_end >= $2))))));

-- name: candidates
-- Who could be offered time of a session: waits there for a kind it offers, has not said "later" to any offer today, has
-- no running offer and not yet as many as one day allows, and has given no answer about that very time.
SELECT e.*, p.eligibility
FROM waiting_list_entry AS e
JOIN patient AS p ON p.id = e.patient
WHERE e.id IN (SELECT entry FROM waiting_list_line WHERE site = $1 AND kind = ANY ($2::text[]))
  AND e.state = 'waiting' AND p.erased_at IS NULL
  AND NOT EXISTS (SELECT FROM waiting_list_entry AS other
                  WHERE other.patient = e.patient AND other.state = 'waiting' AND other.paused_until > $3)
  AND NOT EXISTS (SELECT FROM offer AS o WHERE o.patient = e.patient AND o.state = 'running')
  AND (SELECT count(*) FROM offer AS o WHERE o.patient = e.patient AND o.offered_at >= $4 AND o.offered_at < $5) < $6;

-- name: answered
-- Times of sessions that these people were offered and did not take.
SELECT entry, session, starts_at, ends_at
FROM offer
WHERE entry = ANY ($1::uuid[]) AND state IN ('declined', 'later', 'expired');

-- name: to_replace
-- The appointment that somebody would give back for a sooner one of these kinds: the one they named while it stands,
-- else the next one that they have after $6.
SELECT id, starts_at
FROM appointment
WHERE patient = $1 AND state = 'booked' AND kind = ANY ($2::text[]) AND starts_at > $4 AND id IS DISTINCT FROM $5
  AND (id = $3 OR starts_at > $6)
ORDER BY id IS DISTINCT FROM $3, starts_at, id
LIMIT 1;

-- name: standing
-- Who a patient is to the list: known, erased, eligible since when; not to be forgotten before the commit.
SELECT registered_at, erased_at, eligibility
FROM patient
WHERE id = $1 AND registered_at IS NOT NULL
FOR KEY SHARE;

-- name: known_professionals
-- How many of these professionals have been heard of.
SELECT count(*) FROM professional WHERE id = ANY ($1::uuid[]) AND contract_start IS NOT NULL;
