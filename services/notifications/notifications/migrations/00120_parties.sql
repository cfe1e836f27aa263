-- migrate:up
-- Who was asked for together is told together: `party` is the appointment of the first of them. `apart`: moved since,
-- and told of their own hour.
ALTER TABLE appointment ADD COLUMN party uuid, ADD COLUMN apart boolean NOT NULL DEFAULT false;
CREATE INDEX appointment_of_party ON appointment (party) WHERE party IS NOT NULL;

-- migrate:down
DROP INDEX appointment_of_party;
ALTER TABLE appointment DROP COLUMN apart, DROP COLUMN party;
