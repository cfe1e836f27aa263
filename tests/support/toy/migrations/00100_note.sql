-- migrate:up
CREATE TABLE note (
    id uuid PRIMARY KEY,
    territory text NOT NULL,
    text text NOT NULL,
    version integer NOT NULL DEFAULT 1
);
SELECT smp.protect('note');

-- migrate:down
DROP TABLE note;
