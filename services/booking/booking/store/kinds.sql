-- name: decided
-- Every version of every kind that a territory has decided.
SELECT *
FROM kind_version
WHERE territory = $1
ORDER BY code, version;

-- name: insert
-- One version more; nothing when another one was decided in the same moment.
INSERT INTO kind_version (territory, code, version, valid_from, duration, buffer_before, buffer_after, roles, modes,
                          capacity_class, compartment, wants_eligibility, unscheduled, min_lead, max_lead, wants_room,
                          equipment, preparation, preparation_roles, preparation_same_room, follow_up_only,
                          neutral_wording, running_cap, decided_at, decided_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
        $25)
ON CONFLICT DO NOTHING
RETURNING version;
