-- migrate:up
-- The setting by which the coverage of a territory was judged last: another one has every day looked at again.
CREATE TABLE judged_ratio (
    territory text PRIMARY KEY,
    written text NOT NULL
);
SELECT smp.protect('judged_ratio');

-- migrate:down
DROP TABLE judged_ratio;
