-- migrate:up
-- The sequence of the last event of each of these aggregates.
ALTER TABLE minor_emergency ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE closure ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE absence ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE site_distance ADD COLUMN version integer NOT NULL DEFAULT 1;

-- migrate:down
ALTER TABLE site_distance DROP COLUMN version;
ALTER TABLE absence DROP COLUMN version;
ALTER TABLE closure DROP COLUMN version;
ALTER TABLE minor_emergency DROP COLUMN version;
