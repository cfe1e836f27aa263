-- migrate:up

-- A text knows the party it speaks for: who speaks is known while `appointment` is being read again.
SET LOCAL smp.territories = '*';  -- rows of every territory are rewritten
ALTER TABLE message ADD COLUMN party uuid;
CREATE INDEX message_reminder_of_party ON message (party) WHERE purpose = 'reminder' AND party IS NOT NULL;
UPDATE message AS m SET party = a.party
FROM appointment AS a
WHERE a.appointment = m.appointment AND a.party IS NOT NULL;

-- migrate:down
DROP INDEX message_reminder_of_party;
ALTER TABLE message DROP COLUMN party;
