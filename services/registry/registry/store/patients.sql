-- name: insert_patient
-- A new patient with key, search keys, phones and eligibility; no row when the same person, or the id, is there already.
WITH registered AS (
    INSERT INTO patient (id, territory, birth_name, used_name, given_names, birth_date, sex, commune_code, home_site,
                         birth_name_key, given_name_key, namesake, registered_at, registered_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    ON CONFLICT DO NOTHING
    RETURNING id
), wrapped AS (
    INSERT INTO patient_key (patient, territory, kek_id, wrapped, wrapped_at)
    SELECT id, $2, $15, $16, $13 FROM registered
), keys AS (
    INSERT INTO patient_search_key (patient, territory, key)
    SELECT id, $2, unnest($17::text[]) FROM registered
), phones AS (
    INSERT INTO patient_phone (patient, territory, rank, number, label, mobile, text_consent, since, recorded_by)
    SELECT r.id, $2, p.rank, p.number, p.label, p.mobile, p.text_consent, $13, $14
    FROM registered AS r,
         unnest($18::text[], $19::text[], $20::boolean[], $21::boolean[]) WITH ORDINALITY
             AS p (number, label, mobile, text_consent, rank)
), state AS (
    INSERT INTO patient_eligibility (patient, territory, status, from_date, reason, evidence, verified_by, verified_at,
                                     recheck_on, recorded_at, recorded_by)
    SELECT id, $2, $22, $23, $24, $25, $26, $27, $28, $13, $14 FROM registered
)
SELECT id FROM registered;

-- name: same_person
-- Living records with the same duplicate key, in order of registration.
SELECT id, birth_name, used_name, given_names, birth_date, sex, namesake
FROM patient
WHERE territory = $1 AND birth_name_key = $2 AND given_name_key = $3 AND birth_date = $4 AND erased_at IS NULL
ORDER BY namesake;

-- name: lock_patient
-- Nobody else changes the patient; no row when unknown, erased or outside the scope.
SELECT id, territory, home_site, version FROM patient WHERE id = $1 AND erased_at IS NULL FOR NO KEY UPDATE;

-- name: replace_phones
-- The numbers that are no longer true are closed, the new ones opened, those that did not change stay as they were.
WITH wanted AS (
    SELECT * FROM unnest($2::text[], $3::text[], $4::boolean[], $5::boolean[]) WITH ORDINALITY
        AS w (number, label, mobile, text_consent, rank)
), changed AS (
    UPDATE patient SET version = version + 1 WHERE id = $1 RETURNING id, territory
), closed AS (
    UPDATE patient_phone AS p SET replaced_at = $6
    FROM changed AS c
    WHERE p.patient = c.id AND p.replaced_at IS NULL
      AND NOT EXISTS (SELECT FROM wanted AS w
                      WHERE (w.number, w.label, w.mobile, w.text_consent, w.rank)
                          = (p.number, p.label, p.mobile, p.text_consent, p.rank))
)
SELECT count(*) FROM changed;

-- name: open_phones
-- Second half of replace_phones: a unique index sees the closed rows only in the next statement.
INSERT INTO patient_phone (patient, territory, rank, number, label, mobile, text_consent, since, recorded_by)
SELECT p.id, p.territory, w.rank, w.number, w.label, w.mobile, w.text_consent, $6, $7
FROM patient AS p,
     unnest($2::text[], $3::text[], $4::boolean[], $5::boolean[]) WITH ORDINALITY
         AS w (number, label, mobile, text_consent, rank)
WHERE p.id = $1
  AND NOT EXISTS (SELECT FROM patient_phone AS known
                  WHERE known.patient = p.id AND known.number = w.number AND known.replaced_at IS NULL);

-- name: record_eligibility
-- One more state in the history.
WITH changed AS (
    UPDATE patient SET version = version + 1 WHERE id = $1 RETURNING id, territory
)
INSERT INTO patient_eligibility (patient, territory, status, from_date, reason, evidence, verified_by, verified_at,
                                 recheck_on, recorded_at, recorded_by)
SELECT id, territory, $2, $3, $4, $5, $6, $7, $8, $9, $10 FROM changed;

-- name: erase_patient
-- Key, traits, phones and history go; the row stays as a tombstone that says only when and by whom.
WITH erased AS (
    UPDATE patient
    SET birth_name = NULL, used_name = NULL, given_names = NULL, birth_date = NULL, sex = NULL, commune_code = NULL,
        birth_name_key = NULL, given_name_key = NULL, version = version + 1, erased_at = $2, erased_by = $3,
        erasure_reason = $4
    WHERE id = $1
    RETURNING id
), key AS (
    DELETE FROM patient_key AS k USING erased AS e WHERE k.patient = e.id
), search AS (
    DELETE FROM patient_search_key AS s USING erased AS e WHERE s.patient = e.id
), phones AS (
    DELETE FROM patient_phone AS p USING erased AS e WHERE p.patient = e.id
), states AS (
    DELETE FROM patient_eligibility AS s USING erased AS e WHERE s.patient = e.id
)
SELECT id FROM erased;

-- name: read_patient
-- One patient in the clear with present numbers and the whole eligibility history in order of recording.
SELECT p.id, p.territory, p.birth_name, p.used_name, p.given_names, p.birth_date, p.sex, p.commune_code, p.home_site,
       p.version, p.registered_at,
       (SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY t.rank), '[]') FROM patient_phone AS t
        WHERE t.patient = p.id AND t.replaced_at IS NULL) AS phones,
       (SELECT jsonb_agg(to_jsonb(e) ORDER BY e.id) FROM patient_eligibility AS e WHERE e.patient = p.id) AS states
