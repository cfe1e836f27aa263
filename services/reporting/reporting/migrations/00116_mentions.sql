-- migrate:up

-- Events that change no figure are kept too, so that they leave no hole in the sequence: supervision lost and had again,
-- a call asked for, the order of calls. Nothing heard before was one of them.
ALTER TABLE appointment_fact ADD COLUMN mention absence;
ALTER TABLE appointment_fact
    -- Heard of in no other way, it is booked at least.
    ALTER COLUMN status SET EXPRESSION AS (coalesce(appointment_status(
        (held).sequence, greatest((request).sequence, (move).sequence), (expiry).sequence, (cancellation).sequence,
        (arrival).sequence, (preparation).sequence, (start).sequence, (consultation).sequence, (absence).sequence,
        (departure).sequence, (excuse).sequence, correction
    ), CASE WHEN (mention).sequence IS NOT NULL THEN 'booked' END)),
    ALTER COLUMN occurs_at SET EXPRESSION AS (coalesce(
        (placement).start_at, (cancellation).start_at, (absence).start_at, (departure).start_at, (mention).start_at,
        (consultation).started_at, (start).at, (preparation).at, (arrival).at, (mention).at, (cancellation).at,
        (expiry).at
    ));

-- migrate:down
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
ALTER TABLE appointment_fact DROP COLUMN mention;
