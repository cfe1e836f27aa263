-- migrate:up
CREATE INDEX appointment_by_companion ON appointment USING gin (others jsonb_path_ops) WHERE others <> '[]';

-- migrate:down
DROP INDEX appointment_by_companion;
