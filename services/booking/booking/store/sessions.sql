-- name: get
-- One session, whatever its state.
SELECT *
FROM session
WHERE id = $1;

-- name: lock
-- One session before it is changed or cancelled: bookings that read it (FOR KEY SHARE) end first, later ones wait.
SELECT *
FROM session
WHERE id = $1
FOR UPDATE;

-- name: lock_to_reshape
-- Sessions of some rules between two days, whatever their state, and open ones of a site, a room or a professional that
-- meet a period; in id order. Of those over only edited ones are told, for their rule leaves their day alone. And some
-- more, whatever they are.
SELECT *
FROM session
WHERE (((rule = ANY ($1::uuid[]) AND rule_day BETWEEN $2 AND $3)
       OR (state = 'open' AND site = $4 AND ($5::bigint IS NULL OR room_resource = $5)
           AND starts_at < $8 AND starts_at > $7::timestamptz - interval '16 hours' AND ends_at > $7)
       OR (state = 'open' AND professional = $6
           AND starts_at < $8 AND starts_at > $7::timestamptz - interval '16 hours' AND ends_at > $7))
  AND (ends_at > $9 OR edited_at IS NOT NULL))
   OR id = ANY ($10::uuid[])
ORDER BY id
FOR UPDATE;

-- name: moved_past
-- Occurrences of a rule before a day that somebody has moved to that day or later.
SELECT id FROM session WHERE rule = $1 AND rule_day < $2 AND day >= $2 AND edited_at IS NOT NULL AND state = 'open';

-- name: sites_of_professional
-- Where somebody has open sessions still to come, and works by rule.
SELECT site FROM session WHERE professional = $1 AND state = 'open' AND starts_at > $2::timestamptz - interval '16 hours'
UNION
SELECT site FROM session_rule WHERE professional = $1;

-- name: ahead
-- Open sessions still to come of a site or of a professional.
SELECT *
FROM session
WHERE (site = $1 OR professional = $2) AND state = 'open' AND starts_at > $3
ORDER BY id;

-- name: between
-- Sessions of a site between two days, for people to see.
SELECT *
FROM session
WHERE site = $1 AND day BETWEEN $2 AND $3 AND starts_at BETWEEN $4 AND $5
  AND ($6::uuid IS NULL OR professional = $6) AND (state = 'open' OR $7)
  AND (unsupported_reason IS NOT NULL OR NOT $8)
ORDER BY starts_at, id;

-- name: open_of_professionals
-- When some professionals receive, wherever they do, with the clock of each site.
SELECT session.professional, session.starts_at, session.ends_at, site.zone
FROM session
JOIN site ON site.id = session.site
WHERE session.professional = ANY ($1::uuid[]) AND session.state = 'open'
  AND session.starts_at >= $2 AND session.starts_at < $3;

-- name: professionals_at
-- Who receives at a site between two instants.
SELECT DISTINCT professional
FROM session
WHERE site = $1 AND state = 'open' AND starts_at >= $2 AND starts_at < $3;

-- name: open_at
-- Open sessions of a site that meet a window, but those that registry's facts speak against: these keep whoever is
-- expected and take nobody else. No session is longer than 16 hours.
SELECT id, territory, site, professional, role, room, kinds, day, starts_at, ends_at, slot_minutes, shares, equipment, state,
       version, rule
FROM session
WHERE site = $1 AND state = 'open' AND unsupported_reason IS NULL
  AND starts_at < $3 AND starts_at > $2::timestamptz - interval '16 hours' AND ends_at > $2
ORDER BY starts_at, id;

-- name: share_if_free
-- A session that takes appointments, kept as it is until the commit, if nobody is changing it: nobody waits for it here.
SELECT starts_at, ends_at
FROM session
WHERE id = $1 AND state = 'open' AND unsupported_reason IS NULL
FOR KEY SHARE SKIP LOCKED;

-- name: busy
-- What takes these resources in a window; no occupancy is longer than a session. Holds that are over count no more, even
-- while nobody has written that down, nor does what has rested, or rests at all for whoever has first call ($5), nor what
-- is about to leave its place ($6). The place of an offer that is over rests first. These are few, and found by their
-- hours whatever the window.
SELECT resource, starts_at, upper(period) AS ends_at
FROM occupancy
WHERE resource = ANY ($1::bigint[]) AND blocking
  AND starts_at < $3 AND starts_at > $2::timestamptz - interval '16 hours' AND upper(period) > $2
  AND appointment <> ALL ($6::uuid[])
  AND appointment NOT IN (
    SELECT id FROM appointment WHERE state = 'held' AND expires_at <= $4 AND channel <> 'waiting_list'
    UNION ALL
    SELECT id FROM appointment WHERE rests_until IS NOT NULL AND (rests_until <= $4 OR $5));

