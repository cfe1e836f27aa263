-- migrate:up
-- A family that loses its places is called once: whose appointment nobody has decided about yet, and whom a call is for.
ALTER TABLE appointment ADD COLUMN undecided boolean NOT NULL DEFAULT false;
ALTER TABLE call_task ADD COLUMN party uuid;

-- migrate:down
ALTER TABLE call_task DROP COLUMN party;
ALTER TABLE appointment DROP COLUMN undecided;
