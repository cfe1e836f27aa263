-- name: one_booking_at_a_time
-- Bookings of interns of a territory on some days wait for each other until the commit, and for whoever looks at one of
-- these days again; those of other days only for whoever looks at the whole territory. Locked in the order given.
SELECT pg_advisory_xact_lock_shared(hashtextextended($1::text, 4202)),
       pg_advisory_xact_lock(hashtextextended($1::text || ' ' || day::text, 4203))
FROM unnest($2::date[]) AS day;

-- name: territory_alone
-- Wait for every booking of an intern in the territory that has not committed.
SELECT pg_advisory_xact_lock(hashtextextended($1::text, 4202));

-- name: acts_of_days
-- Appointments of interns in the territory on some days, whatever the site, that take their time; in order of
-- seniority, holds last, for they have promised nothing. One whose session is gone takes nobody's time but its patient's
-- (see impacts.sql).
SELECT a.day, a.id, a.site, a.session, a.professional, a.patient, a.state, a.version, a.starts_at, a.ends_at, a.channel,
       u.appointment IS NOT NULL AS is_unsupported
FROM appointment AS a
LEFT JOIN unsupported AS u ON u.appointment = a.id AND u.session = a.session AND u.starts_at = a.starts_at
WHERE a.territory = $1 AND a.day = ANY ($2::date[]) AND a.role = 'intern' AND a.state <> ALL ($3::text[])
  AND (a.state <> 'held' OR a.expires_at > $4) AND u.reason IS DISTINCT FROM 'place_lost'
ORDER BY a.state = 'held', coalesce(a.booked_at, a.requested_at), a.id;

-- name: reaches
-- Supervisors declared reachable by telephone at some instant of a period, less the absences noted since: the last word
-- counts, so that somebody who is away may still say that they answer the telephone. In the transaction that notes an
-- absence it is not there yet: an impact that is carried out is compared with its dry run.
SELECT r.supervisor, r.site, lower(part) AS starts_at, upper(part) AS ends_at
FROM reachability AS r,
     unnest(tstzmultirange(tstzrange(r.starts_at, r.ends_at)) - coalesce((
         SELECT range_agg(tstzrange(a.starts_at, a.ends_at))
         FROM absence AS a
         WHERE a.professional = r.supervisor AND a.ends_at > r.starts_at AND a.withdrawn_at IS NULL
           AND a.noted_at >= r.declared_at
           AND a.xmin IS DISTINCT FROM pg_current_xact_id_if_assigned()::xid), '{}')) AS part
WHERE r.territory = $1 AND r.withdrawn_at IS NULL AND r.ends_at > $2 AND r.starts_at < $3
  AND upper(part) > $2 AND lower(part) < $3;

-- name: presence_of_supervisors
-- Open sessions of these interns' supervisors that meet a period, at any site that is not closed for good, but those
-- that registry's facts speak against.
SELECT s.id, s.territory, s.site, s.professional, s.role, s.room, s.kinds, s.day, s.starts_at, s.ends_at,
       s.slot_minutes, s.shares, s.equipment
FROM session AS s
JOIN site ON site.id = s.site AND (site.closed_from IS NULL OR site.closed_from > s.day)
WHERE s.state = 'open' AND s.unsupported_reason IS NULL
  AND s.starts_at < $3 AND s.starts_at > $2::timestamptz - interval '16 hours' AND s.ends_at > $2
  AND s.professional IN (SELECT supervisor FROM supervision WHERE intern = ANY ($1::uuid[]))
ORDER BY s.id;

-- name: ask_again
-- Presence changes on these days: covered appointments may no longer be, or be again.
INSERT INTO supervision_recheck (territory, day) SELECT $1, unnest($2::date[]);

-- name: ask_again_of_reaches
-- The reaches of a supervisor change in a period: covered appointments may no longer be, or be again.
INSERT INTO supervision_recheck (territory, day)
SELECT DISTINCT r.territory, day::date
FROM reachability AS r,
     generate_series(greatest(r.starts_at, $2) - interval '1 day', least(r.ends_at, $3) + interval '1 day',
                     interval '1 day') AS day
WHERE r.supervisor = $1 AND r.withdrawn_at IS NULL AND r.ends_at > $2 AND r.starts_at < $3;

-- name: ask_again_for_all_days
-- Who answers for whom has changed: every day to come is to be looked at again.
INSERT INTO supervision_recheck (territory, asked_at) VALUES ($1, $2);

-- name: judge_by
-- Coverage is judged by this ratio where it is already, where it never was, and elsewhere when this process begins ($2),
-- for the younger has the newer setting, or when nobody who judged by the other was heard of for two minutes.
INSERT INTO judged_ratio AS j (territory, written)
SELECT DISTINCT s.territory, $1::text
FROM supervision AS s
WHERE NOT EXISTS (
    SELECT FROM judged_ratio AS known
    WHERE known.territory = s.territory
      AND CASE WHEN known.written = $1 THEN known.held_at > now() - interval '20 seconds'
               ELSE NOT $2 AND known.held_at > now() - interval '2 minutes' END)
ON CONFLICT (territory) DO UPDATE SET written = excluded.written, held_at = excluded.held_at
WHERE $2 OR j.written = $1 OR j.held_at <= now() - interval '2 minutes'
RETURNING territory, old.written IS DISTINCT FROM new.written AS is_new;

