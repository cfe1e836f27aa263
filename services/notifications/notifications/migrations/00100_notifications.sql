-- migrate:up

-- Projections of other services' facts. They can be thrown away and read again from Kafka.

-- A site may be heard of before it is opened: name and zone come with SiteOpened.
CREATE TABLE site (
    site uuid CONSTRAINT site_once PRIMARY KEY,
    territory text NOT NULL,
    name text,
    zone text,
    subdivision text,
    closed_from date,
    closed_sequence integer NOT NULL DEFAULT 0
);
SELECT smp.protect('site');

-- Dated, so that a text gives the address of the appointment's day.
CREATE TABLE site_address (
    site uuid NOT NULL,
    valid_from date NOT NULL,
    territory text NOT NULL,
    sequence integer NOT NULL,
    line text NOT NULL,
    postal_code text NOT NULL,
    city text NOT NULL,
    phone text NOT NULL,
    CONSTRAINT site_address_once PRIMARY KEY (site, valid_from)
);
SELECT smp.protect('site_address');

-- The contact stays sealed; `contact_event` is bound into its seal. Both are NULL once the patient is erased.
CREATE TABLE patient (
    patient uuid CONSTRAINT patient_once PRIMARY KEY,
    territory text NOT NULL,
    sequence integer NOT NULL,
    reachable_by_text boolean NOT NULL,
    text_consent boolean,
    sealed_contact text,
    contact_event uuid,
    erased_at timestamptz,
    CONSTRAINT patient_erased_keeps_nothing CHECK (erased_at IS NULL OR sealed_contact IS NULL)
);
SELECT smp.protect('patient');

CREATE TABLE appointment (
    appointment uuid CONSTRAINT appointment_once PRIMARY KEY,
    territory text NOT NULL,
    version integer NOT NULL, -- sequence of the last event heard
    state text NOT NULL CONSTRAINT appointment_state_known CHECK (state IN ('expected', 'cancelled', 'over')),
    patient uuid,
    site uuid NOT NULL,
    starts_at timestamptz,
    mode text
);
SELECT smp.protect('appointment');

-- Facts this service owns. They survive every rebuild.

-- What was decided for one state of an appointment. One row for ever: whatever is redelivered or replayed, an event
-- is decided once.
CREATE TABLE decision (
    appointment uuid NOT NULL,
    version integer NOT NULL,
    territory text NOT NULL,
    event_id uuid NOT NULL,
    decided_at timestamptz NOT NULL,
    verdict text NOT NULL CONSTRAINT decision_verdict_known CHECK (verdict IN ('planned', 'silent', 'too_old', 'stale')),
    CONSTRAINT decision_once PRIMARY KEY (appointment, version)
);
SELECT smp.protect('decision');

CREATE TABLE message (
    message uuid CONSTRAINT message_pk PRIMARY KEY,
    territory text NOT NULL,
    appointment uuid NOT NULL,
    version integer NOT NULL, -- the state of the appointment that the text speaks of
    purpose text NOT NULL
        CONSTRAINT message_purpose_known CHECK (purpose IN ('confirmation', 'reminder', 'change', 'cancellation')),
    patient uuid NOT NULL,
    site uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    mode text NOT NULL,
    tag text NOT NULL CONSTRAINT message_tag_fits_the_provider CHECK (length(tag) <= 20),
    state text NOT NULL DEFAULT 'planned' CONSTRAINT message_state_known CHECK (state IN
        ('planned', 'sending', 'accepted', 'delivered', 'failed', 'expired', 'unknown', 'cancelled')),
    reason text, -- why it failed or was cancelled: a code
    sequence integer NOT NULL DEFAULT 1, -- of the last event said of this text
    traceparent text,
    planned_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    at_once boolean NOT NULL, -- quiet hours do not hold it back
    superseded text, -- set while it is being sent: not to be tried again
    -- Waits for machines are in the machine's time, whatever the demo clock says.
    waiting_since timestamptz, -- for a patient or a site not heard of yet
    not_before timestamptz NOT NULL DEFAULT clock_timestamp(),
    lease_until timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    contact_event uuid, -- the contact that was used
    body text,
    segments smallint,
    credits numeric,
    provider text,
    provider_reference text,
    accepted_at timestamptz,
    ended_at timestamptz,
    CONSTRAINT message_once UNIQUE (appointment, purpose, version),
    CONSTRAINT message_tag_once UNIQUE (tag),
    CONSTRAINT message_reference_once UNIQUE (provider, provider_reference)
);
CREATE INDEX message_due ON message (due_at) WHERE state = 'planned';
CREATE INDEX message_in_doubt ON message (lease_until) WHERE state = 'sending';
CREATE INDEX message_unanswered ON message (accepted_at) WHERE state = 'accepted';
CREATE INDEX message_of_patient ON message (patient) WHERE state IN ('planned', 'sending');
CREATE INDEX message_ended ON message (ended_at) WHERE body IS NOT NULL;
SELECT smp.protect('message');

CREATE TABLE message_attempt (
    message uuid NOT NULL REFERENCES message,
    number integer NOT NULL,
    territory text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    outcome text, -- NULL: the sender stopped before it knew
    CONSTRAINT message_attempt_once PRIMARY KEY (message, number)
);
SELECT smp.protect('message_attempt');

-- Receipts as they came. One may come before the provider's answer, when nobody knows yet whose text it is.
CREATE TABLE receipt (
    provider text NOT NULL,
    provider_reference text NOT NULL,
    ptt integer NOT NULL,
    description integer NOT NULL,
    reported text NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    received_at timestamptz NOT NULL,
    CONSTRAINT receipt_once PRIMARY KEY (provider, provider_reference, ptt, description, reported)
);
CREATE INDEX receipt_by_age ON receipt USING brin (received_at);
SELECT smp.share('receipt', 'a receipt may come before its text is known; a provider''s number and codes only');

CREATE TABLE call_task (
    task uuid CONSTRAINT call_task_pk PRIMARY KEY,
    territory text NOT NULL,
    message uuid,
    appointment uuid NOT NULL,
    version integer NOT NULL,
    purpose text NOT NULL,
    patient uuid NOT NULL,
    site uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    mode text NOT NULL,
    reason text NOT NULL,
    traceparent text,
    state text NOT NULL DEFAULT 'open'
        CONSTRAINT call_task_state_known CHECK (state IN ('open', 'done', 'dropped')),
    sequence integer NOT NULL DEFAULT 1,
    raised_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_by text,
    outcome text,
    CONSTRAINT call_task_once UNIQUE (appointment, purpose, version)
);
CREATE INDEX call_task_open ON call_task (site, starts_at) WHERE state = 'open';
CREATE INDEX call_task_of_patient ON call_task (patient) WHERE state = 'open';
SELECT smp.protect('call_task');

-- Contacts that the operator refuses for good; a new contact (a new event) is tried again.
CREATE TABLE unusable_contact (
    patient uuid NOT NULL,
    contact_event uuid NOT NULL,
    territory text NOT NULL,
    reason text NOT NULL,
    noted_at timestamptz NOT NULL,
    CONSTRAINT unusable_contact_once PRIMARY KEY (patient, contact_event)
);
SELECT smp.protect('unusable_contact');

-- migrate:down
DROP TABLE unusable_contact, call_task, receipt, message_attempt, message, decision;
DROP TABLE appointment, patient, site_address, site;
