-- migrate:up

-- Whether a text can reach a patient, as registry last said; booking knows no number. Throw-away: rebuilt from the
-- topics. The latest sequence wins, the erasure's is the last.
CREATE TABLE patient_contact (
    patient uuid PRIMARY KEY,
    territory text NOT NULL,
    reachable_by_text boolean NOT NULL,
    sequence integer NOT NULL
);
SELECT smp.protect('patient_contact');

-- A change of the agenda that was asked about: what was seen then, what is to become of whom. Never changed once
-- planned, but for its progress.
CREATE TABLE impact (
    id uuid PRIMARY KEY,
    territory text NOT NULL,
    sites uuid[] NOT NULL,                         -- whose sessions it touches
    change jsonb NOT NULL,                         -- {"kind", "reason", ...}
    fingerprint text NOT NULL,                     -- of `seen`
    seen jsonb NOT NULL,                           -- {"sessions", "hits", "places"}: what must still be so
    figures jsonb NOT NULL,
    state text NOT NULL DEFAULT 'planned',
    planned_at timestamptz NOT NULL,
    planned_by text NOT NULL,
    applied_at timestamptz,                        -- the sessions were changed, the appointments follow
    applied_by text,
    ended_at timestamptz,
    CONSTRAINT impact_state CHECK (state IN ('planned', 'applying', 'applied')),
    CONSTRAINT impact_applied CHECK ((state = 'planned') = (applied_at IS NULL))
);
CREATE INDEX impact_applying ON impact (applied_at) WHERE state = 'applying';
SELECT smp.protect('impact');

-- One line for each appointment that is hit; `outcome` is written once, with its effect.
CREATE TABLE impact_item (
    impact uuid NOT NULL REFERENCES impact (id),
    appointment uuid NOT NULL,
    territory text NOT NULL,
    rank integer NOT NULL,                         -- in order of claim
    patient uuid NOT NULL,
    compartment text NOT NULL,
    version integer NOT NULL,                      -- of the appointment as it was seen
    session uuid NOT NULL,                         -- the place it had
    starts_at timestamptz NOT NULL,
    kept jsonb,                                    -- a place: same hour, somebody else
    proposals jsonb NOT NULL,                      -- [place]
    reachable_by_text boolean,                     -- null = registry has not been heard about the patient
    decision text,
    choice smallint,                               -- which proposal was chosen, from 1; null = any, in order
    outcome text,
    by_hand boolean NOT NULL DEFAULT false,        -- somebody had settled it in the meantime
    note text,                                     -- why it did not end as decided
    settled_at timestamptz,
    CONSTRAINT impact_item_once PRIMARY KEY (impact, appointment),
    CONSTRAINT impact_item_decision CHECK (decision IN ('keep', 'move', 'cancel', 'call')),
    CONSTRAINT impact_item_outcome CHECK (outcome IN ('kept', 'moved', 'cancelled', 'call')),
    CONSTRAINT impact_item_settled CHECK ((outcome IS NULL) = (settled_at IS NULL))
);
CREATE INDEX impact_item_open ON impact_item (impact, rank) WHERE outcome IS NULL;
SELECT smp.protect('impact_item');

-- migrate:down
DROP TABLE impact_item, impact, patient_contact;
