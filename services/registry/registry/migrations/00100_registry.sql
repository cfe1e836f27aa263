-- migrate:up

-- Sites: where care is given. What changes with a date stands in its own table; `version` is the sequence of events.
CREATE TABLE site (
    id uuid PRIMARY KEY,
    territory text NOT NULL,
    name text NOT NULL,
    finess text,
    zone text NOT NULL,
    subdivision text,
    opened_on date NOT NULL,
    closed_from date,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    CONSTRAINT site_closes_after_it_opens CHECK (closed_from > opened_on)
);
CREATE INDEX site_by_territory ON site (territory, name);
SELECT smp.protect('site');

CREATE TABLE site_address (
    site uuid NOT NULL REFERENCES site,
    from_date date NOT NULL,
    territory text NOT NULL,
    line text NOT NULL,
    postal_code text NOT NULL,
    city text NOT NULL,
    commune_code text NOT NULL,
    phone text NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    PRIMARY KEY (site, from_date)
);
SELECT smp.protect('site_address');

-- `ranges` is a list of {weekday, opens, closes}, checked by the domain before it comes here.
CREATE TABLE site_hours (
    site uuid NOT NULL REFERENCES site,
    from_date date NOT NULL,
    territory text NOT NULL,
    ranges jsonb NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    PRIMARY KEY (site, from_date)
);
SELECT smp.protect('site_hours');

-- Professionals: one row per person and territory. An end is the last day; `left_from` the first without.
CREATE TABLE professional (
    id uuid PRIMARY KEY,
    territory text NOT NULL,
    family_name text NOT NULL,
    given_name text NOT NULL,
    rpps text,
    contract_start date NOT NULL,
    contract_end date,
    left_from date,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    CONSTRAINT professional_once_per_rpps UNIQUE (territory, rpps),
    CONSTRAINT professional_contract_in_order CHECK (contract_end >= contract_start),
    CONSTRAINT professional_leaves_within_the_contract CHECK (left_from >= contract_start)
);
CREATE INDEX professional_by_territory ON professional (territory, family_name, given_name);
SELECT smp.protect('professional');

CREATE TABLE professional_role (
    professional uuid NOT NULL REFERENCES professional,
    from_date date NOT NULL,
    territory text NOT NULL,
    role text NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    PRIMARY KEY (professional, from_date),
    CONSTRAINT professional_role_known CHECK (
        role IN ('retired_gp', 'gp', 'intern', 'nurse', 'medical_assistant', 'social_worker', 'secretary', 'coordinator')
    )
);
SELECT smp.protect('professional_role');

CREATE TABLE professional_site (
    professional uuid NOT NULL REFERENCES professional,
    site uuid NOT NULL REFERENCES site,
    territory text NOT NULL,
    PRIMARY KEY (professional, site)
);
CREATE INDEX professional_site_by_site ON professional_site (site);
SELECT smp.protect('professional_site');

-- One pair never has two open supervisions; an empty one (until the day before) was withdrawn; the rest of the rule is checked under the lock of the intern's row.
CREATE TABLE supervision (
    id uuid PRIMARY KEY,
    territory text NOT NULL,
    intern uuid NOT NULL REFERENCES professional,
    supervisor uuid NOT NULL REFERENCES professional,
    from_date date NOT NULL,
    until_date date,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    ended_at timestamptz,
    ended_by text,
    CONSTRAINT supervision_in_order CHECK (until_date >= from_date - 1),
    CONSTRAINT supervision_of_another CHECK (intern <> supervisor)
);
CREATE UNIQUE INDEX supervision_open_once ON supervision (intern, supervisor) WHERE until_date IS NULL;
CREATE INDEX supervision_by_supervisor ON supervision (supervisor);
SELECT smp.protect('supervision');

