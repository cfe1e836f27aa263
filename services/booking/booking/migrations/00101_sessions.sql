-- migrate:up

CREATE TABLE session_rule (
    id uuid PRIMARY KEY,
    territory text NOT NULL,
    version integer NOT NULL DEFAULT 1,
    site uuid NOT NULL,
    professional uuid NOT NULL,
    room text,
    kinds text[] NOT NULL,
    slot_minutes smallint NOT NULL,
    weekdays smallint[],                           -- 1 = Monday; with every_weeks and anchor
    every_weeks smallint,
    anchor date,
    dates date[],                                  -- or listed dates
    starts time NOT NULL,                          -- local time of the site
    ends time NOT NULL,
    valid_from date NOT NULL,
    valid_until date,                              -- last day, included
    materialised_until date,                       -- last day already turned into sessions
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    CONSTRAINT session_rule_hours CHECK (starts < ends),
    CONSTRAINT session_rule_validity CHECK (valid_until >= valid_from),
    CONSTRAINT session_rule_kinds CHECK (cardinality(kinds) > 0),
    CONSTRAINT session_rule_grid CHECK (slot_minutes BETWEEN 5 AND 240),
    CONSTRAINT session_rule_recurrence CHECK (
        num_nonnulls(weekdays, every_weeks, anchor) = CASE WHEN dates IS NULL THEN 3 ELSE 0 END)
);
CREATE INDEX session_rule_behind ON session_rule (materialised_until);
SELECT smp.protect('session_rule');

-- One row per occurrence. `day` is the date on the site's calendar: sessions never cross midnight.
CREATE TABLE session (
    id uuid PRIMARY KEY,
    territory text NOT NULL,
    site uuid NOT NULL,
    professional uuid NOT NULL,
    role text NOT NULL,                            -- held on that day
    room text,
    kinds text[] NOT NULL,
    day date NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    slot_minutes smallint NOT NULL,
    rule uuid REFERENCES session_rule (id),
    rule_version integer,
    state text NOT NULL DEFAULT 'open',
    version integer NOT NULL DEFAULT 1,            -- sequence of its last event
    cancel_reason text,
    opened_at timestamptz NOT NULL,
    opened_by text NOT NULL,
    cancelled_at timestamptz,
    cancelled_by text,
    practitioner_resource bigint NOT NULL,
    room_resource bigint,
    CONSTRAINT session_state CHECK (state IN ('open', 'cancelled')),
    CONSTRAINT session_length CHECK (ends_at > starts_at AND ends_at - starts_at <= interval '16 hours'),
    CONSTRAINT session_kinds CHECK (cardinality(kinds) > 0),
    CONSTRAINT session_grid CHECK (slot_minutes BETWEEN 5 AND 240),
    CONSTRAINT session_once_per_rule_and_day UNIQUE (rule, day),
    CONSTRAINT session_professional_in_one_place EXCLUDE USING gist (
        int8range(practitioner_resource, practitioner_resource, '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&
    ) WHERE (state = 'open'),
    CONSTRAINT session_room_for_one EXCLUDE USING gist (
        int8range(room_resource, room_resource, '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&
    ) WHERE (state = 'open' AND room_resource IS NOT NULL)
);
CREATE INDEX session_by_site ON session (site, starts_at);
SELECT smp.protect('session');

-- A day on which a site receives nobody.
CREATE TABLE closure (
    site uuid NOT NULL,
    day date NOT NULL,
    territory text NOT NULL,
    reason text NOT NULL,
    closed_at timestamptz NOT NULL,
    closed_by text NOT NULL,
    CONSTRAINT closure_once_per_day PRIMARY KEY (site, day)
);
SELECT smp.protect('closure');

-- migrate:down
DROP TABLE closure, session, session_rule;
