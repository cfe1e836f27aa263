-- name: note
-- What was answered for a request: a flag once raised stays raised, whatever is answered later. Answers all of them.
INSERT INTO minor_emergency AS m (territory, id, site, form, red_flags, asked_at, asked_by, raised_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, CASE WHEN $5::text[] <> '{}' THEN $6::timestamptz END)
ON CONFLICT (territory, id) DO UPDATE
SET red_flags = ARRAY(SELECT DISTINCT flag FROM unnest(m.red_flags || excluded.red_flags) AS flag ORDER BY flag),
    raised_at = coalesce(m.raised_at, excluded.raised_at), version = m.version + 1
RETURNING red_flags, version;

-- name: raised
-- The flags that a request has raised so far.
SELECT red_flags FROM minor_emergency WHERE id = $1 AND red_flags <> '{}';

-- name: count
-- How many requests of a site in a period, and how many of them were sent to 15.
SELECT count(*) AS asked, count(raised_at) AS sent_to_15
FROM minor_emergency
WHERE site = $1 AND asked_at >= $2 AND asked_at < $3;

-- name: sites_open
-- Sites of a territory that receive on a day, by id.
SELECT id
FROM site
WHERE territory = $1 AND zone IS NOT NULL AND (closed_from IS NULL OR closed_from > $2)
ORDER BY id;
