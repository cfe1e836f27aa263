-- migrate:up
-- Whoever has been seen may be expected elsewhere, be it before the hour that was agreed as the end; of what is over
-- nobody asks any more.
-- Under row security no row is seen without a territory.
SET LOCAL smp.territories = '*';
UPDATE occupancy AS o
SET blocking = false
FROM appointment AS a
WHERE a.id = o.appointment AND a.state = 'done' AND a.ends_at > now() AND o.blocking AND o.resource_kind = 'patient';

-- migrate:down
-- Nothing to undo: what they take from now on, others may have taken already.
