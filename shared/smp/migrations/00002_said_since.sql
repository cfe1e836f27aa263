-- migrate:up

-- Of which aggregates of a topic something was said by transactions that a snapshot did not see yet: what a read model in
-- memory has to look at again. A plan of its own: a new partition has no statistics, and only the index will do.
CREATE FUNCTION smp.said_since(topic text, since pg_snapshot) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN QUERY
    SELECT DISTINCT o.aggregateid
    FROM smp.outbox AS o
    WHERE o.xid >= pg_snapshot_xmin(since) AND NOT pg_visible_in_snapshot(o.xid, since) AND o.aggregatetype = topic;
END
$$;
DO $$ BEGIN EXECUTE format('GRANT EXECUTE ON FUNCTION smp.said_since TO %I', smp.app_role()); END $$;

-- migrate:down
DROP FUNCTION smp.said_since;
