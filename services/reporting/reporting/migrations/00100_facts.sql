-- migrate:up

-- Facts are a projection: this migration and the events of Kafka are enough to make them again, byte for byte.
-- Three rules make them the same whatever the order, the delay and the number of deliveries:
--   1. each event fills its own group of columns, a composite value that begins with the event's sequence;
--   2. two values of a group merge by greatest(), which compares the sequence first and ignores NULL;
--   3. no column knows when it was processed: every time comes from the event.

CREATE TYPE whereabouts AS (sequence integer, site uuid);
CREATE TYPE subject AS (sequence integer, patient uuid);
CREATE TYPE placement AS (
    sequence integer, session uuid, kind text, mode text, role text, start_at timestamptz, end_at timestamptz
);
CREATE TYPE request AS (
    sequence integer, channel text, capacity_class text, requested_at timestamptz, booked_at timestamptz
);
CREATE TYPE moment AS (sequence integer, at timestamptz);
CREATE TYPE cancellation AS (
    sequence integer, at timestamptz, cancelled_by text, reason text, late boolean, start_at timestamptz
);
CREATE TYPE absence AS (sequence integer, at timestamptz, start_at timestamptz);
CREATE TYPE consultation AS (
    sequence integer, started_at timestamptz, ended_at timestamptz, role text, outcome text,
    unscheduled boolean, severity smallint, otherwise_emergency boolean
);

-- What became of an appointment: the event of the highest sequence says it.
CREATE FUNCTION appointment_status(
    held integer, booked integer, expired integer, cancelled integer,
    arrived integer, started integer, done integer, no_show integer
) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE greatest(held, booked, expired, cancelled, arrived, started, done, no_show)
    WHEN done THEN 'done'
    WHEN no_show THEN 'no_show'
    WHEN cancelled THEN 'cancelled'
    WHEN expired THEN 'expired'
    WHEN started THEN 'in_consultation'
    WHEN arrived THEN 'arrived'
    WHEN booked THEN 'booked'
    WHEN held THEN 'held'
END;

CREATE TABLE appointment_fact (
    appointment uuid CONSTRAINT appointment_fact_once PRIMARY KEY,
    territory text NOT NULL,
    heard int4multirange NOT NULL, -- sequences of the events received, the first one is 1
    events integer NOT NULL, -- how many they are
    newest_event_at timestamptz NOT NULL,
    whereabouts whereabouts NOT NULL,
    subject subject,
    held moment,
    request request,
    placement placement, -- last of: held, booked, moved
    move moment,
    expiry moment,
    cancellation cancellation,
    arrival moment,
    start moment,
    consultation consultation,
    absence absence,

    missing_events integer NOT NULL GENERATED ALWAYS AS (upper(heard) - 1 - events) STORED,
    site uuid NOT NULL GENERATED ALWAYS AS ((whereabouts).site) STORED,
    patient uuid GENERATED ALWAYS AS ((subject).patient) STORED,
    mode text GENERATED ALWAYS AS ((placement).mode) STORED,
    role text GENERATED ALWAYS AS (coalesce((consultation).role, (placement).role)) STORED,
    minutes integer NOT NULL GENERATED ALWAYS AS (
        coalesce(extract(epoch FROM (placement).end_at - (placement).start_at)::integer, 0) / 60
    ) STORED,
    -- A meeting with a social worker: by its kind, or by who holds it when the booking has not been heard.
    social boolean NOT NULL GENERATED ALWAYS AS (
        coalesce((placement).kind = 'social', false)
        OR coalesce((consultation).role, (placement).role, '') = 'social_worker'
    ) STORED,
    unscheduled boolean NOT NULL GENERATED ALWAYS AS (
        coalesce((consultation).unscheduled, (placement).kind = 'minor_emergency', false)
    ) STORED,
    status text NOT NULL GENERATED ALWAYS AS (appointment_status(
        (held).sequence, greatest((request).sequence, (move).sequence), (expiry).sequence,
        (cancellation).sequence, (arrival).sequence, (start).sequence, (consultation).sequence, (absence).sequence
    )) STORED,
    -- The agreed start; what is nearest to it while the booking itself has not been heard.
    occurs_at timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(
        (placement).start_at, (cancellation).start_at, (absence).start_at,
        (consultation).started_at, (start).at, (arrival).at, (cancellation).at, (expiry).at
    )) STORED
);
SELECT smp.protect('appointment_fact');
CREATE INDEX appointment_fact_by_day ON appointment_fact (site, occurs_at);
CREATE INDEX appointment_fact_by_patient ON appointment_fact (patient, occurs_at) WHERE patient IS NOT NULL;
CREATE INDEX appointment_fact_newest ON appointment_fact (newest_event_at);

CREATE TYPE plan AS (sequence integer, site uuid, role text, kinds text[], start_at timestamptz, end_at timestamptz);
CREATE TYPE withdrawal AS (
    sequence integer, at timestamptz, reason text, site uuid, start_at timestamptz, end_at timestamptz
);

