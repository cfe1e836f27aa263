-- migrate:up

-- What processes that keep agendas in memory must look at again, besides the appointments of which something was said
-- (smp.said_since): an event tells where an appointment is, not what it has left. Bookings write nothing here.
CREATE TABLE agenda_change (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    site uuid,                                     -- its sessions or its distances
    professional uuid,                             -- sessions of theirs, anywhere
    resource bigint,                               -- given back, from starts_at to ends_at
    starts_at timestamptz,
    ends_at timestamptz,
    noted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX agenda_change_in_commit_order ON agenda_change (xid);
CREATE INDEX agenda_change_by_age ON agenda_change USING brin (noted_at);
SELECT smp.share('agenda_change', 'ids and hours, read by the service itself');

CREATE FUNCTION note_given_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO agenda_change (resource, starts_at, ends_at)
    SELECT resource, lower(period), upper(period) FROM gone WHERE blocking AND resource_kind <> 'patient';
    RETURN NULL;
END
$$;
CREATE TRIGGER note_given_back_by_delete AFTER DELETE ON occupancy
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_given_back();
CREATE TRIGGER note_given_back_by_update AFTER UPDATE ON occupancy
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_given_back();

CREATE FUNCTION note_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO agenda_change (site, professional) SELECT DISTINCT site, professional FROM changed;
    RETURN NULL;
END
$$;
CREATE TRIGGER note_sessions_opened AFTER INSERT ON session
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_sessions();
CREATE TRIGGER note_sessions_as_they_were AFTER UPDATE ON session
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_sessions();
CREATE TRIGGER note_sessions_as_they_are AFTER UPDATE ON session
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_sessions();
CREATE TRIGGER note_sessions_deleted AFTER DELETE ON session
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_sessions();

-- How long the way between two sites takes, the same both ways.
CREATE TABLE site_distance (
    one uuid NOT NULL,
    other uuid NOT NULL,
    territory text NOT NULL,
    minutes smallint NOT NULL,
    declared_at timestamptz NOT NULL,
    declared_by text NOT NULL,
    CONSTRAINT site_distance_once_per_pair PRIMARY KEY (one, other),
    CONSTRAINT site_distance_pair_in_order CHECK (one < other),
    CONSTRAINT site_distance_minutes CHECK (minutes BETWEEN 0 AND 240)
);
CREATE INDEX site_distance_by_other ON site_distance (other);
SELECT smp.protect('site_distance');

CREATE FUNCTION note_distances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO agenda_change (site) VALUES (NEW.one), (NEW.other);
    RETURN NULL;
END
$$;
CREATE TRIGGER note_distances AFTER INSERT OR UPDATE ON site_distance
    FOR EACH ROW EXECUTE FUNCTION note_distances();

CREATE INDEX IF NOT EXISTS session_by_professional ON session (professional, starts_at);

-- Needs that ended without an offer: each once, whoever asks again.
CREATE TABLE unmet_demand (
    site uuid NOT NULL,
    need uuid NOT NULL,
    kind text NOT NULL,
    territory text NOT NULL,
    reason text NOT NULL,
    sequence integer NOT NULL,                     -- of its event, per site
    asked_at timestamptz NOT NULL,
    asked_by text NOT NULL,
    CONSTRAINT unmet_demand_once PRIMARY KEY (site, need, kind)
);
SELECT smp.protect('unmet_demand');

-- The last sequence of a site's events about demand.
CREATE TABLE demand_sequence (
    site uuid PRIMARY KEY,
    territory text NOT NULL,
    last integer NOT NULL
);
SELECT smp.protect('demand_sequence');

-- migrate:down
DROP TABLE demand_sequence, unmet_demand;
DROP TABLE site_distance;
DROP FUNCTION note_distances;
DROP TRIGGER note_sessions_deleted ON session;
DROP TRIGGER note_sessions_as_they_are ON session;
DROP TRIGGER note_sessions_as_they_were ON session;
DROP TRIGGER note_sessions_opened ON session;
DROP FUNCTION note_sessions;
DROP TRIGGER note_given_back_by_update ON occupancy;
DROP TRIGGER note_given_back_by_delete ON occupancy;
DROP FUNCTION note_given_back;
DROP TABLE agenda_change;
