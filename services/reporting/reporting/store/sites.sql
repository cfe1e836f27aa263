-- name: record
-- Gives a site its name and zone; the site itself may be known already by an appointment.
INSERT INTO site_fact (site, territory, name, zone) VALUES ($1, $2, $3, $4)
ON CONFLICT ON CONSTRAINT site_fact_once DO UPDATE SET name = excluded.name, zone = excluded.zone;

-- name: all
-- The sites of the transaction's territories.
SELECT site, name, zone FROM site_fact ORDER BY name NULLS LAST, site;
