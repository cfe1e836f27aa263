-- name: site
-- A site whose opening has been heard.
SELECT id, territory, zone, subdivision, closed_from, opening_hours
FROM site
WHERE id = $1 AND zone IS NOT NULL;

-- name: sites
-- Some sites, or all, whose opening has been heard.
SELECT id, territory, zone, subdivision, closed_from, opening_hours
FROM site
WHERE zone IS NOT NULL AND (id = ANY ($1::uuid[]) OR cardinality($1::uuid[]) = 0)
ORDER BY id;

-- name: site_for_planning
-- The same, so that no day of it can be closed before this transaction ends.
SELECT id, territory, zone, subdivision, closed_from, opening_hours
FROM site
WHERE id = $1 AND zone IS NOT NULL
FOR KEY SHARE;

-- name: sites_for_planning
-- The same of several; in id order.
SELECT id, territory, zone, subdivision, closed_from, opening_hours
FROM site
WHERE id = ANY ($1::uuid[]) AND zone IS NOT NULL
ORDER BY id
FOR KEY SHARE;

-- name: site_for_closing
-- The same, so that nobody opens a session there meanwhile.
SELECT id, territory, zone, subdivision, closed_from, opening_hours
FROM site
WHERE id = $1 AND zone IS NOT NULL
FOR UPDATE;

-- name: professional
-- A professional whose arrival has been heard, with the contracts that were agreed, in order, if any.
SELECT p.id, p.territory, p.sites, p.contract_start, p.contract_end, p.left_from, p.roles, agreed.starts, agreed.ends
FROM professional AS p
CROSS JOIN LATERAL (
    SELECT array_agg(contract_start ORDER BY contract_start) AS starts,
           array_agg(contract_end ORDER BY contract_start) AS ends
    FROM presence_plan WHERE professional = p.id AND replaced_at IS NULL
) AS agreed
WHERE p.id = $1 AND p.contract_start IS NOT NULL;

-- name: professionals_for_planning
-- The same of several, so that none can be noted absent before this transaction ends; in id order.
SELECT p.id, p.territory, p.sites, p.contract_start, p.contract_end, p.left_from, p.roles, agreed.starts, agreed.ends
FROM professional AS p
CROSS JOIN LATERAL (
    SELECT array_agg(contract_start ORDER BY contract_start) AS starts,
           array_agg(contract_end ORDER BY contract_start) AS ends
    FROM presence_plan WHERE professional = p.id AND replaced_at IS NULL
) AS agreed
WHERE p.id = ANY ($1::uuid[]) AND p.contract_start IS NOT NULL
ORDER BY p.id
FOR KEY SHARE OF p;

-- name: professional_for_absence
-- The same, so that nobody opens a session for them meanwhile.
SELECT p.id, p.territory, p.sites, p.contract_start, p.contract_end, p.left_from, p.roles, agreed.starts, agreed.ends
FROM professional AS p
CROSS JOIN LATERAL (
    SELECT array_agg(contract_start ORDER BY contract_start) AS starts,
           array_agg(contract_end ORDER BY contract_start) AS ends
    FROM presence_plan WHERE professional = p.id AND replaced_at IS NULL
) AS agreed
WHERE p.id = $1 AND p.contract_start IS NOT NULL
FOR UPDATE OF p;

-- name: supervisions
-- Who answers for these interns, as long as they work here, as instants of the site's clock.
SELECT s.intern, s.supervisor,
       s.from_date::timestamp AT TIME ZONE site.zone AS starts_at,
       least(s.until_date + 1, p.left_from, p.contract_end + 1)::timestamp AT TIME ZONE site.zone AS ends_at
FROM supervision AS s
JOIN site ON site.id = $1
LEFT JOIN professional AS p ON p.id = s.supervisor
WHERE s.intern = ANY ($2::uuid[]) AND s.from_date IS NOT NULL;

-- name: patient
-- A patient whose registration has been heard.
SELECT id FROM patient WHERE id = $1 AND registered_at IS NOT NULL;

-- name: eligibility
-- What was declared of a patient's eligibility.
SELECT eligibility FROM patient WHERE id = $1 AND registered_at IS NOT NULL;

-- name: site_opened
-- SiteOpened.
INSERT INTO site AS s (id, territory, zone, subdivision, opened_on, opening_hours)
VALUES ($1, $2, $3, $4, $5, $6::jsonb)
ON CONFLICT (id) DO UPDATE
SET zone = excluded.zone, subdivision = excluded.subdivision, opened_on = excluded.opened_on,
    opening_hours = s.opening_hours || excluded.opening_hours;

