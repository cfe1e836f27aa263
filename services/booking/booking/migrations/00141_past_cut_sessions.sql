-- migrate:up
-- What is over is never brought back: it is looked for by its end, to be thrown away.
CREATE INDEX cut_session_by_end ON cut_session (ends_at);

-- migrate:down
DROP INDEX cut_session_by_end;
