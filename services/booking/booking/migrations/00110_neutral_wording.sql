-- migrate:up

-- Texts about this appointment say neither where nor with which service it is.
ALTER TABLE appointment ADD COLUMN neutral_wording boolean NOT NULL DEFAULT false;

-- migrate:down
ALTER TABLE appointment DROP COLUMN neutral_wording;
