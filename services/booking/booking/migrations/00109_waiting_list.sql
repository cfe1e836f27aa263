-- migrate:up

-- Somebody who waits for a place. `version` is the sequence of its last event.
CREATE TABLE waiting_list_entry (
    id uuid PRIMARY KEY,
    territory text NOT NULL,
    patient uuid NOT NULL,
    kinds text[] NOT NULL,                         -- all of one compartment
    compartment text NOT NULL,                     -- who may know
    sites uuid[] NOT NULL,
    practitioners uuid[] NOT NULL,                 -- none = anyone
    windows jsonb NOT NULL,                        -- [{"weekdays", "start", "end", "first_day", "last_day"}]; none = any hour
    last_day date,                                 -- the last day that would do; null = no end
    mobility text NOT NULL,
    video_accepted boolean NOT NULL,
    waiting_since date NOT NULL,                   -- on the site's calendar: second in the order
    joined_at timestamptz NOT NULL,
    priority text NOT NULL DEFAULT 'ordinary',
    priority_set_at timestamptz,
    priority_set_by text,
    replaces uuid,                                 -- the later appointment that an accepted offer gives back
    paused_until timestamptz,                      -- nothing is offered before
    state text NOT NULL DEFAULT 'waiting',
    left_reason text,
    appointment uuid,                              -- what was accepted
    version integer NOT NULL DEFAULT 1,
    trail jsonb NOT NULL,                          -- [{"version", "what", "at", "by"}], one entry per version
    CONSTRAINT waiting_list_entry_state CHECK (state IN ('waiting', 'booked', 'left')),
    CONSTRAINT waiting_list_entry_priority CHECK (priority IN ('high', 'raised', 'ordinary')),
    CONSTRAINT waiting_list_entry_priority_is_signed CHECK (
        priority = 'ordinary' OR num_nulls(priority_set_at, priority_set_by) = 0),
    CONSTRAINT waiting_list_entry_compartment CHECK (compartment IN ('medical', 'medico_social', 'silent')),
    CONSTRAINT waiting_list_entry_mobility CHECK (mobility IN ('travels', 'home')),
    CONSTRAINT waiting_list_entry_wishes CHECK (cardinality(kinds) > 0 AND cardinality(sites) > 0),
    CONSTRAINT waiting_list_entry_booked CHECK ((state = 'booked') = (appointment IS NOT NULL))
);
CREATE INDEX waiting_list_entry_by_patient ON waiting_list_entry (patient) WHERE state = 'waiting';
CREATE INDEX waiting_list_entry_outdated ON waiting_list_entry (last_day) WHERE state = 'waiting';
SELECT smp.protect('waiting_list_entry');

-- The lists themselves: one line for each site and kind that somebody waits for, gone when they leave. Its key says
-- that nobody waits twice for the same thing at the same place.
CREATE TABLE waiting_list_line (
    site uuid NOT NULL,
    kind text NOT NULL,
    patient uuid NOT NULL,
    entry uuid NOT NULL REFERENCES waiting_list_entry (id),
    territory text NOT NULL,
    CONSTRAINT waiting_list_line_once PRIMARY KEY (site, kind, patient)
);
CREATE INDEX waiting_list_line_by_entry ON waiting_list_line (entry);
SELECT smp.protect('waiting_list_line');

-- A place held for one person. The hold is an appointment like any other, so the exclusion constraint keeps two
-- people from being offered the same time; the index below keeps one person from having two offers.
CREATE TABLE offer (
    id uuid PRIMARY KEY,
    territory text NOT NULL,
    entry uuid NOT NULL REFERENCES waiting_list_entry (id),
    patient uuid NOT NULL,
    appointment uuid NOT NULL CONSTRAINT offer_one_per_hold UNIQUE,  -- written just after; never deleted
    site uuid NOT NULL,
    session uuid NOT NULL,
    professional uuid NOT NULL,
    kind text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    replaces uuid,
    offered_at timestamptz NOT NULL,
    answer_by timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'running',
    ended_at timestamptz,
    ended_by text,
    CONSTRAINT offer_period CHECK (ends_at > starts_at),
    CONSTRAINT offer_leaves_time CHECK (offered_at < answer_by AND answer_by <= starts_at),
    CONSTRAINT offer_state CHECK (state IN ('running', 'accepted', 'declined', 'later', 'expired', 'withdrawn')),
    CONSTRAINT offer_end CHECK ((state = 'running') = (ended_at IS NULL))
);
CREATE UNIQUE INDEX offer_one_running ON offer (patient) WHERE state = 'running';
CREATE INDEX offer_by_entry ON offer (entry);
CREATE INDEX offer_by_patient ON offer (patient, offered_at);
SELECT smp.protect('offer');

