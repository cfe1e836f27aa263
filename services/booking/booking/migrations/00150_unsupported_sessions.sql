-- migrate:up

-- Professionals of a session that registry's facts speak against, and to which something has happened: whoever follows
-- registry looks at theirs again. Never updated and without unique key, so that nobody who gives a place back waits for
-- whoever follows, who waits for them.
CREATE TABLE agenda_follow_again (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    territory text NOT NULL,
    professional uuid NOT NULL
);
SELECT smp.protect('agenda_follow_again');

-- Somebody has left it: it ends with the last one …
CREATE FUNCTION unsupported_session_is_left() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO agenda_follow_again (territory, professional)
    SELECT territory, professional
    FROM session
    WHERE id = ANY (ARRAY(SELECT (other ->> 'session')::uuid FROM jsonb_array_elements(OLD.others) AS other)
                    || OLD.session)
      AND state = 'open' AND unsupported_reason IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER unsupported_session_is_left AFTER UPDATE OF state, session, others ON appointment FOR EACH ROW
WHEN (OLD.session <> NEW.session OR OLD.others <> NEW.others
      OR OLD.state <> NEW.state AND NEW.state IN ('done', 'no_show', 'left_unseen', 'excused', 'cancelled', 'expired'))
EXECUTE FUNCTION unsupported_session_is_left();

CREATE FUNCTION unsupported_session_is_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO agenda_follow_again (territory, professional) VALUES (NEW.territory, NEW.professional);
    RETURN NULL;
END $$;

-- … it was cut: what was a part of it is supported no more than the whole was …
CREATE TRIGGER unsupported_session_is_cut AFTER UPDATE OF starts_at, ends_at ON session FOR EACH ROW
WHEN (NEW.state = 'open' AND NEW.unsupported_reason IS NOT NULL
      AND (OLD.starts_at, OLD.ends_at) IS DISTINCT FROM (NEW.starts_at, NEW.ends_at))
EXECUTE FUNCTION unsupported_session_is_changed();

-- … or it has just become one: it answers for no intern any more, and need not stay for theirs.
CREATE TRIGGER session_unsupported AFTER UPDATE OF unsupported_reason ON session FOR EACH ROW
WHEN (NEW.role <> 'intern' AND OLD.unsupported_reason IS NULL AND NEW.unsupported_reason IS NOT NULL)
EXECUTE FUNCTION unsupported_session_is_changed();

-- Whose session registry's facts speak against answers for no intern, and does again once nothing does …
CREATE TRIGGER presence_changed_by_registry AFTER UPDATE OF unsupported_reason ON session FOR EACH ROW
WHEN (NEW.role <> 'intern' AND (OLD.unsupported_reason IS NULL) <> (NEW.unsupported_reason IS NULL))
EXECUTE FUNCTION presence_changed();

-- … when its places may be offered again.
CREATE TRIGGER session_supported AFTER UPDATE OF unsupported_reason ON session FOR EACH ROW
WHEN (NEW.state = 'open' AND OLD.unsupported_reason IS NOT NULL AND NEW.unsupported_reason IS NULL)
EXECUTE FUNCTION session_gives_places();

-- migrate:down
DROP TRIGGER session_supported ON session;
DROP TRIGGER presence_changed_by_registry ON session;
DROP TRIGGER session_unsupported ON session;
DROP TRIGGER unsupported_session_is_cut ON session;
DROP FUNCTION unsupported_session_is_changed();
DROP TRIGGER unsupported_session_is_left ON appointment;
DROP FUNCTION unsupported_session_is_left();
DROP TABLE agenda_follow_again;
