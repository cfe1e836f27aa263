-- migrate:up

-- What a territory decided about its kinds of consultation. Rows are only added: a later version overrides an earlier
-- one from its own day on, and appointments keep the version they were booked with.
CREATE TABLE kind_version (
    territory text NOT NULL,
    code text NOT NULL,
    version integer NOT NULL,                      -- 1, 2…; 0 is the platform's own
    valid_from date NOT NULL,
    duration interval NOT NULL,
    buffer_before interval NOT NULL,
    buffer_after interval NOT NULL,
    roles text[] NOT NULL,
    modes text[] NOT NULL,
    capacity_class text NOT NULL,
    compartment text NOT NULL,
    wants_eligibility boolean NOT NULL,
    unscheduled boolean NOT NULL,
    min_lead interval NOT NULL,
    max_lead interval,
    wants_room boolean NOT NULL,
    equipment text[] NOT NULL,
    preparation interval,                          -- none when missing
    preparation_roles text[] NOT NULL,
    preparation_same_room boolean NOT NULL,
    follow_up_only boolean NOT NULL,
    neutral_wording boolean NOT NULL,
    running_cap smallint,
    decided_at timestamptz NOT NULL,
    decided_by text NOT NULL,
    CONSTRAINT kind_version_once PRIMARY KEY (territory, code, version),
    CONSTRAINT kind_version_compartment CHECK (compartment IN ('medical', 'medico_social', 'silent')),
    CONSTRAINT kind_version_length CHECK (
        duration > interval '0' AND buffer_before >= interval '0' AND buffer_after >= interval '0'
        AND buffer_before + duration + buffer_after <= interval '16 hours')
);
SELECT smp.protect('kind_version');

-- What an appointment keeps of its kind, whatever is decided afterwards.
ALTER TABLE appointment
    ADD COLUMN kind_version integer NOT NULL DEFAULT 0,
    ADD COLUMN compartment text NOT NULL DEFAULT 'medical',
    ADD COLUMN buffer_before interval NOT NULL DEFAULT '0',
    ADD COLUMN buffer_after interval NOT NULL DEFAULT '0',
    ADD CONSTRAINT appointment_compartment CHECK (compartment IN ('medical', 'medico_social', 'silent'));
UPDATE appointment SET compartment = 'medico_social' WHERE kind = 'social';

-- What stands in the room of a session; labels as the kinds that want them say.
ALTER TABLE session_rule ADD COLUMN equipment text[] NOT NULL DEFAULT '{}';
ALTER TABLE session ADD COLUMN equipment text[] NOT NULL DEFAULT '{}';

-- migrate:down
ALTER TABLE session DROP COLUMN equipment;
ALTER TABLE session_rule DROP COLUMN equipment;
ALTER TABLE appointment
    DROP COLUMN buffer_after, DROP COLUMN buffer_before, DROP COLUMN compartment, DROP COLUMN kind_version;
DROP TABLE kind_version;
