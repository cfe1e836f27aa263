-- migrate:up

-- A site may move twice while an appointment stays as it is: each of its events may call for a text and a call of its
-- own. `occasion` is the number of that event; 0 for what the appointment's own events call for.
ALTER TABLE message
    ADD COLUMN occasion integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT message_once,
    ADD CONSTRAINT message_once UNIQUE (appointment, purpose, version, occasion);
ALTER TABLE call_task
    ADD COLUMN occasion integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT call_task_once,
    ADD CONSTRAINT call_task_once UNIQUE (appointment, purpose, version, occasion);

-- When a move of a site was heard of first. Like `decision` it survives every rebuild: a move is told once, to those whose
-- texts had left by then.
CREATE TABLE relocation (
    site uuid NOT NULL,
    sequence integer NOT NULL,
    territory text NOT NULL,
    event_id uuid NOT NULL,
    heard_at timestamptz NOT NULL,
    CONSTRAINT relocation_once PRIMARY KEY (site, sequence)
);
SELECT smp.protect('relocation');

-- migrate:down
DROP TABLE relocation;
ALTER TABLE call_task
    DROP CONSTRAINT call_task_once,
    ADD CONSTRAINT call_task_once UNIQUE (appointment, purpose, version),
    DROP COLUMN occasion;
ALTER TABLE message
    DROP CONSTRAINT message_once,
    ADD CONSTRAINT message_once UNIQUE (appointment, purpose, version),
    DROP COLUMN occasion;
