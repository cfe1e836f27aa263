-- migrate:up

-- What is said of a session without changing it is heard too, so that it leaves no hole in the sequence: a doubt, its
-- end, a share that anybody may have. Heard of in no other way, the session is open, for the hours named.
CREATE TYPE standing AS (sequence integer, at timestamptz, site uuid, start_at timestamptz, end_at timestamptz);
ALTER TABLE session_fact ADD COLUMN mention standing;
ALTER TABLE session_fact
    ALTER COLUMN site SET EXPRESSION AS (coalesce((plan).site, (withdrawal).site, (mention).site)),
    ALTER COLUMN start_at SET EXPRESSION AS (
        coalesce((plan).start_at, (withdrawal).start_at, (mention).start_at)
    ),
    ALTER COLUMN offered_minutes SET EXPRESSION AS (CASE
        WHEN coalesce((withdrawal).sequence, 0) > coalesce((plan).sequence, 0) THEN 0
        ELSE extract(epoch FROM coalesce((plan).end_at, (mention).end_at)
                              - coalesce((plan).start_at, (mention).start_at))::integer / 60
    END);

-- migrate:down
DELETE FROM session_fact WHERE coalesce((plan).site, (withdrawal).site) IS NULL;
ALTER TABLE session_fact
    ALTER COLUMN site SET EXPRESSION AS (coalesce((plan).site, (withdrawal).site)),
    ALTER COLUMN start_at SET EXPRESSION AS (coalesce((plan).start_at, (withdrawal).start_at)),
    ALTER COLUMN offered_minutes SET EXPRESSION AS (CASE
        WHEN coalesce((withdrawal).sequence, 0) > coalesce((plan).sequence, 0) THEN 0
        ELSE extract(epoch FROM (plan).end_at - (plan).start_at)::integer / 60
    END);
ALTER TABLE session_fact DROP COLUMN mention;
DROP TYPE standing;