FROM patient AS p
WHERE p.id = $1 AND p.erased_at IS NULL;

-- name: look_up
-- Names for a list of ids, as a day list shows them, with the eligibility of a day.
SELECT p.id, p.birth_name, p.used_name, p.given_names, p.birth_date, p.sex, e.status
FROM patient AS p
CROSS JOIN LATERAL (
    SELECT status FROM patient_eligibility WHERE patient = p.id AND from_date <= $2
    ORDER BY from_date DESC, id DESC LIMIT 1
) AS e
WHERE p.id = ANY ($1) AND p.erased_at IS NULL;

-- name: find_by_name
-- People whose keys begin with what was typed, every term answered, optionally born on a day; a page in order of name.
-- A term may have several beginnings: they share its number.
SELECT p.id, p.birth_name, p.used_name, p.given_names, p.birth_date, p.sex
FROM patient AS p
JOIN (
    SELECT k.patient
    FROM unnest($1::integer[], $2::text[], $3::text[]) AS asked (term, low, high)
    JOIN patient_search_key AS k ON k.key >= asked.low AND k.key < asked.high
    WHERE k.territory = ANY (string_to_array(current_setting('smp.territories'), ','))
    GROUP BY k.patient
    HAVING count(DISTINCT asked.term) = $4
) AS found ON found.patient = p.id
WHERE p.erased_at IS NULL
  AND ($5::date IS NULL OR p.birth_date = $5)
  AND ($6::uuid IS NULL OR (p.birth_name_key, p.given_name_key, p.id)
       > (SELECT c.birth_name_key, c.given_name_key, c.id FROM patient AS c WHERE c.id = $6))
ORDER BY p.birth_name_key, p.given_name_key, p.id
LIMIT $7;

-- name: find_by_birth_date
-- People born on a day; a page in order of name.
SELECT p.id, p.birth_name, p.used_name, p.given_names, p.birth_date, p.sex
FROM patient AS p
WHERE p.birth_date = $1 AND p.erased_at IS NULL
  AND ($2::uuid IS NULL OR (p.birth_name_key, p.given_name_key, p.id)
       > (SELECT c.birth_name_key, c.given_name_key, c.id FROM patient AS c WHERE c.id = $2))
ORDER BY p.birth_name_key, p.given_name_key, p.id
LIMIT $3;