-- name: territories_to_spread
-- Territories of which every day is to be looked at, once nobody has asked for some seconds: facts come in bursts.
SELECT territory
FROM supervision_recheck
WHERE day IS NULL
GROUP BY territory
HAVING max(asked_at) <= $1
ORDER BY territory;

-- name: spread
-- The whole territory becomes its days to come on which interns receive.
WITH asked AS (
    DELETE FROM supervision_recheck WHERE territory = $1 AND day IS NULL RETURNING 1
)
INSERT INTO supervision_recheck (territory, day)
SELECT $1, received.day
FROM (SELECT day FROM appointment WHERE role = 'intern' AND day >= $2::date
      UNION
      SELECT day FROM session
      WHERE professional IN (SELECT intern FROM supervision) AND role = 'intern' AND state = 'open'
        AND starts_at > $2::date - interval '1 day' AND day >= $2) AS received
WHERE (SELECT count(*) FROM asked) > 0;

-- name: days_to_look_at
-- Days whose presence has changed; not while facts of their territory are still coming in, nor where others judge by
-- another ratio.
SELECT DISTINCT q.territory, q.day
FROM supervision_recheck AS q
WHERE q.day IS NOT NULL
  AND NOT EXISTS (SELECT FROM supervision_recheck AS w WHERE w.territory = q.territory AND w.day IS NULL)
  AND NOT EXISTS (SELECT FROM judged_ratio AS j WHERE j.territory = q.territory AND j.written <> $1)
ORDER BY q.territory, q.day;

-- name: look_at_free_places
-- What interns have free on a day, between now and as far as offers reach, may be covered again: it is gone through for
-- whoever waits for it.
INSERT INTO freed_place (territory, resource, starts_at, ends_at)
SELECT s.territory, s.practitioner_resource, s.starts_at, s.ends_at
FROM session AS s
WHERE s.professional IN (SELECT intern FROM supervision) AND s.role = 'intern' AND s.state = 'open'
  AND s.starts_at > $1::date - interval '1 day' AND s.starts_at < $1::date + interval '2 days' AND s.day = $1
  AND s.ends_at > $2 AND s.starts_at <= $3
  AND EXISTS (SELECT FROM waiting_list_line AS l WHERE l.site = s.site AND l.kind = ANY (s.kinds));

-- name: take_day
-- Nobody else needs to look at this day, unless its presence changes once more.
DELETE FROM supervision_recheck WHERE territory = $1 AND day = $2;

-- name: step
-- Appointments whose coverage has changed go one version further, their state as it was; those that somebody is
-- busy with are left for the next look.
WITH free AS (
    SELECT a.id
    FROM appointment AS a
    JOIN unnest($1::uuid[], $2::integer[]) AS n (id, version) ON n.id = a.id AND n.version = a.version
    ORDER BY a.id
    FOR UPDATE OF a SKIP LOCKED
)
UPDATE appointment AS a
SET version = a.version + 1,
    trail = a.trail || jsonb_build_array(jsonb_build_object(
        'version', a.version + 1, 'state', a.state, 'at', $3::timestamptz, 'by', $4::text))
FROM free
WHERE a.id = free.id
RETURNING a.id, a.version;

-- name: mark_unsupported
-- These appointments, where they stand, are covered by nobody.
INSERT INTO unsupported (appointment, territory, session, starts_at, since, reason)
SELECT a.id, a.territory, a.session, a.starts_at, $2, n.reason
FROM unnest($1::uuid[], $3::text[]) AS n (id, reason)
JOIN appointment AS a ON a.id = n.id
ON CONFLICT (appointment) DO UPDATE
SET session = excluded.session, starts_at = excluded.starts_at, since = excluded.since, reason = excluded.reason;

-- name: clear_unsupported
-- These appointments are covered again.
DELETE FROM unsupported WHERE appointment = ANY ($1::uuid[]);

-- name: unsupported_at
-- Appointments of a site, still to come, that nobody covers where they stand or whose session is gone.
SELECT a.*, u.since AS uncovered_since, u.reason AS uncovered_why
FROM unsupported AS u
JOIN appointment AS a ON a.id = u.appointment AND a.session = u.session AND a.starts_at = u.starts_at
WHERE a.site = $1 AND a.ends_at > $2 AND a.state = ANY ($3::text[])
ORDER BY a.starts_at, a.id;

-- name: reasons_of
-- Which of these appointments nobody covers where they stand, or have lost their session; and why.
SELECT u.appointment, u.reason
FROM unsupported AS u
JOIN appointment AS a ON a.id = u.appointment AND a.session = u.session AND a.starts_at = u.starts_at
WHERE u.appointment = ANY ($1::uuid[]) AND a.state = ANY ($2::text[]);

-- name: declare_reachable
-- A supervisor can be reached by telephone for a while.
INSERT INTO reachability (id, territory, supervisor, site, starts_at, ends_at, declared_at, declared_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: lock_reachability
-- One declaration, before it is withdrawn.
SELECT id, territory, supervisor, site, starts_at, ends_at, withdrawn_at
FROM reachability
WHERE id = $1
FOR UPDATE;

-- name: withdraw_reachability
-- The supervisor cannot be reached any more.
UPDATE reachability SET withdrawn_at = $2, withdrawn_by = $3 WHERE id = $1;
