-- compatible: 14
-- What outlives a request (docs/decisions/0052-jobs.md), what was done under which key (0053-idempotency.md), and how
-- often each caller has asked (0056-rates.md). A program of before knows none of them, and works beside one that does.

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- none is given twice: who hears of a job twice knows it by its id
    kind TEXT NOT NULL,
    key TEXT, -- of those of a kind that wait one has it; null: any number
    payload TEXT NOT NULL, -- a JSON object
    queued_at BIGINT NOT NULL,
    run_at BIGINT NOT NULL, -- not before; of one that is leased, when the lease runs out
    attempts INTEGER NOT NULL DEFAULT 0, -- that were begun
    worker TEXT, -- who has it leased; null: nobody
    given_up_at BIGINT, -- null: it is still tried
    error TEXT, -- what the last attempt ended with
    again INTEGER NOT NULL DEFAULT 0 -- 1: while it was being done it was queued once more
);
-- By kind, so that those that are paused stand in no other's way.
CREATE INDEX jobs_due ON jobs (kind, run_at, id) WHERE given_up_at IS NULL;
CREATE UNIQUE INDEX jobs_by_key ON jobs (kind, key) WHERE key IS NOT NULL AND given_up_at IS NULL;
CREATE INDEX jobs_given_up ON jobs (kind, given_up_at, id) WHERE given_up_at IS NOT NULL;

CREATE TABLE idempotency_keys (
    id INTEGER PRIMARY KEY,
    user_id BIGINT NOT NULL, -- no foreign key: no user is ever deleted, and a check would cost a third of what the row does
    key TEXT NOT NULL,
    request TEXT NOT NULL, -- what was asked for, as a keyed hash
    seen_as TEXT NOT NULL, -- what its user was then, of which their sight hangs
    tickets TEXT NOT NULL, -- a JSON array: the ids of those that the answer shows
    status INTEGER NOT NULL,
    headers TEXT NOT NULL, -- a JSON array of pairs
    body TEXT, -- null: it held a secret, or was too long, and is not kept
    created_at BIGINT NOT NULL,
    UNIQUE (user_id, key)
);

CREATE TABLE request_rates (
    subject TEXT PRIMARY KEY, -- who asks
    since BIGINT NOT NULL, -- when their window began
    taken BIGINT NOT NULL -- requests that they have had in it, or that a process may still give them
);
