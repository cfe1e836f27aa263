-- migrate:up

SET LOCAL smp.territories = '*';  -- rows of every territory are rewritten

-- A rule changes from a day on: each change is a row with the next version, and the row in force on a day is the
-- latest version that begins on or before it. The first row begins with the rule itself.
ALTER TABLE session DROP CONSTRAINT session_rule_fkey;
ALTER TABLE session_rule DROP CONSTRAINT session_rule_pkey;
ALTER TABLE session_rule
    ADD CONSTRAINT session_rule_once_per_version PRIMARY KEY (id, version),
    ADD COLUMN from_day date,                      -- first day of this version
    ADD COLUMN ended boolean NOT NULL DEFAULT false,  -- from that day on the rule takes place no more
    ADD COLUMN nth smallint[],                     -- with weekdays: 1 to 5 = nth of the month, -1 = last
    DROP CONSTRAINT session_rule_recurrence;
UPDATE session_rule SET from_day = valid_from;
ALTER TABLE session_rule
    ALTER COLUMN from_day SET NOT NULL,
    ADD CONSTRAINT session_rule_recurrence CHECK (
        CASE WHEN dates IS NOT NULL THEN num_nonnulls(weekdays, every_weeks, anchor, nth) = 0
             WHEN nth IS NOT NULL THEN weekdays IS NOT NULL AND num_nonnulls(every_weeks, anchor) = 0
             ELSE num_nonnulls(weekdays, every_weeks, anchor) = 3 END);
CREATE INDEX session_rule_by_site ON session_rule (site);
CREATE INDEX session_rule_by_professional ON session_rule (professional);

-- `rule_day` is the day of the rule that a session stands for, wherever it has been moved since. A closure or an
-- absence may leave several parts of it; that no two of them overlap is said by session_professional_in_one_place.
ALTER TABLE session
    DROP CONSTRAINT session_once_per_rule_and_day,
    ADD CONSTRAINT session_rule_fkey FOREIGN KEY (rule, rule_version) REFERENCES session_rule (id, version),
    ADD COLUMN rule_day date,
    ADD COLUMN edited_at timestamptz,              -- by hand, cancellation by hand included: its rule leaves it alone
    ADD COLUMN edited_by text,
    ADD COLUMN edit_reason text,
    ADD COLUMN unsupported_reason text;            -- registry's facts speak against it, but patients are expected
UPDATE session SET rule_day = day WHERE rule IS NOT NULL;
UPDATE session SET edited_at = cancelled_at, edited_by = cancelled_by, edit_reason = cancel_reason
WHERE rule IS NOT NULL AND state = 'cancelled';
ALTER TABLE session
    ADD CONSTRAINT session_stands_for_a_day CHECK ((rule IS NULL) = (rule_day IS NULL)),
    ADD CONSTRAINT session_unsupported CHECK (unsupported_reason IN ('site_closed', 'out_of_contract', 'role'));
CREATE INDEX session_by_rule ON session (rule, rule_day);
CREATE INDEX session_by_professional ON session (professional, starts_at);
CREATE INDEX session_unsupported_by_site ON session (site) WHERE unsupported_reason IS NOT NULL;

-- A site, or one of its rooms, receives nobody for a time.
ALTER TABLE closure DROP CONSTRAINT closure_once_per_day;
ALTER TABLE closure
    ADD COLUMN id uuid NOT NULL DEFAULT uuidv7(),
    ADD COLUMN room text,                          -- null = the whole site
    ADD COLUMN starts_at timestamptz,
    ADD COLUMN ends_at timestamptz,
    ADD COLUMN withdrawn_at timestamptz,
    ADD COLUMN withdrawn_by text,
    ADD CONSTRAINT closure_pkey PRIMARY KEY (id);
UPDATE closure
SET starts_at = closure.day::timestamp AT TIME ZONE coalesce(site.zone, 'Europe/Paris'),
    ends_at = (closure.day + 1)::timestamp AT TIME ZONE coalesce(site.zone, 'Europe/Paris')
FROM closure AS same LEFT JOIN site ON site.id = same.site
WHERE same.id = closure.id;
ALTER TABLE closure
    DROP COLUMN day,
    ALTER COLUMN id DROP DEFAULT,
    ALTER COLUMN starts_at SET NOT NULL,
    ALTER COLUMN ends_at SET NOT NULL,
    ADD CONSTRAINT closure_period CHECK (starts_at < ends_at);
CREATE INDEX closure_by_site ON closure (site, ends_at);

-- Somebody is away for a time, from every site. The code says nothing of health.
CREATE TABLE absence (
    id uuid PRIMARY KEY,
    territory text NOT NULL,
    professional uuid NOT NULL,
    site uuid NOT NULL,                            -- on whose clock the days were told
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    reason text NOT NULL,
    noted_at timestamptz NOT NULL,
    noted_by text NOT NULL,
    withdrawn_at timestamptz,
    withdrawn_by text,
    CONSTRAINT absence_period CHECK (starts_at < ends_at)
);
CREATE INDEX absence_by_professional ON absence (professional, ends_at);
SELECT smp.protect('absence');