-- Time of a practitioner that has become free, to be looked at once by whoever makes offers, then forgotten: a queue.
-- The database writes it itself, so that no command can free a place and forget to say so.
CREATE TABLE freed_place (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    territory text NOT NULL,
    resource bigint NOT NULL,                      -- the practitioner's number
    appointment uuid,                              -- that gave it up; null = a session has opened or changed
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    look_at timestamptz                            -- not before, in the service's clock; null = at once
);
SELECT smp.protect('freed_place');

CREATE INDEX session_by_practitioner ON session (practitioner_resource, starts_at) WHERE state = 'open';

CREATE FUNCTION place_is_freed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- What a refused booking had taken for an instant belongs to no appointment.
    IF EXISTS (SELECT FROM appointment WHERE id = OLD.appointment) THEN
        INSERT INTO freed_place (territory, resource, appointment, starts_at, ends_at)
        VALUES (OLD.territory, OLD.resource, OLD.appointment, lower(OLD.period), upper(OLD.period));
    END IF;
    RETURN NULL;
END $$;

-- Cancelled, expired…
CREATE TRIGGER occupancy_released AFTER UPDATE OF blocking ON occupancy FOR EACH ROW
WHEN (OLD.blocking AND NOT NEW.blocking AND OLD.resource_kind = 'practitioner') EXECUTE FUNCTION place_is_freed();

-- … moved away …
CREATE TRIGGER occupancy_given_up AFTER DELETE ON occupancy FOR EACH ROW
WHEN (OLD.blocking AND OLD.resource_kind = 'practitioner') EXECUTE FUNCTION place_is_freed();

-- … and given up, resting for whoever waits.
CREATE FUNCTION place_rests() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO freed_place (territory, resource, appointment, starts_at, ends_at)
    SELECT o.territory, o.resource, o.appointment, lower(o.period), upper(o.period)
    FROM occupancy AS o
    WHERE o.appointment = NEW.id AND o.resource_kind = 'practitioner' AND o.blocking;
    RETURN NULL;
END $$;

CREATE TRIGGER appointment_rests AFTER UPDATE OF rests_until ON appointment FOR EACH ROW
WHEN (OLD.rests_until IS NULL AND NEW.rests_until IS NOT NULL) EXECUTE FUNCTION place_rests();

CREATE FUNCTION session_gives_places() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM waiting_list_line WHERE site = NEW.site) THEN
        INSERT INTO freed_place (territory, resource, starts_at, ends_at)
        VALUES (NEW.territory, NEW.practitioner_resource, NEW.starts_at, NEW.ends_at);
    END IF;
    RETURN NULL;
END $$;

-- Opened; longer, moved, for other kinds or a share of it released.
CREATE TRIGGER session_opened AFTER INSERT ON session FOR EACH ROW
WHEN (NEW.state = 'open') EXECUTE FUNCTION session_gives_places();

CREATE TRIGGER session_changed AFTER UPDATE OF state, starts_at, ends_at, kinds, practitioner_resource, next_release_at
ON session
FOR EACH ROW WHEN (
    NEW.state = 'open'
    AND (OLD.state, OLD.starts_at, OLD.ends_at, OLD.kinds, OLD.practitioner_resource, OLD.next_release_at)
        IS DISTINCT FROM (NEW.state, NEW.starts_at, NEW.ends_at, NEW.kinds, NEW.practitioner_resource, NEW.next_release_at)
) EXECUTE FUNCTION session_gives_places();

-- migrate:down
DROP TRIGGER session_changed ON session;
DROP TRIGGER session_opened ON session;
DROP FUNCTION session_gives_places();
DROP TRIGGER appointment_rests ON appointment;
DROP FUNCTION place_rests();
DROP TRIGGER occupancy_given_up ON occupancy;
DROP TRIGGER occupancy_released ON occupancy;
DROP FUNCTION place_is_freed();
DROP INDEX session_by_practitioner;
DROP TABLE freed_place, offer, waiting_list_line, waiting_list_entry;
