-- name: agree
-- What was agreed with a professional, whole in the place of agreements that begin in its time; its version.
WITH replaced AS (
    UPDATE presence_plan SET replaced_at = $9
    WHERE professional = $1 AND replaced_at IS NULL
      AND contract_start >= $4 AND ($5::date IS NULL OR contract_start <= $5)
)
INSERT INTO presence_plan (professional, territory, site, contract_start, contract_end, wished_weekdays, weekly_cap,
                           yearly_cap, agreed_at, agreed_by, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
        (SELECT coalesce(max(version), 0) + 1 FROM presence_plan WHERE professional = $1))
RETURNING version;

-- name: plans
-- What was agreed with some professionals, in the order in which it comes into force.
SELECT professional, contract_start, contract_end, wished_weekdays, weekly_cap, yearly_cap
FROM presence_plan
WHERE professional = ANY ($1::uuid[]) AND replaced_at IS NULL
ORDER BY professional, contract_start;

-- name: plans_at
-- What was agreed with those who work at a site.
SELECT professional FROM presence_plan WHERE site = $1 AND replaced_at IS NULL;

-- name: must_follow
-- A fact about a site or a professional was heard: the agenda is to be looked at, unless it is heard once more.
INSERT INTO agenda_follow AS f (id, territory, subject, sequence, pending)
VALUES ($1, $2, $3, $4, true)
ON CONFLICT (id) DO UPDATE
SET sequence = greatest(f.sequence, excluded.sequence), pending = f.pending OR excluded.sequence > f.sequence;

-- name: look_again
-- The sessions of a professional are to be looked at for another reason than a fact of registry; asked by a territory
-- that does not see whose facts they are, it is asked besides.
WITH told AS (
    UPDATE agenda_follow SET pending = true WHERE id = $1 RETURNING id
)
INSERT INTO agenda_follow_again (territory, professional)
SELECT $2, $1 WHERE NOT EXISTS (SELECT FROM told);

-- name: pending
-- Sites and professionals whose facts the agenda has not followed yet, or whose sessions are to be looked at again.
SELECT id, territory, subject FROM agenda_follow WHERE pending
UNION
SELECT professional, territory, 'professional' FROM agenda_follow_again
ORDER BY id
LIMIT 100;

-- name: take
-- Before the agenda follows: whoever hears another fact waits, and then asks for one more look.
WITH told AS (
    UPDATE agenda_follow SET pending = false WHERE id = $1 AND pending RETURNING id
), has_left AS (
    DELETE FROM agenda_follow_again WHERE professional = $1 RETURNING professional
)
SELECT EXISTS (SELECT FROM told) OR EXISTS (SELECT FROM has_left);