-- Why a day of a rule, or a part of it, has no session. Written anew whenever the day is looked at.
CREATE TABLE skipped_day (
    rule uuid NOT NULL,
    day date NOT NULL,
    part smallint NOT NULL,
    territory text NOT NULL,
    site uuid NOT NULL,
    professional uuid NOT NULL,
    starts_at timestamptz,                         -- with ends_at: the hours that are missing; null = the whole day
    ends_at timestamptz,
    reason text NOT NULL,
    source uuid,                                   -- the closure or the absence
    CONSTRAINT skipped_day_once PRIMARY KEY (rule, day, part),
    CONSTRAINT skipped_day_reason CHECK (reason IN (
        'public_holiday', 'closure', 'absence', 'no_such_hour', 'out_of_contract', 'role', 'overlap'))
);
CREATE INDEX skipped_day_by_site ON skipped_day (site, day);
SELECT smp.protect('skipped_day');

-- What a part-timer and the centre have agreed; the last version is in force.
CREATE TABLE presence_plan (
    professional uuid PRIMARY KEY,
    territory text NOT NULL,
    site uuid NOT NULL,
    version integer NOT NULL DEFAULT 1,
    contract_start date NOT NULL,
    contract_end date,                             -- last day, included
    wished_weekdays smallint[] NOT NULL,           -- 1 = Monday
    weekly_cap smallint,                           -- half-days of an ISO week
    yearly_cap smallint,                           -- half-days of a civil year
    agreed_at timestamptz NOT NULL,
    agreed_by text NOT NULL,
    CONSTRAINT presence_plan_contract CHECK (contract_end >= contract_start),
    CONSTRAINT presence_plan_caps CHECK (weekly_cap BETWEEN 1 AND 14 AND yearly_cap BETWEEN 1 AND 732)
);
SELECT smp.protect('presence_plan');

-- How far registry's facts about a site or a professional have been followed in the agenda. Not a projection: when the
-- projections are rebuilt, facts that are heard again are known to be followed already.
CREATE TABLE agenda_follow (
    id uuid PRIMARY KEY,                           -- of the site or the professional
    territory text NOT NULL,
    subject text NOT NULL,
    sequence integer NOT NULL,                     -- of the last event heard
    pending boolean NOT NULL,                      -- the agenda has not been looked at since
    CONSTRAINT agenda_follow_subject CHECK (subject IN ('site', 'professional'))
);
CREATE INDEX agenda_follow_pending ON agenda_follow (id) WHERE pending;
SELECT smp.protect('agenda_follow');

-- migrate:down
SET LOCAL smp.territories = '*';
DROP TABLE agenda_follow, presence_plan, skipped_day, absence;
DELETE FROM closure WHERE room IS NOT NULL OR withdrawn_at IS NOT NULL;
ALTER TABLE closure ADD COLUMN day date;
UPDATE closure
SET day = (closure.starts_at AT TIME ZONE coalesce(site.zone, 'Europe/Paris'))::date
FROM closure AS same LEFT JOIN site ON site.id = same.site
WHERE same.id = closure.id;
DELETE FROM closure USING closure AS earlier
WHERE closure.site = earlier.site AND closure.day = earlier.day AND closure.id > earlier.id;
ALTER TABLE closure
    DROP CONSTRAINT closure_pkey,
    DROP COLUMN id, DROP COLUMN room, DROP COLUMN starts_at, DROP COLUMN ends_at,
    DROP COLUMN withdrawn_at, DROP COLUMN withdrawn_by,
    ALTER COLUMN day SET NOT NULL,
    ADD CONSTRAINT closure_once_per_day PRIMARY KEY (site, day);
ALTER TABLE session
    DROP CONSTRAINT session_rule_fkey,
    DROP CONSTRAINT session_stands_for_a_day,
    DROP COLUMN unsupported_reason, DROP COLUMN edit_reason, DROP COLUMN edited_by, DROP COLUMN edited_at;
UPDATE session SET rule = NULL, rule_version = NULL
WHERE rule IS NOT NULL AND id <> (
    SELECT min(same.id::text)::uuid FROM session AS same WHERE same.rule = session.rule AND same.day = session.day);
UPDATE session SET rule_version = 1 WHERE rule IS NOT NULL;
ALTER TABLE session
    DROP COLUMN rule_day,
    ADD CONSTRAINT session_once_per_rule_and_day UNIQUE (rule, day);
DROP INDEX session_by_professional;
DROP INDEX session_rule_by_site;
DROP INDEX session_rule_by_professional;
DELETE FROM session_rule WHERE version > 1;
UPDATE session SET rule = NULL, rule_version = NULL WHERE rule IN (SELECT id FROM session_rule WHERE nth IS NOT NULL);
DELETE FROM session_rule WHERE nth IS NOT NULL;
ALTER TABLE session_rule
    DROP CONSTRAINT session_rule_recurrence,
    DROP COLUMN from_day, DROP COLUMN ended, DROP COLUMN nth,
    DROP CONSTRAINT session_rule_once_per_version,
    ADD CONSTRAINT session_rule_pkey PRIMARY KEY (id),
    ADD CONSTRAINT session_rule_recurrence CHECK (
        num_nonnulls(weekdays, every_weeks, anchor) = CASE WHEN dates IS NULL THEN 3 ELSE 0 END);
ALTER TABLE session ADD CONSTRAINT session_rule_fkey FOREIGN KEY (rule) REFERENCES session_rule (id);
