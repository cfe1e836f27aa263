-- name: record
-- A need that ended without an offer, unless it was recorded before.
INSERT INTO unmet_demand (site, need, kind, territory, reason, sequence, asked_at, asked_by)
VALUES ($1, $2, $3, $4, $5, 0, $6, $7)
ON CONFLICT DO NOTHING
RETURNING need;

-- name: number
-- The next sequence of a site's events about demand, given to the need just recorded; one transaction at a time.
WITH next AS (
    INSERT INTO demand_sequence (site, territory, last) VALUES ($1, $4, 1)
    ON CONFLICT (site) DO UPDATE SET last = demand_sequence.last + 1
    RETURNING last
)
UPDATE unmet_demand SET sequence = next.last FROM next WHERE site = $1 AND need = $2 AND kind = $3 RETURNING sequence;

-- name: recorded
-- A need recorded before.
SELECT reason, asked_at FROM unmet_demand WHERE site = $1 AND need = $2 AND kind = $3;
