-- migrate:up

-- More of an appointment's life: preparation, departure unseen, excuse; places that rest before they are offered to
-- all; families, pairs, practitioners nobody asked for; the order of calls decided by hand.
ALTER TABLE appointment
    ADD COLUMN prepared_at timestamptz,
    ADD COLUMN left_at timestamptz,
    ADD COLUMN rests_until timestamptz,            -- of a cancelled appointment whose place still rests, else null
    ADD COLUMN party uuid,                         -- asked for together
    ADD COLUMN named boolean NOT NULL DEFAULT true, -- false: the patient asked for no practitioner in particular
    ADD COLUMN preparation_start timestamptz,      -- the patient is expected then, before starts_at
    ADD COLUMN others jsonb NOT NULL DEFAULT '[]', -- who takes part besides: [{"professional", "role", "session"}]
    ADD COLUMN call_place text,                    -- decided by hand, null = by rule
    ADD COLUMN call_before uuid,
    ADD COLUMN call_decided_at timestamptz,
    DROP CONSTRAINT appointment_state,
    ADD CONSTRAINT appointment_state CHECK (state IN (
        'held', 'booked', 'arrived', 'in_preparation', 'in_consultation', 'done', 'no_show', 'left_unseen', 'excused',
        'cancelled', 'expired')),
    ADD CONSTRAINT appointment_preparation_comes_first CHECK (preparation_start < starts_at),
    ADD CONSTRAINT appointment_call_place CHECK (
        call_place IS NULL AND call_before IS NULL
        OR call_place IN ('before', 'last') AND (call_place = 'before') = (call_before IS NOT NULL)
           AND call_decided_at IS NOT NULL);
-- Nobody waits twice in the waiting room of a site.
CREATE UNIQUE INDEX appointment_once_in_queue ON appointment (site, patient)
    WHERE state IN ('arrived', 'in_preparation');
CREATE INDEX appointment_resting ON appointment (rests_until) WHERE rests_until IS NOT NULL;
CREATE INDEX appointment_by_party ON appointment (party) WHERE party IS NOT NULL;

-- migrate:down
DROP INDEX appointment_by_party, appointment_resting, appointment_once_in_queue;
ALTER TABLE appointment
    DROP CONSTRAINT appointment_call_place,
    DROP CONSTRAINT appointment_preparation_comes_first,
    DROP CONSTRAINT appointment_state,
    DROP COLUMN call_decided_at,
    DROP COLUMN call_before,
    DROP COLUMN call_place,
    DROP COLUMN others,
    DROP COLUMN preparation_start,
    DROP COLUMN named,
    DROP COLUMN party,
    DROP COLUMN rests_until,
    DROP COLUMN left_at,
    DROP COLUMN prepared_at,
    ADD CONSTRAINT appointment_state CHECK (state IN (
        'held', 'booked', 'arrived', 'in_consultation', 'done', 'no_show', 'cancelled', 'expired'));
