-- migrate:up
-- Whoever had their place again, the same hour of the same session, stayed on the list of those who have lost it, and may
-- not arrive. Under row security no row is seen without a territory.
SET LOCAL smp.territories = '*';
DELETE FROM unsupported AS u
WHERE u.reason = 'place_lost'
  AND EXISTS (SELECT FROM occupancy AS o
              WHERE o.appointment = u.appointment AND o.blocking AND o.resource_kind = 'practitioner');

-- migrate:down
-- Nothing to undo: they have a place.
