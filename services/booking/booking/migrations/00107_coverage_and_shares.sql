-- migrate:up

-- Shares of a session kept for a class of callers (domain/capacity.py); null, the usual case, keeps nothing.
ALTER TABLE session_rule ADD COLUMN shares jsonb;             -- {class: slots}
ALTER TABLE session
    ADD COLUMN shares jsonb,                                  -- {class: {"slots", "release_at"}}
    ADD COLUMN next_release_at timestamptz;                   -- of the first share whose release was not yet told
CREATE INDEX session_release_due ON session (next_release_at) WHERE next_release_at IS NOT NULL;

-- A supervisor can be reached by telephone for a while, though not present.
CREATE TABLE reachability (
    id uuid PRIMARY KEY,
    territory text NOT NULL,
    supervisor uuid NOT NULL,
    site uuid,                                                -- null = for every site of the territory
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    declared_at timestamptz NOT NULL,
    declared_by text NOT NULL,
    withdrawn_at timestamptz,
    withdrawn_by text,
    CONSTRAINT reachability_period CHECK (ends_at > starts_at AND ends_at - starts_at <= interval '31 days')
);
CREATE INDEX reachability_in_force ON reachability (ends_at) WHERE withdrawn_at IS NULL;
SELECT smp.protect('reachability');

-- Appointments of interns that no supervisor covers any more. Said of one place: once the appointment has moved,
-- which needs coverage, the row says nothing any more.
CREATE TABLE unsupported (
    appointment uuid PRIMARY KEY REFERENCES appointment (id),
    territory text NOT NULL,
    session uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    since timestamptz NOT NULL,
    reason text NOT NULL
);
SELECT smp.protect('unsupported');

-- Presence has changed: who looks at it again takes the row away. Never updated and without unique key, so that
-- nobody who changes presence waits for another.
CREATE TABLE supervision_recheck (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    territory text NOT NULL,
    day date,                                                 -- on the sites' calendar; null = every day to come
    asked_at timestamptz                                      -- of a row without day
);
SELECT smp.protect('supervision_recheck');

CREATE INDEX appointment_of_interns ON appointment (day) WHERE role = 'intern';

-- Whoever opens, cancels, moves or shortens a session of a supervisor, now or in a later release, has the day looked
-- at again: a rule kept here is one that no command can forget.
CREATE FUNCTION presence_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO supervision_recheck (territory, day)
    SELECT NEW.territory, changed.day
    FROM unnest(CASE WHEN TG_OP = 'UPDATE' AND OLD.day <> NEW.day THEN ARRAY[OLD.day, NEW.day] ELSE ARRAY[NEW.day] END)
        AS changed (day)
    WHERE EXISTS (SELECT FROM supervision AS s WHERE s.supervisor IN (NEW.professional,
                      CASE WHEN TG_OP = 'UPDATE' THEN OLD.professional END));
    RETURN NULL;
END
$$;
CREATE TRIGGER presence_changed_by_opening AFTER INSERT ON session
    FOR EACH ROW WHEN (NEW.role <> 'intern') EXECUTE FUNCTION presence_changed();
CREATE TRIGGER presence_changed_by_update AFTER UPDATE ON session
    FOR EACH ROW WHEN (
        (OLD.state, OLD.site, OLD.professional, OLD.starts_at, OLD.ends_at)
        IS DISTINCT FROM (NEW.state, NEW.site, NEW.professional, NEW.starts_at, NEW.ends_at))
    EXECUTE FUNCTION presence_changed();

-- Short forms of minor emergencies, without anybody's name: a red flag once raised for a request stays raised.
CREATE TABLE minor_emergency (
    territory text NOT NULL,
    id uuid NOT NULL,                                         -- of the request, given by whoever takes the call
    site uuid NOT NULL,
    form date NOT NULL,                                       -- the version of the form: its first day
    red_flags text[] NOT NULL,
    asked_at timestamptz NOT NULL,
    asked_by text NOT NULL,
    raised_at timestamptz,                                    -- when the first red flag was
    PRIMARY KEY (territory, id),
    CONSTRAINT minor_emergency_raised CHECK ((raised_at IS NULL) = (red_flags = '{}'))
);
CREATE INDEX minor_emergency_by_site ON minor_emergency (site, asked_at);
SELECT smp.protect('minor_emergency');

-- migrate:down
DROP TABLE minor_emergency;
DROP TRIGGER presence_changed_by_update ON session;
DROP TRIGGER presence_changed_by_opening ON session;
DROP FUNCTION presence_changed();
DROP INDEX appointment_of_interns;
DROP TABLE supervision_recheck, unsupported, reachability;
ALTER TABLE session DROP COLUMN next_release_at, DROP COLUMN shares;
ALTER TABLE session_rule DROP COLUMN shares;
