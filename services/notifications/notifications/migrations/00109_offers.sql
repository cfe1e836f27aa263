-- migrate:up

-- An offer of the waiting list is answered by an hour of its own, long before the appointment.
ALTER TABLE message
    ADD COLUMN answer_by timestamptz,
    DROP CONSTRAINT message_purpose_known,
    ADD CONSTRAINT message_purpose_known CHECK (
        purpose IN ('confirmation', 'reminder', 'change', 'cancellation', 'offer', 'offer_withdrawn')),
    ADD CONSTRAINT message_offer_is_answered_by CHECK (purpose <> 'offer' OR answer_by IS NOT NULL);
ALTER TABLE call_task ADD COLUMN answer_by timestamptz;

-- migrate:down
ALTER TABLE call_task DROP COLUMN answer_by;
ALTER TABLE message
    DROP CONSTRAINT message_offer_is_answered_by,
    DROP CONSTRAINT message_purpose_known,
    ADD CONSTRAINT message_purpose_known CHECK (purpose IN ('confirmation', 'reminder', 'change', 'cancellation')),
    DROP COLUMN answer_by;