CREATE TABLE session_fact (
    session uuid CONSTRAINT session_fact_once PRIMARY KEY,
    territory text NOT NULL,
    heard int4multirange NOT NULL,
    events integer NOT NULL,
    newest_event_at timestamptz NOT NULL,
    plan plan,
    withdrawal withdrawal,

    missing_events integer NOT NULL GENERATED ALWAYS AS (upper(heard) - 1 - events) STORED,
    site uuid NOT NULL GENERATED ALWAYS AS (coalesce((plan).site, (withdrawal).site)) STORED,
    start_at timestamptz NOT NULL GENERATED ALWAYS AS (coalesce((plan).start_at, (withdrawal).start_at)) STORED,
    cancelled boolean NOT NULL GENERATED ALWAYS AS (
        coalesce((withdrawal).sequence, 0) > coalesce((plan).sequence, 0)
    ) STORED,
    social boolean NOT NULL GENERATED ALWAYS AS (
        coalesce((plan).role = 'social_worker' OR (plan).kinds = ARRAY['social'], false)
    ) STORED,
    offered_minutes integer NOT NULL GENERATED ALWAYS AS (CASE
        WHEN coalesce((withdrawal).sequence, 0) > coalesce((plan).sequence, 0) THEN 0
        ELSE extract(epoch FROM (plan).end_at - (plan).start_at)::integer / 60
    END) STORED
);
SELECT smp.protect('session_fact');
CREATE INDEX session_fact_by_day ON session_fact (site, start_at);
CREATE INDEX session_fact_newest ON session_fact (newest_event_at);

CREATE TYPE intention AS (sequence integer, due_at timestamptz, segments integer);
CREATE TYPE acceptance AS (sequence integer, at timestamptz, segments integer, credits double precision);
CREATE TYPE ending AS (sequence integer, at timestamptz, reason text);

CREATE FUNCTION message_fate(
    planned integer, accepted integer, delivered integer, failed integer, expired integer, dropped integer
) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE greatest(planned, accepted, delivered, failed, expired, dropped)
    WHEN delivered THEN 'delivered'
    WHEN failed THEN 'failed'
    WHEN expired THEN 'expired'
    WHEN dropped THEN 'dropped'
    WHEN accepted THEN 'accepted'
    WHEN planned THEN 'planned'
END;

CREATE TABLE message_fact (
    message uuid CONSTRAINT message_fact_once PRIMARY KEY,
    territory text NOT NULL,
    heard int4multirange NOT NULL,
    events integer NOT NULL,
    newest_event_at timestamptz NOT NULL,
    site uuid NOT NULL,
    appointment uuid NOT NULL,
    purpose text NOT NULL,
    intention intention,
    acceptance acceptance,
    delivery moment,
    failure ending,
    expiry moment,
    dropping ending,

    missing_events integer NOT NULL GENERATED ALWAYS AS (upper(heard) - 1 - events) STORED,
    fate text NOT NULL GENERATED ALWAYS AS (message_fate(
        (intention).sequence, (acceptance).sequence, (delivery).sequence,
        (failure).sequence, (expiry).sequence, (dropping).sequence
    )) STORED,
    due_at timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(
        (intention).due_at, (acceptance).at, (delivery).at, (failure).at, (expiry).at, (dropping).at
    )) STORED
);
SELECT smp.protect('message_fact');
CREATE INDEX message_fact_by_day ON message_fact (site, due_at);
CREATE INDEX message_fact_reminders ON message_fact (appointment) WHERE purpose = 'reminder' AND fate = 'delivered';
CREATE INDEX message_fact_newest ON message_fact (newest_event_at);

CREATE TYPE alert AS (sequence integer, at timestamptz, reason text, purpose text, message uuid);
CREATE TABLE call_task_fact (
    task uuid CONSTRAINT call_task_fact_once PRIMARY KEY,
    territory text NOT NULL,
    heard int4multirange NOT NULL,
    events integer NOT NULL,
    newest_event_at timestamptz NOT NULL,
    site uuid NOT NULL,
    appointment uuid NOT NULL,
    alert alert,
    answer ending,

    missing_events integer NOT NULL GENERATED ALWAYS AS (upper(heard) - 1 - events) STORED,
    raised_at timestamptz NOT NULL GENERATED ALWAYS AS (coalesce((alert).at, (answer).at)) STORED
);
SELECT smp.protect('call_task_fact');
CREATE INDEX call_task_fact_by_day ON call_task_fact (site, raised_at);
CREATE INDEX call_task_fact_newest ON call_task_fact (newest_event_at);

-- A site is known by the first event that names it; its zone and name come with SiteOpened.
CREATE TABLE site_fact (
    site uuid CONSTRAINT site_fact_once PRIMARY KEY,
    territory text NOT NULL,
    name text,
    zone text
);
SELECT smp.protect('site_fact');

-- Patients who asked to be forgotten: their acts still count, nothing links them any more.
CREATE TABLE erased_patient (
    patient uuid CONSTRAINT erased_patient_once PRIMARY KEY,
    territory text NOT NULL
);
SELECT smp.protect('erased_patient');

-- migrate:down
DROP TABLE erased_patient, site_fact, call_task_fact, message_fact, session_fact, appointment_fact;
DROP TYPE alert, ending, acceptance, intention, withdrawal, plan;
DROP FUNCTION message_fate, appointment_status;
DROP TYPE consultation, absence, cancellation, moment, request, placement, subject, whereabouts;
