-- name: insert_closure
-- A site, or one of its rooms, receives nobody for a time.
INSERT INTO closure (id, territory, site, room, starts_at, ends_at, reason, closed_at, closed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: insert_absence
-- Somebody is away for a time.
INSERT INTO absence (id, territory, professional, site, starts_at, ends_at, reason, noted_at, noted_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: closures_of
-- What is closed at some sites between two instants.
SELECT id, territory, site, NULL::uuid AS professional, room, starts_at, ends_at, reason
FROM closure
WHERE site = ANY ($1::uuid[]) AND withdrawn_at IS NULL AND starts_at < $3 AND ends_at > $2
ORDER BY starts_at, id;

-- name: absences_of
-- When some professionals are away between two instants.
SELECT id, territory, site, professional, NULL AS room, starts_at, ends_at, reason
FROM absence
WHERE professional = ANY ($1::uuid[]) AND withdrawn_at IS NULL AND starts_at < $3 AND ends_at > $2
ORDER BY starts_at, id;

-- name: absences_at
-- When professionals of a site are away between two instants.
SELECT absence.id, absence.territory, site, professional, NULL AS room, starts_at, ends_at, reason
FROM absence
JOIN professional ON professional.id = absence.professional
WHERE $1 = ANY (professional.sites) AND withdrawn_at IS NULL AND starts_at < $3 AND ends_at > $2
ORDER BY starts_at, absence.id;

-- name: closure
-- One closure, unless withdrawn.
SELECT id, territory, site, NULL::uuid AS professional, room, starts_at, ends_at, reason
FROM closure
WHERE id = $1 AND withdrawn_at IS NULL;

-- name: absence
-- One absence, unless withdrawn.
SELECT id, territory, site, professional, NULL AS room, starts_at, ends_at, reason
FROM absence
WHERE id = $1 AND withdrawn_at IS NULL;

-- name: end_closure
-- It ends earlier; before it has begun, it is withdrawn.
UPDATE closure
SET ends_at = CASE WHEN $2 > starts_at THEN $2 ELSE ends_at END,
    withdrawn_at = CASE WHEN $2 > starts_at THEN NULL ELSE $3::timestamptz END, withdrawn_by = $4,
    version = version + 1
WHERE id = $1 AND withdrawn_at IS NULL AND ends_at > $2
RETURNING version;

-- name: end_absence
-- It ends earlier; before it has begun, it is withdrawn.
UPDATE absence
SET ends_at = CASE WHEN $2 > starts_at THEN $2 ELSE ends_at END,
    withdrawn_at = CASE WHEN $2 > starts_at THEN NULL ELSE $3::timestamptz END, withdrawn_by = $4,
    version = version + 1
WHERE id = $1 AND withdrawn_at IS NULL AND ends_at > $2
RETURNING version;

-- name: note_cut
-- Parts of sessions that a closure or an absence has cut, each with the hours of the whole it is a part of.
INSERT INTO cut_session (session, territory, whole, starts_at, ends_at)
SELECT n.session, n.territory, coalesce(known.whole, n.was), coalesce(known.starts_at, n.starts_at),
       coalesce(known.ends_at, n.ends_at)
FROM jsonb_to_recordset($1::jsonb)
    AS n (session uuid, was uuid, territory text, starts_at timestamptz, ends_at timestamptz)
LEFT JOIN cut_session AS known ON known.session = n.was
ON CONFLICT (session) DO NOTHING;

-- name: cut_ahead
-- The parts of cut sessions of a site or of a professional that are not over, by id.
SELECT cut_session.session, cut_session.territory, cut_session.whole, cut_session.starts_at, cut_session.ends_at,
       session.site, session.professional
FROM cut_session
JOIN session ON session.id = cut_session.whole
WHERE (session.site = $1 OR session.professional = $2) AND cut_session.ends_at > $3
ORDER BY cut_session.session;

-- name: forget_cut
-- Somebody has decided otherwise, or the whole stands again.
DELETE FROM cut_session WHERE whole IN (SELECT whole FROM cut_session WHERE session = ANY ($1::uuid[]));

-- name: forget_past_cut
-- What is over since then is brought back by nobody.
DELETE FROM cut_session WHERE ends_at < $1;