-- name: opening_hours_changed
-- OpeningHoursChanged.
INSERT INTO site AS s (id, territory, opening_hours)
VALUES ($1, $2, $3::jsonb)
ON CONFLICT (id) DO UPDATE SET opening_hours = s.opening_hours || excluded.opening_hours;

-- name: site_closed
-- SiteClosed.
INSERT INTO site (id, territory, closed_from)
VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET closed_from = excluded.closed_from;

-- name: professional_joined
-- ProfessionalJoined; a later contract replaces the former, an earlier one heard late changes nothing but roles.
INSERT INTO professional AS p (id, territory, sites, contract_start, contract_end, joined_sequence, roles)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb)
ON CONFLICT (id) DO UPDATE
SET sites = CASE WHEN p.joined_sequence < excluded.joined_sequence THEN excluded.sites ELSE p.sites END,
    contract_start = CASE WHEN p.joined_sequence < excluded.joined_sequence
                          THEN excluded.contract_start ELSE p.contract_start END,
    contract_end = CASE WHEN p.joined_sequence < excluded.joined_sequence
                        THEN excluded.contract_end ELSE p.contract_end END,
    left_from = CASE WHEN p.left_sequence < excluded.joined_sequence THEN NULL ELSE p.left_from END,
    joined_sequence = greatest(p.joined_sequence, excluded.joined_sequence),
    roles = p.roles || excluded.roles;

-- name: role_changed
-- ProfessionalRoleChanged.
INSERT INTO professional AS p (id, territory, roles)
VALUES ($1, $2, $3::jsonb)
ON CONFLICT (id) DO UPDATE SET roles = p.roles || excluded.roles;

-- name: professional_left
-- ProfessionalLeft; one who joined again since is back.
INSERT INTO professional AS p (id, territory, left_from, left_sequence)
VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE
SET left_from = CASE WHEN p.joined_sequence < excluded.left_sequence AND p.left_sequence < excluded.left_sequence
                     THEN excluded.left_from ELSE p.left_from END,
    left_sequence = greatest(p.left_sequence, excluded.left_sequence);

-- name: supervision_assigned
-- SupervisionAssigned.
INSERT INTO supervision AS s (intern, supervisor, territory, from_date, assigned_until, assigned_sequence)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (intern, supervisor) DO UPDATE
SET from_date = excluded.from_date, assigned_until = excluded.assigned_until,
    assigned_sequence = excluded.assigned_sequence
WHERE s.assigned_sequence < excluded.assigned_sequence;

-- name: supervision_ended
-- SupervisionEnded.
INSERT INTO supervision AS s (intern, supervisor, territory, ended_on, ended_sequence)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (intern, supervisor) DO UPDATE
SET ended_on = excluded.ended_on, ended_sequence = excluded.ended_sequence
WHERE s.ended_sequence < excluded.ended_sequence;

-- name: patient_registered
-- PatientRegistered; of an erased patient nothing is kept.
INSERT INTO patient AS p (id, territory, registered_at, eligibility)
VALUES ($1, $2, $3, $4::jsonb)
ON CONFLICT (id) DO UPDATE
SET registered_at = excluded.registered_at,
    eligibility = CASE WHEN p.erased_at IS NULL THEN p.eligibility || excluded.eligibility ELSE '[]' END;

-- name: eligibility_changed
-- EligibilityChanged.
INSERT INTO patient AS p (id, territory, eligibility)
VALUES ($1, $2, $3::jsonb)
ON CONFLICT (id) DO UPDATE
SET eligibility = CASE WHEN p.erased_at IS NULL THEN p.eligibility || excluded.eligibility ELSE '[]' END;

-- name: lock_patient
-- Before anything of a patient is forgotten: bookings for them have committed, or find them gone.
SELECT FROM patient WHERE id = $1 FOR UPDATE;

-- name: patient_erased
-- PatientErased: the id stays, so that late events cannot bring the rest back.
INSERT INTO patient (id, territory, erased_at)
VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET erased_at = excluded.erased_at, eligibility = '[]';

-- name: patient_contact
-- PatientRegistered, PatientContactChanged, PatientErased: the latest says whether a text can reach the patient.
INSERT INTO patient_contact AS c (patient, territory, reachable_by_text, sequence)
VALUES ($1, $2, $3, $4)
ON CONFLICT (patient) DO UPDATE
SET reachable_by_text = excluded.reachable_by_text, sequence = excluded.sequence
WHERE c.sequence < excluded.sequence;
