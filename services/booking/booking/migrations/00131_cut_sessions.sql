-- migrate:up
-- Sessions that no rule speaks for (opened by date, or edited), as they were before closures and absences cut them: one
-- row for each part there is of one, cancelled ones too. Whoever changes a part by hand forgets the whole.
CREATE TABLE cut_session (
    session uuid PRIMARY KEY REFERENCES session (id),
    territory text NOT NULL,
    whole uuid NOT NULL,                           -- the session that was cut first
    starts_at timestamptz NOT NULL,                -- of the whole
    ends_at timestamptz NOT NULL
);
CREATE INDEX cut_session_by_whole ON cut_session (whole);
SELECT smp.protect('cut_session');

-- migrate:down
DROP TABLE cut_session;
