-- migrate:up

-- Preparation, departure unseen, excuses and corrections. What is kept stays as it is: no such event had ever been said.
CREATE TYPE correction AS (sequence integer, at timestamptz, state text);

CREATE FUNCTION appointment_status(
    held integer, booked integer, expired integer, cancelled integer, arrived integer, prepared integer,
    started integer, done integer, no_show integer, left_unseen integer, excused integer, correction correction
) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE greatest(
        held, booked, expired, cancelled, arrived, prepared, started, done, no_show, left_unseen, correction.sequence)
    WHEN correction.sequence THEN correction.state
    WHEN done THEN 'done'
    WHEN no_show THEN 'no_show'
    WHEN left_unseen THEN 'left_unseen'
    WHEN excused THEN 'excused' -- said by the event that cancels
    WHEN cancelled THEN 'cancelled'
    WHEN expired THEN 'expired'
    WHEN started THEN 'in_consultation'
    WHEN prepared THEN 'in_preparation'
    WHEN arrived THEN 'arrived'
    WHEN booked THEN 'booked'
    WHEN held THEN 'held'
END;

ALTER TABLE appointment_fact
    ADD COLUMN preparation moment,
    ADD COLUMN departure absence,
    ADD COLUMN excuse moment,
    ADD COLUMN correction correction;
ALTER TABLE appointment_fact
    ALTER COLUMN status SET EXPRESSION AS (appointment_status(
        (held).sequence, greatest((request).sequence, (move).sequence), (expiry).sequence, (cancellation).sequence,
        (arrival).sequence, (preparation).sequence, (start).sequence, (consultation).sequence, (absence).sequence,
        (departure).sequence, (excuse).sequence, correction
    )),
    ALTER COLUMN occurs_at SET EXPRESSION AS (coalesce(
        (placement).start_at, (cancellation).start_at, (absence).start_at, (departure).start_at,
        (consultation).started_at, (start).at, (preparation).at, (arrival).at, (cancellation).at, (expiry).at
    ));
DROP FUNCTION appointment_status(integer, integer, integer, integer, integer, integer, integer, integer);

-- migrate:down
CREATE FUNCTION appointment_status(
    held integer, booked integer, expired integer, cancelled integer,
    arrived integer, started integer, done integer, no_show integer
) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE greatest(held, booked, expired, cancelled, arrived, started, done, no_show)
    WHEN done THEN 'done'
    WHEN no_show THEN 'no_show'
    WHEN cancelled THEN 'cancelled'
    WHEN expired THEN 'expired'
    WHEN started THEN 'in_consultation'
    WHEN arrived THEN 'arrived'
    WHEN booked THEN 'booked'
    WHEN held THEN 'held'
END;
ALTER TABLE appointment_fact
    ALTER COLUMN status SET EXPRESSION AS (appointment_status(
        (held).sequence, greatest((request).sequence, (move).sequence), (expiry).sequence,
        (cancellation).sequence, (arrival).sequence, (start).sequence, (consultation).sequence, (absence).sequence
    )),
    ALTER COLUMN occurs_at SET EXPRESSION AS (coalesce(
        (placement).start_at, (cancellation).start_at, (absence).start_at,
        (consultation).started_at, (start).at, (arrival).at, (cancellation).at, (expiry).at
    ));
ALTER TABLE appointment_fact DROP COLUMN preparation, DROP COLUMN departure, DROP COLUMN excuse,
    DROP COLUMN correction;
DROP FUNCTION appointment_status(
    integer, integer, integer, integer, integer, integer, integer, integer, integer, integer, integer, correction);
DROP TYPE correction;
