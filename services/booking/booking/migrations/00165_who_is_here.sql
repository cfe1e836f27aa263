-- migrate:up

-- Whoever was in the waiting room when the plan was made: somebody speaks with them, no text tells them anything.
ALTER TABLE impact_item ADD COLUMN here boolean NOT NULL DEFAULT false;

-- migrate:down
ALTER TABLE impact_item DROP COLUMN here;
