-- migrate:up
-- Whoever did not come, or left unseen, may be expected elsewhere: only the practitioner's and the room's time stays taken.
-- Under row security no row is seen without a territory.
SET LOCAL smp.territories = '*';
UPDATE occupancy AS o
SET blocking = false
FROM appointment AS a
WHERE a.id = o.appointment AND a.state IN ('no_show', 'left_unseen') AND o.blocking AND o.resource_kind = 'patient';

-- migrate:down
-- Nothing to undo: what they take from now on, others may have taken already.
