-- migrate:up
-- Sessions that registry's facts speak against and that were left before 00150 end too. Under row security no row is seen
-- without a territory.
SET LOCAL smp.territories = '*';
INSERT INTO agenda_follow_again (territory, professional)
SELECT DISTINCT territory, professional FROM session WHERE state = 'open' AND unsupported_reason IS NOT NULL;

-- migrate:down
-- Nothing to undo: one look more finds nothing.
