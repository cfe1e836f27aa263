-- name: create_jobs
-- One row per accepted text and number; ids are never reused, as with a real provider.
CREATE TABLE IF NOT EXISTS jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tag TEXT,
    receiver TEXT NOT NULL,
    sender TEXT,
    message TEXT NOT NULL,
    scenario TEXT NOT NULL,
    state TEXT NOT NULL,
    parts INTEGER NOT NULL,
    characters INTEGER NOT NULL,
    differed_minutes INTEGER NOT NULL,
    accepted_at TEXT NOT NULL,
    leaves_at REAL NOT NULL,
    sent_at TEXT,
    delivered_at TEXT,
    ptt INTEGER NOT NULL DEFAULT 0,
    description INTEGER NOT NULL DEFAULT 0
) STRICT;

-- name: create_jobs_by_tag
-- Clients look for their own text by its tag before they send it again.
CREATE INDEX IF NOT EXISTS jobs_by_tag ON jobs (tag);

-- name: create_receipts
-- Delivery receipts to come, in order; the client has one when answered_at is set. due_at is real Unix seconds.
CREATE TABLE IF NOT EXISTS receipts (
    id INTEGER PRIMARY KEY,
    job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    ptt INTEGER NOT NULL,
    description INTEGER NOT NULL,
    due_at REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    answered_at REAL,
    UNIQUE (job, position)
) STRICT;

-- name: create_receipts_open
-- The sender of receipts asks for the next ones all the time.
CREATE INDEX IF NOT EXISTS receipts_open ON receipts (job, position) WHERE answered_at IS NULL;

-- name: create_troubles
-- Scenarios that fail once remember whom they failed.
CREATE TABLE IF NOT EXISTS troubles (
    receiver TEXT NOT NULL,
    tag TEXT NOT NULL,
    PRIMARY KEY (receiver, tag)
) STRICT, WITHOUT ROWID;

-- name: create_forced
-- Numbers that were told to play a scenario.
CREATE TABLE IF NOT EXISTS forced (receiver TEXT PRIMARY KEY, scenario TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- name: create_blacklist
-- Numbers that answered STOP.
CREATE TABLE IF NOT EXISTS blacklist (receiver TEXT PRIMARY KEY, since TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- name: create_refusals
-- How many numbers were refused, by reason.
CREATE TABLE IF NOT EXISTS refusals (reason TEXT PRIMARY KEY, times INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- name: insert_job
-- Accept one text for one number.
INSERT INTO jobs (
    tag, receiver, sender, message, scenario, state, parts, characters, differed_minutes, accepted_at, leaves_at
)
VALUES (?, ?, ?, ?, ?, 'pending', ?, ?, ?, ?, ?);

-- name: insert_receipt
-- Plan one delivery receipt.
INSERT INTO receipts (job, position, ptt, description, due_at) VALUES (?, ?, ?, ?, ?);

-- name: due_receipts
-- The next receipt of each text, when its time has come: a text's receipts never overtake each other.
SELECT receipt.id, receipt.job, receipt.ptt, receipt.description, receipt.attempts
FROM receipts AS receipt
WHERE
    receipt.answered_at IS NULL
    AND receipt.due_at <= ?
    AND NOT EXISTS (
        SELECT 1 FROM receipts AS earlier
        WHERE earlier.job = receipt.job AND earlier.position < receipt.position AND earlier.answered_at IS NULL
    )
ORDER BY receipt.due_at
LIMIT 50;

-- name: receipts_of_job
-- What is still to be told about one text.
SELECT id, job, ptt, description, attempts FROM receipts WHERE job = ? AND answered_at IS NULL ORDER BY position;

-- name: next_receipt_due
-- When to look again.
SELECT min(due_at) FROM receipts WHERE answered_at IS NULL;

-- name: answer_receipt
-- The client has this receipt.
UPDATE receipts SET answered_at = ? WHERE id = ?;

-- name: postpone_receipt
-- The client did not answer 200: try again later.
UPDATE receipts SET attempts = attempts + 1, due_at = ? WHERE id = ?;

-- name: hurry_receipts
-- After a restart, receipts that were waiting for another try have waited enough.
UPDATE receipts SET due_at = min(due_at, ?) WHERE answered_at IS NULL AND attempts > 0;

-- name: learn
-- The provider learns what became of a text; what is final stays.
UPDATE jobs
SET
    ptt = ?2,
    description = ?3,
    state = ?4,
    sent_at = coalesce(sent_at, CASE WHEN ?4 IN ('sent', 'delivered') THEN ?5 END),
    delivered_at = coalesce(delivered_at, CASE WHEN ?4 = 'delivered' THEN ?5 END)
WHERE id = ?1 AND state NOT IN ('delivered', 'failed', 'expired', 'cancelled');

-- name: job
-- One text.
SELECT * FROM jobs WHERE id = ?;

-- name: jobs
-- The ledger: every accepted text, or those of one tag.
SELECT * FROM jobs WHERE ?1 IS NULL OR tag = ?1 ORDER BY id;

-- name: pending_jobs
-- Texts that wait for their hour and can still be cancelled.
SELECT * FROM jobs WHERE state = 'pending' AND leaves_at > ? ORDER BY id;

-- name: cancel_job
-- Only what has not left can be called back.
UPDATE jobs SET state = 'cancelled' WHERE id = ? AND state = 'pending' AND leaves_at > ?;

-- name: drop_receipts
-- A cancelled text has nothing more to tell.
DELETE FROM receipts WHERE job = ? AND answered_at IS NULL;

-- name: count_by_state
-- Summary.
SELECT state, count(*) FROM jobs GROUP BY state;

-- name: count_by_scenario
-- Summary.
SELECT scenario, count(*) FROM jobs GROUP BY scenario;

-- name: tags
-- How many times each tag was accepted for one number.
SELECT tag, receiver, count(*) FROM jobs WHERE tag IS NOT NULL AND state <> 'cancelled' GROUP BY tag, receiver;

-- name: totals
-- Summary: texts, credits.
SELECT count(*), coalesce(sum(parts), 0) FROM jobs WHERE state <> 'cancelled';

-- name: receipts_left
-- Summary: receipts told and to tell.
SELECT count(answered_at), count(*) - count(answered_at) FROM receipts;

-- name: refusals
-- Summary.
SELECT reason, times FROM refusals;

-- name: count_refusal
-- One more number refused.
INSERT INTO refusals (reason, times) VALUES (?, 1) ON CONFLICT (reason) DO UPDATE SET times = times + 1;

-- name: first_trouble
-- True only the first time: changes() is 0 afterwards.
INSERT OR IGNORE INTO troubles (receiver, tag) VALUES (?, ?);

-- name: force_scenario
-- From now on this number plays this scenario.
INSERT INTO forced (receiver, scenario) VALUES (?, ?)
ON CONFLICT (receiver) DO UPDATE SET scenario = excluded.scenario;

-- name: free_number
-- The number's last digits decide again; a number that is told anything is no longer blacklisted.
DELETE FROM forced WHERE receiver = ?;

-- name: forced_scenario
-- What this number was told to play.
SELECT scenario FROM forced WHERE receiver = ?;

-- name: blacklist
-- This number answered STOP.
INSERT OR IGNORE INTO blacklist (receiver, since) VALUES (?, ?);

-- name: unblacklist
-- This number wants texts again.
DELETE FROM blacklist WHERE receiver = ?;

-- name: is_blacklisted
-- Later texts to this number are refused.
SELECT 1 FROM blacklist WHERE receiver = ?;

-- name: blacklisted
-- All numbers that answered STOP.
SELECT receiver FROM blacklist ORDER BY receiver;
