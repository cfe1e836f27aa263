-- migrate:up

CREATE TABLE appointment (
    id uuid PRIMARY KEY,
    territory text NOT NULL,
    site uuid NOT NULL,
    session uuid NOT NULL REFERENCES session (id),
    day date NOT NULL,                             -- on the site's calendar
    patient uuid,                                  -- unknown in some holds
    professional uuid NOT NULL,
    role text NOT NULL,                            -- held on that day
    kind text NOT NULL,
    mode text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    capacity_class text NOT NULL,
    channel text NOT NULL,
    state text NOT NULL,
    version integer NOT NULL DEFAULT 1,            -- sequence of its last event
    notify boolean NOT NULL,
    requested_at timestamptz NOT NULL,
    expires_at timestamptz,                        -- of a hold
    booked_at timestamptz,
    arrived_at timestamptz,
    started_at timestamptz,
    ended_at timestamptz,
    outcome text,
    severity smallint,
    otherwise_emergency boolean,
    supervisor uuid,                               -- who answered for the intern
    cancelled_by text,
    cancel_reason text,
    late boolean,
    trail jsonb NOT NULL,                          -- [{"version", "state", "at", "by"}], one entry per version
    CONSTRAINT appointment_period CHECK (ends_at > starts_at),
    CONSTRAINT appointment_state CHECK (state IN (
        'held', 'booked', 'arrived', 'in_consultation', 'done', 'no_show', 'cancelled', 'expired')),
    CONSTRAINT appointment_hold_expires CHECK (state <> 'held' OR expires_at IS NOT NULL),
    CONSTRAINT appointment_has_patient CHECK (patient IS NOT NULL OR state IN ('held', 'cancelled', 'expired')),
    CONSTRAINT appointment_severity CHECK (severity BETWEEN 1 AND 5)
);
CREATE INDEX appointment_by_site_and_day ON appointment (site, day);
CREATE INDEX appointment_by_session ON appointment (session);
CREATE INDEX appointment_by_patient ON appointment (patient);
CREATE INDEX appointment_holds ON appointment (expires_at) WHERE state = 'held';
SELECT smp.protect('appointment');

-- Who and what is taken when: practitioner, room and patient of each appointment, holds included. A released
-- appointment keeps its rows, not blocking. The constraint looks at every row whatever the territories of the
-- transaction: nobody is in two places, even across a border. It cannot ask what time it is, so an expired hold blocks
-- until somebody writes its expiry down (the job, or the booking that meets it).
-- Resource numbers: see domain/resources.py; as one-point ranges they need no extension (btree_gist).
-- `appointment` has no foreign key: both rows are written by one statement, and appointments are never deleted.
CREATE TABLE occupancy (
    appointment uuid NOT NULL,
    resource bigint NOT NULL,
    resource_kind text NOT NULL,
    territory text NOT NULL,
    period tstzrange NOT NULL,
    blocking boolean NOT NULL DEFAULT true,
    -- Row security keeps operators that are not leakproof, && among them, out of index scans; comparisons of this
    -- column are leakproof, so searches can use occupancy_by_resource.
    starts_at timestamptz GENERATED ALWAYS AS (lower(period)) STORED,
    PRIMARY KEY (appointment, resource),
    CONSTRAINT occupancy_kind CHECK (resource_kind IN ('practitioner', 'room', 'patient')),
    CONSTRAINT occupancy_is_bounded CHECK (NOT isempty(period) AND NOT lower_inf(period) AND NOT upper_inf(period)),
    CONSTRAINT occupancy_no_overlap EXCLUDE USING gist (
        int8range(resource, resource, '[]') WITH &&, period WITH &&
    ) WHERE (blocking)
);
CREATE INDEX occupancy_by_resource ON occupancy (resource, starts_at) WHERE blocking;
SELECT smp.protect('occupancy');

-- migrate:down
DROP TABLE occupancy, appointment;
