-- name: insert_professional
-- A new professional with the first role and the sites; no row when the id exists already.
WITH joined AS (
    INSERT INTO professional (id, territory, family_name, given_name, rpps, contract_start, contract_end,
                              created_at, created_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (id) DO NOTHING
    RETURNING id
), role AS (
    INSERT INTO professional_role (professional, from_date, territory, role, recorded_at, recorded_by)
    SELECT id, $6, $2, $10, $8, $9 FROM joined
), sites AS (
    INSERT INTO professional_site (professional, site, territory)
    SELECT id, unnest($11::uuid[]), $2 FROM joined
)
SELECT id FROM joined;

-- name: lock_professionals
-- Nobody else changes these people; in order of id, so that two commands never wait for each other in a ring.
SELECT FROM professional WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE;

-- name: professionals_for_rules
-- What the rules need. Read after the lock: a statement that waited for it would see the roles of before.
SELECT p.id, p.territory, p.contract_start, p.contract_end, p.left_from, p.version,
       (SELECT array_agg(r.from_date ORDER BY r.from_date) FROM professional_role AS r
        WHERE r.professional = p.id) AS role_dates,
       (SELECT array_agg(r.role ORDER BY r.from_date) FROM professional_role AS r WHERE r.professional = p.id) AS roles
FROM professional AS p
WHERE p.id = ANY ($1);

-- name: change_role
-- A new role from a date on; typed again for the same date, it corrects.
WITH changed AS (
    UPDATE professional SET version = version + 1 WHERE id = $1 RETURNING id, territory
)
INSERT INTO professional_role (professional, territory, from_date, role, recorded_at, recorded_by)
SELECT id, territory, $2, $3, $4, $5 FROM changed
ON CONFLICT (professional, from_date) DO UPDATE
SET role = excluded.role, recorded_at = excluded.recorded_at, recorded_by = excluded.recorded_by;

-- name: leave
-- The professional is not there any more from a date on.
UPDATE professional SET version = version + 1, left_from = $2 WHERE id = $1;

-- name: insert_supervision
-- A supervisor answers for an intern; the event belongs to the intern.
WITH counted AS (
    UPDATE professional SET version = version + 1 WHERE id = $2 RETURNING id, territory
)
INSERT INTO supervision (id, territory, intern, supervisor, from_date, until_date, recorded_at, recorded_by)
SELECT $1, territory, id, $3, $4, $5, $6, $7 FROM counted;

-- name: supervisions_of
-- Every supervision in which one of these people takes part, on either side.
SELECT id, intern, supervisor, from_date, until_date
FROM supervision
WHERE intern = ANY ($1) OR supervisor = ANY ($1)
ORDER BY from_date, id;

-- name: end_supervision
-- The last day of a supervision is known; the event belongs to the intern, whose new version is returned.
WITH ended AS (
    UPDATE supervision SET until_date = $2, ended_at = $3, ended_by = $4 WHERE id = $1 RETURNING intern
)
UPDATE professional SET version = version + 1 FROM ended WHERE professional.id = ended.intern
RETURNING professional.version;

-- name: read_professionals
-- Professionals of the scope by name, with roles, sites and supervisions as an intern; filtered by ids or by site.
SELECT p.id, p.territory, p.family_name, p.given_name, p.rpps, p.contract_start, p.contract_end, p.left_from, p.version,
       (SELECT jsonb_agg(to_jsonb(r) ORDER BY r.from_date) FROM professional_role AS r
        WHERE r.professional = p.id) AS roles,
       (SELECT array_agg(ps.site ORDER BY ps.site) FROM professional_site AS ps WHERE ps.professional = p.id) AS sites,
       (SELECT coalesce(jsonb_agg(to_jsonb(s) ORDER BY s.from_date), '[]') FROM supervision AS s
        WHERE s.intern = p.id) AS supervisions
FROM professional AS p
WHERE ($1::uuid[] IS NULL OR p.id = ANY ($1))
  AND ($2::uuid IS NULL OR EXISTS (SELECT FROM professional_site AS ps WHERE ps.professional = p.id AND ps.site = $2))
ORDER BY p.territory, p.family_name, p.given_name, p.id;
