-- migrate:up
-- 00104 meant to do this, and saw no row: the table is under row security, and it named no territory. Appointments with
-- a social worker of before kinds had versions are nobody else's to read.
SET LOCAL smp.territories = '*';
UPDATE appointment SET compartment = 'medico_social'
WHERE kind = 'social' AND kind_version = 0 AND compartment = 'medical';

-- migrate:down
-- Nothing to undo: these were never meant to be medical.
