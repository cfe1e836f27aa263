-- migrate:up
-- When a process that judges by this setting was last heard of: while the setting is being changed, process by process,
-- those that have the former one leave the judging to those that started later.
ALTER TABLE judged_ratio ADD COLUMN held_at timestamptz NOT NULL DEFAULT now();

-- migrate:down
ALTER TABLE judged_ratio DROP COLUMN held_at;
