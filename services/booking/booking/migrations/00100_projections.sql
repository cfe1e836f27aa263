-- migrate:up

-- What booking needs of registry's facts. Throw-away: rebuilt from the topics. Each fact carries the sequence of the
-- event that said it, so that events in any order lead to the same row.
CREATE TABLE site (
    id uuid PRIMARY KEY,
    territory text NOT NULL,
    zone text,                                     -- IANA; missing until SiteOpened is heard
    subdivision text,
    opened_on date,
    closed_from date,
    opening_hours jsonb NOT NULL DEFAULT '[]'      -- [{"sequence", "from", "hours": [{"weekday", "opens", "closes"}]}]
);
SELECT smp.protect('site');

CREATE TABLE professional (
    id uuid PRIMARY KEY,
    territory text NOT NULL,
    sites uuid[] NOT NULL DEFAULT '{}',
    contract_start date,                           -- missing until ProfessionalJoined is heard
    contract_end date,                             -- last day, included
    left_from date,
    joined_sequence integer NOT NULL DEFAULT 0,
    left_sequence integer NOT NULL DEFAULT 0,
    roles jsonb NOT NULL DEFAULT '[]'              -- [{"sequence", "from", "role"}]
);
SELECT smp.protect('professional');

-- Assignment and end are kept apart, for the end may be heard first.
CREATE TABLE supervision (
    intern uuid NOT NULL,
    supervisor uuid NOT NULL,
    territory text NOT NULL,
    from_date date,                                -- missing until SupervisionAssigned is heard
    assigned_until date,
    assigned_sequence integer NOT NULL DEFAULT 0,
    ended_on date,
    ended_sequence integer NOT NULL DEFAULT 0,
    until_date date GENERATED ALWAYS AS (          -- last day, included; null = open
        CASE WHEN ended_sequence > assigned_sequence THEN ended_on ELSE assigned_until END) STORED,
    PRIMARY KEY (intern, supervisor)
);
CREATE INDEX supervision_by_supervisor ON supervision (supervisor);
SELECT smp.protect('supervision');

CREATE TABLE patient (
    id uuid PRIMARY KEY,
    territory text NOT NULL,
    registered_at timestamptz,                     -- missing until PatientRegistered is heard
    erased_at timestamptz,
    eligibility jsonb NOT NULL DEFAULT '[]'        -- [{"sequence", "from", "status"}]
);
SELECT smp.protect('patient');

-- migrate:down
DROP TABLE patient, supervision, professional, site;
