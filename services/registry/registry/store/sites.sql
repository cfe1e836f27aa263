-- name: insert_site
-- A new site with its first address and hours; no row when the id exists already.
WITH opened AS (
    INSERT INTO site (id, territory, name, finess, zone, subdivision, opened_on, created_at, created_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (id) DO NOTHING
    RETURNING id
), address AS (
    INSERT INTO site_address (site, from_date, territory, line, postal_code, city, commune_code, phone,
                              recorded_at, recorded_by)
    SELECT id, $7, $2, $10, $11, $12, $13, $14, $8, $9 FROM opened
), hours AS (
    INSERT INTO site_hours (site, from_date, territory, ranges, recorded_at, recorded_by)
    SELECT id, $7, $2, $15, $8, $9 FROM opened
)
SELECT id FROM opened;

-- name: lock_site
-- Nobody else changes the site until the end of the transaction.
SELECT FROM site WHERE id = $1 FOR NO KEY UPDATE;

-- name: site_for_rules
-- What the rules need. Read after the lock: a statement that waited for it would see the dates of before.
SELECT s.id, s.territory, s.opened_on, s.closed_from, s.version,
       (SELECT max(from_date) FROM site_address WHERE site = s.id) AS moved_on,
       (SELECT max(from_date) FROM site_hours WHERE site = s.id) AS hours_on
FROM site AS s
WHERE s.id = $1;

-- name: move_site
-- A new address from a date on; typed again for the same date, it corrects.
WITH moved AS (
    UPDATE site SET version = version + 1 WHERE id = $1 RETURNING id, territory
)
INSERT INTO site_address (site, territory, from_date, line, postal_code, city, commune_code, phone,
                          recorded_at, recorded_by)
SELECT id, territory, $2, $3, $4, $5, $6, $7, $8, $9 FROM moved
ON CONFLICT (site, from_date) DO UPDATE
SET line = excluded.line, postal_code = excluded.postal_code, city = excluded.city,
    commune_code = excluded.commune_code, phone = excluded.phone,
    recorded_at = excluded.recorded_at, recorded_by = excluded.recorded_by;

-- name: change_hours
-- A new week from a date on; typed again for the same date, it corrects.
WITH changed AS (
    UPDATE site SET version = version + 1 WHERE id = $1 RETURNING id, territory
)
INSERT INTO site_hours (site, territory, from_date, ranges, recorded_at, recorded_by)
SELECT id, territory, $2, $3, $4, $5 FROM changed
ON CONFLICT (site, from_date) DO UPDATE
SET ranges = excluded.ranges, recorded_at = excluded.recorded_at, recorded_by = excluded.recorded_by;

-- name: close_site
-- The site receives nobody from a date on.
UPDATE site SET version = version + 1, closed_from = $2 WHERE id = $1;

-- name: read_sites
-- Sites of the scope by name with their dated addresses and hours; all of them when no ids are given.
SELECT s.id, s.territory, s.name, s.finess, s.zone, s.subdivision, s.opened_on, s.closed_from, s.version,
       (SELECT jsonb_agg(to_jsonb(a) ORDER BY a.from_date) FROM site_address AS a WHERE a.site = s.id) AS addresses,
       (SELECT jsonb_agg(to_jsonb(h) ORDER BY h.from_date) FROM site_hours AS h WHERE h.site = s.id) AS hours
FROM site AS s
WHERE $1::uuid[] IS NULL OR s.id = ANY ($1)
ORDER BY s.territory, s.name, s.id;

-- name: territories_of_sites
-- Which of these sites exist in the scope, and where.
SELECT id, territory, zone FROM site WHERE id = ANY ($1);