-- Patients in the clear, here and nowhere else. An erased patient keeps the row without any trait (tombstone).
-- The two `_key` columns are the names as compared (domain/names.py); `namesake` numbers people whom a human has
-- confirmed to be different although their keys are equal.
CREATE TABLE patient (
    id uuid PRIMARY KEY,
    territory text NOT NULL,
    birth_name text,
    used_name text,
    given_names text[],
    birth_date date,
    sex text,
    commune_code text,
    home_site uuid REFERENCES site,
    birth_name_key text COLLATE "C",
    given_name_key text COLLATE "C",
    namesake integer NOT NULL DEFAULT 0,
    version integer NOT NULL DEFAULT 1,
    registered_at timestamptz NOT NULL,
    registered_by text NOT NULL,
    erased_at timestamptz,
    erased_by text,
    erasure_reason text,
    CONSTRAINT patient_sex_known CHECK (sex IN ('female', 'male', 'unknown')),
    CONSTRAINT patient_is_a_person_or_a_tombstone CHECK (
        CASE WHEN erased_at IS NULL
             THEN num_nulls(birth_name, given_names, birth_date, sex, birth_name_key, given_name_key) = 0
             ELSE num_nonnulls(birth_name, used_name, given_names, birth_date, sex, commune_code,
                               birth_name_key, given_name_key) = 0
                  AND num_nulls(erased_by, erasure_reason) = 0
        END
    )
);
CREATE UNIQUE INDEX patient_registered_once
    ON patient (territory, birth_name_key, given_name_key, birth_date, namesake) WHERE erased_at IS NULL;
CREATE INDEX patient_by_birth_date ON patient (birth_date, territory) WHERE erased_at IS NULL;
SELECT smp.protect('patient');

-- Every key under which a patient is found by the beginning of a name. Collation C: `key >= 'dup' AND key < …` is a
-- range of bytes, and its operators are leakproof, which LIKE is not: row security would keep LIKE off the index.
CREATE TABLE patient_search_key (
    patient uuid NOT NULL REFERENCES patient,
    key text COLLATE "C" NOT NULL,
    territory text NOT NULL,
    PRIMARY KEY (patient, key)
);
CREATE INDEX patient_search_key_by_key ON patient_search_key (key, territory, patient);
SELECT smp.protect('patient_search_key');

-- Numbers of a patient and the consent to texts on each, dated: a withdrawn consent stays on record.
CREATE TABLE patient_phone (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    patient uuid NOT NULL REFERENCES patient,
    territory text NOT NULL,
    rank smallint NOT NULL,
    number text NOT NULL,
    label text NOT NULL,
    mobile boolean NOT NULL,
    text_consent boolean NOT NULL,
    since timestamptz NOT NULL,
    recorded_by text NOT NULL,
    replaced_at timestamptz
);
CREATE UNIQUE INDEX patient_phone_once ON patient_phone (patient, number) WHERE replaced_at IS NULL;
SELECT smp.protect('patient_phone');

-- "Sans médecin traitant": every state that was ever recorded; of two of one date the later recorded holds.
CREATE TABLE patient_eligibility (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    patient uuid NOT NULL REFERENCES patient,
    territory text NOT NULL,
    status text NOT NULL,
    from_date date NOT NULL,
    reason text,
    evidence text,
    verified_by text,
    verified_at timestamptz,
    recheck_on date,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    CONSTRAINT patient_eligibility_status_known CHECK (status IN ('eligible', 'not_eligible', 'unverified')),
    CONSTRAINT patient_eligibility_has_its_grounds CHECK (
        CASE status WHEN 'eligible' THEN num_nulls(reason, evidence) = 0 ELSE reason IS NULL END
    )
);
CREATE INDEX patient_eligibility_by_patient ON patient_eligibility (patient, from_date DESC, id DESC);
SELECT smp.protect('patient_eligibility');

-- The data key of each patient, wrapped by a key-encryption key that never comes into the database. No row: erased.
CREATE TABLE patient_key (
    patient uuid PRIMARY KEY REFERENCES patient,
    territory text NOT NULL,
    kek_id text NOT NULL,
    wrapped bytea NOT NULL,
    wrapped_at timestamptz NOT NULL
);
CREATE INDEX patient_key_by_kek ON patient_key (kek_id);
SELECT smp.protect('patient_key');

-- migrate:down

DROP TABLE patient_key, patient_eligibility, patient_phone, patient_search_key, patient, supervision,
    professional_site, professional_role, professional, site_hours, site_address, site;
