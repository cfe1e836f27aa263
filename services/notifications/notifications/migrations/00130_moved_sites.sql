-- migrate:up

-- Whoever has read the old address of a site that moves is told the new one.
ALTER TABLE message
    DROP CONSTRAINT message_purpose_known,
    ADD CONSTRAINT message_purpose_known CHECK (
        purpose IN ('confirmation', 'reminder', 'change', 'cancellation', 'offer', 'offer_withdrawn', 'address'));
CREATE INDEX appointment_expected_at_site ON appointment (site, starts_at) WHERE state = 'expected';

-- migrate:down
DROP INDEX appointment_expected_at_site;
ALTER TABLE message
    DROP CONSTRAINT message_purpose_known,
    ADD CONSTRAINT message_purpose_known CHECK (
        purpose IN ('confirmation', 'reminder', 'change', 'cancellation', 'offer', 'offer_withdrawn'));