-- name: insert
-- Opens sessions; one that would put a professional or a room in two places is left out.
INSERT INTO session (id, territory, site, professional, role, room, kinds, day, starts_at, ends_at, slot_minutes,
                     rule, rule_version, rule_day, opened_at, opened_by, practitioner_resource, room_resource,
                     shares, next_release_at, equipment)
SELECT n.id, n.territory, n.site, n.professional, n.role, n.room, n.kinds, n.day, n.starts_at, n.ends_at, n.slot_minutes,
       n.rule, n.rule_version, n.rule_day, $2, $3, n.practitioner_resource, n.room_resource,
       n.shares, n.next_release_at, n.equipment
FROM jsonb_to_recordset($1::jsonb) AS n (
    id uuid, territory text, site uuid, professional uuid, role text, room text, kinds text[], day date,
    starts_at timestamptz, ends_at timestamptz, slot_minutes smallint, rule uuid, rule_version integer, rule_day date,
    practitioner_resource bigint, room_resource bigint, shares jsonb, next_release_at timestamptz,
    equipment text[])
ORDER BY n.starts_at
ON CONFLICT DO NOTHING
RETURNING id;

-- name: overlapping
-- Which of these sessions, as they are to become, would meet another open one of their professional or their room.
SELECT n.id
FROM jsonb_to_recordset($1::jsonb) AS n (
    id uuid, professional uuid, starts_at timestamptz, ends_at timestamptz, site uuid, room_resource bigint)
WHERE EXISTS (
    SELECT FROM session AS s
    WHERE s.state = 'open' AND s.id <> ALL ($2::uuid[])
      AND (s.professional = n.professional OR (s.site = n.site AND s.room_resource = n.room_resource))
      AND s.starts_at < n.ends_at AND s.starts_at > n.starts_at - interval '16 hours' AND s.ends_at > n.starts_at);

-- name: change
-- Writes sessions that were locked before, as they have become; by hand when an author of the edit is named. Of a share
-- whose release was not told yet, it is told at its new hour, even when that is past already. What registry's facts speak
-- of is as it was while professional, role, kinds and day are: then so is the mark.
UPDATE session AS s
SET professional = n.professional, role = n.role, room = n.room, kinds = n.kinds, day = n.day, starts_at = n.starts_at,
    ends_at = n.ends_at, slot_minutes = n.slot_minutes, rule_version = coalesce(n.rule_version, s.rule_version),
    practitioner_resource = n.practitioner_resource, room_resource = n.room_resource, version = s.version + 1,
    shares = n.shares, equipment = n.equipment,
    next_release_at = CASE
        WHEN s.shares IS NOT DISTINCT FROM n.shares THEN s.next_release_at
        ELSE least(n.next_release_at, (
            SELECT min((kept.share ->> 'release_at')::timestamptz)
            FROM jsonb_each(n.shares) AS kept (class, share)
            WHERE (s.shares -> kept.class ->> 'release_at')::timestamptz >= s.next_release_at))
    END,
    edited_at = coalesce($2, s.edited_at), edited_by = coalesce($3, s.edited_by),
    edit_reason = coalesce($4, s.edit_reason),
    unsupported_reason = CASE
        WHEN (s.professional, s.role, s.kinds, s.day) = (n.professional, n.role, n.kinds, n.day)
            THEN s.unsupported_reason
    END
FROM jsonb_to_recordset($1::jsonb) AS n (
    id uuid, professional uuid, role text, room text, kinds text[], day date, starts_at timestamptz,
    ends_at timestamptz, slot_minutes smallint, rule_version integer, practitioner_resource bigint,
    room_resource bigint, shares jsonb, next_release_at timestamptz, equipment text[])
WHERE s.id = n.id
RETURNING s.id, s.version;

-- name: cancel
-- Ends sessions that were locked before; by hand, their rule does not bring them back.
UPDATE session
SET state = 'cancelled', version = version + 1, cancel_reason = $2, cancelled_at = $3, cancelled_by = $4,
    unsupported_reason = NULL,
    edited_at = CASE WHEN $5 THEN $3 ELSE edited_at END, edited_by = CASE WHEN $5 THEN $4 ELSE edited_by END,
    edit_reason = CASE WHEN $5 THEN $2 ELSE edit_reason END
WHERE id = ANY ($1::uuid[])
RETURNING id, version;

-- name: flag
-- Marks sessions that registry's facts no longer support although patients are expected, or clears the mark.
UPDATE session
SET unsupported_reason = n.reason, version = version + 1
FROM unnest($1::uuid[], $2::text[]) AS n (id, reason)
WHERE session.id = n.id AND session.unsupported_reason IS DISTINCT FROM n.reason
RETURNING session.id, session.version, session.unsupported_reason;
