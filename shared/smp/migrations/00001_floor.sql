-- migrate:up

-- The floor's own tables. They are shared by all territories of the database: what they hold is opaque (ids, sealed
-- compartments) or belongs to the caller who wrote it, and only smp's own code reads them.
CREATE SCHEMA smp;

-- `<service>_migrator` owns everything; `<service>_app` owns nothing and is only granted what it needs.
CREATE FUNCTION smp.app_role() RETURNS text
LANGUAGE sql STABLE
RETURN regexp_replace(current_user, '_migrator$', '_app');

-- Makes a table visible only inside the transaction's territories (`SET LOCAL smp.territories = '53,72'`; '*' is for
-- jobs). The setting is read once per statement: a sub-select is an InitPlan.
CREATE FUNCTION smp.protect(relation regclass) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', relation);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', relation);
    EXECUTE format(
        'CREATE POLICY territory ON %s USING ('
        '  territory = ANY (string_to_array((SELECT current_setting(''smp.territories'', true)), '',''))'
        '  OR (SELECT current_setting(''smp.territories'', true)) = ''*'')', relation);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %I', relation, smp.app_role());
END
$$;

-- Lets every territory see a table; the reason stands in the catalogue, where a test reads it.
CREATE FUNCTION smp.share(relation regclass, reason text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %I', relation, smp.app_role());
    EXECUTE format('COMMENT ON TABLE %s IS %L', relation, 'shared by all territories: ' || reason);
END
$$;

-- Events that wait for Kafka and, after that, the archive of what was said. `position` orders within a transaction;
-- `xid` orders transactions safely: rows at or above the oldest running transaction are not read yet, so that a late
-- commit is never skipped. Columns aggregatetype, aggregateid, type, payload are named as Debezium's outbox router
-- wants them, should log-based capture replace the relay one day.
CREATE TABLE smp.outbox (
    position bigint GENERATED ALWAYS AS IDENTITY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    id uuid NOT NULL,
    aggregatetype text NOT NULL,
    aggregateid uuid NOT NULL,
    type text NOT NULL,
    sequence integer NOT NULL,
    territory text NOT NULL,
    site uuid,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    traceparent text,
    payload bytea NOT NULL
) PARTITION BY RANGE (position);
CREATE INDEX outbox_in_commit_order ON smp.outbox (xid, position);
CREATE TABLE smp.outbox_overflow PARTITION OF smp.outbox DEFAULT;
SELECT smp.share('smp.outbox', 'read by the relay alone, personal data in it is sealed');

CREATE TABLE smp.relay_position (
    relay text PRIMARY KEY,
    xid xid8 NOT NULL,
    position bigint NOT NULL
);
SELECT smp.share('smp.relay_position', 'one cursor for the service');
INSERT INTO smp.relay_position (relay, xid, position) VALUES ('kafka', '0', 0);

-- Events whose key is held back because a send of that key was refused for good.
CREATE TABLE smp.outbox_held (
    position bigint PRIMARY KEY,
    xid xid8 NOT NULL,
    aggregatetype text NOT NULL,
    aggregateid uuid NOT NULL,
    error text NOT NULL,
    held_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_held_by_key ON smp.outbox_held (aggregatetype, aggregateid);
SELECT smp.share('smp.outbox_held', 'positions of the outbox, no content');

-- Opens the partitions that the next million events need and drops those wholly sent and older than `keep`.
-- Dropping a partition is one catalogue change, whatever it holds. SECURITY DEFINER: the app role owns nothing.
CREATE FUNCTION smp.roll_outbox(keep interval, width bigint DEFAULT 1000000) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = smp, pg_catalog AS $$
DECLARE
    newest bigint := coalesce(pg_sequence_last_value(pg_get_serial_sequence('smp.outbox', 'position')::regclass), 0);
    lower_bound bigint;
    part record;
    dropped integer := 0;
BEGIN
    PERFORM set_config('lock_timeout', '2s', true);
    FOR step IN 0..1 LOOP
        lower_bound := (newest / width + step) * width;
        IF to_regclass(format('smp.outbox_%s', lower_bound)) IS NULL
           AND NOT EXISTS (SELECT FROM smp.outbox_overflow AS o WHERE o.position >= lower_bound AND o.position < lower_bound + width)
        THEN
            EXECUTE format('CREATE TABLE smp.outbox_%s PARTITION OF smp.outbox FOR VALUES FROM (%s) TO (%s)',
                           lower_bound, lower_bound, lower_bound + width);
        END IF;
    END LOOP;
    FOR part IN
        SELECT c.oid::regclass AS relation, substring(c.relname FROM 8)::bigint AS lower_bound
        FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'smp.outbox'::regclass AND c.relname ~ '^outbox_[0-9]+$'
    LOOP
        -- A whole partition of distance, so that no running insert can still aim at it.
        CONTINUE WHEN part.lower_bound + 2 * width > newest;
        CONTINUE WHEN EXISTS (
            SELECT FROM smp.outbox AS o, smp.relay_position AS r
            WHERE o.position >= part.lower_bound AND o.position < part.lower_bound + width
              AND ((o.xid, o.position) > (r.xid, r.position) OR o.recorded_at > now() - keep));
        CONTINUE WHEN EXISTS (
            SELECT FROM smp.outbox_held AS h
            WHERE h.position >= part.lower_bound AND h.position < part.lower_bound + width);
        EXECUTE format('DROP TABLE %s', part.relation);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;
SELECT smp.roll_outbox(interval '30 days');
DO $$ BEGIN EXECUTE format('GRANT EXECUTE ON FUNCTION smp.roll_outbox TO %I', smp.app_role()); END $$;
REVOKE EXECUTE ON FUNCTION smp.roll_outbox FROM PUBLIC;

-- Events already handled: the row commits with the effect.
CREATE TABLE smp.inbox (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT inbox_once PRIMARY KEY (consumer, event_id)
);
SELECT smp.share('smp.inbox', 'ids of events only');

-- How far each aggregate has been heard: `highest` sequence and how many were `received`; fewer means a gap.
CREATE TABLE smp.sequence_heard (
    consumer text NOT NULL,
    topic text NOT NULL,
    aggregate uuid NOT NULL,
    highest integer NOT NULL,
    received integer NOT NULL,
    PRIMARY KEY (consumer, topic, aggregate)
);
SELECT smp.share('smp.sequence_heard', 'ids and counters only');

-- Records that could not be handled, and the later ones of their key behind them, raw as they came.
CREATE TABLE smp.parked (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer text NOT NULL,
    topic text NOT NULL,
    kafka_partition integer NOT NULL,
    kafka_offset bigint NOT NULL,
    key bytea,
    headers jsonb NOT NULL,
    value bytea,
    event_id uuid,
    type text,
    error text NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'parked' CHECK (state IN ('parked', 'replayed', 'discarded')),
    settled_at timestamptz,
    settled_by text,
    CONSTRAINT parked_once UNIQUE (consumer, topic, kafka_partition, kafka_offset)
);
CREATE INDEX parked_by_key ON smp.parked (consumer, topic, key) WHERE state = 'parked';
SELECT smp.share('smp.parked', 'raw records of any territory, personal data in them is sealed');

-- Answers already given, by caller and Idempotency-Key; the row commits with the effect.
CREATE TABLE smp.idempotency (
    subject text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status smallint NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idempotency_once PRIMARY KEY (subject, key)
);
CREATE INDEX idempotency_by_age ON smp.idempotency USING brin (created_at);
SELECT smp.share('smp.idempotency', 'read only by the caller who wrote it');

DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA smp TO %I', smp.app_role()); END $$;

-- migrate:down
DROP SCHEMA smp CASCADE;
