-- migrate:up

-- Somebody who waits and for whom something has changed: what is free already is gone through for them. A queue like
-- `freed_place`, written by the database for the same reason: no command can forget it.
CREATE TABLE second_look (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    territory text NOT NULL,
    patient uuid NOT NULL,
    look_at timestamptz                            -- not before, in the service's clock; null = at once
);
SELECT smp.protect('second_look');

-- Up to which start the sessions of a territory have been looked at: each day brings some more within reach of offers.
CREATE TABLE offers_reach (
    territory text PRIMARY KEY,
    until timestamptz NOT NULL
);
SELECT smp.protect('offers_reach');

CREATE FUNCTION look_again() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    who uuid;
BEGIN
    IF TG_TABLE_NAME = 'patient' THEN
        who := NEW.id;
    ELSE
        who := NEW.patient;
    END IF;
    IF EXISTS (SELECT FROM waiting_list_entry WHERE patient = who AND state = 'waiting') THEN
        INSERT INTO second_look (territory, patient) VALUES (NEW.territory, who);
    END IF;
    RETURN NULL;
END $$;

-- They have joined, or wish for something else …
CREATE TRIGGER entry_joined AFTER INSERT ON waiting_list_entry FOR EACH ROW EXECUTE FUNCTION look_again();

CREATE TRIGGER entry_changed AFTER UPDATE ON waiting_list_entry
FOR EACH ROW WHEN (
    NEW.state = 'waiting'
    AND (OLD.kinds, OLD.sites, OLD.practitioners, OLD.windows, OLD.mobility, OLD.video_accepted, OLD.priority,
         OLD.replaces)
        IS DISTINCT FROM (NEW.kinds, NEW.sites, NEW.practitioners, NEW.windows, NEW.mobility, NEW.video_accepted,
                          NEW.priority, NEW.replaces)
) EXECUTE FUNCTION look_again();

-- … have no offer any more …
CREATE TRIGGER offer_ended AFTER UPDATE OF state ON offer FOR EACH ROW
WHEN (OLD.state = 'running' AND NEW.state <> 'running') EXECUTE FUNCTION look_again();

-- … are not expected any more where they were; the holds of offers are told by their offers …
CREATE TRIGGER appointment_left AFTER UPDATE OF state, starts_at ON appointment
FOR EACH ROW WHEN (
    NEW.patient IS NOT NULL
    AND NOT (OLD.state = 'held' AND OLD.channel = 'waiting_list')
    AND (OLD.starts_at <> NEW.starts_at
         OR OLD.state <> NEW.state
            AND NEW.state IN ('done', 'no_show', 'left_unseen', 'excused', 'cancelled', 'expired'))
) EXECUTE FUNCTION look_again();

-- … or may have what they could not have before.
CREATE TRIGGER eligibility_changed AFTER UPDATE OF eligibility ON patient FOR EACH ROW
WHEN (OLD.eligibility IS DISTINCT FROM NEW.eligibility) EXECUTE FUNCTION look_again();

-- Whoever waits already.
INSERT INTO second_look (territory, patient)
SELECT DISTINCT territory, patient FROM waiting_list_entry WHERE state = 'waiting';

-- migrate:down
DROP TRIGGER eligibility_changed ON patient;
DROP TRIGGER appointment_left ON appointment;
DROP TRIGGER offer_ended ON offer;
DROP TRIGGER entry_changed ON waiting_list_entry;
DROP TRIGGER entry_joined ON waiting_list_entry;
DROP FUNCTION look_again();
DROP TABLE offers_reach, second_look;
