-- migrate:up
-- Every agreement is kept: each day is judged by the one in force on it, so that a renewal can be agreed in advance.
ALTER TABLE presence_plan
    DROP CONSTRAINT presence_plan_pkey,
    ADD PRIMARY KEY (professional, version),
    ADD COLUMN replaced_at timestamptz;  -- a later agreement took its place, whole

-- migrate:down
SET LOCAL smp.territories = '*';
DELETE FROM presence_plan USING presence_plan AS later
WHERE presence_plan.professional = later.professional AND presence_plan.version < later.version;
ALTER TABLE presence_plan
    DROP COLUMN replaced_at,
    DROP CONSTRAINT presence_plan_pkey,
    ADD PRIMARY KEY (professional);
