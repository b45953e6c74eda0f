-- compatible: 5
-- stops: readers
-- Refreshes that settle on one token, at most 50 sessions a user (docs/decisions/0005-sessions.md), and the networks
-- that users have logged in from (docs/decisions/0019-login-limits.md).

ALTER TABLE sessions ADD COLUMN sign_in INTEGER NOT NULL DEFAULT 0; -- the user's sign_in_count at the login: the order of logins
ALTER TABLE sessions ADD COLUMN previous_uid TEXT; -- of the access token that the last refresh replaced
ALTER TABLE sessions ADD COLUMN renewed_at BIGINT; -- when it did; null before the first refresh
ALTER TABLE sessions ADD COLUMN access_claims TEXT; -- what the token of the last refresh says, in JSON, to sign it again

DELETE FROM sessions WHERE refresh_uid IN (
    SELECT refresh_uid FROM (
        SELECT refresh_uid, row_number() OVER (PARTITION BY user_id ORDER BY created_at DESC, refresh_uid) AS place
        FROM sessions
    ) placed WHERE place > 50
);

CREATE UNIQUE INDEX sessions_by_previous ON sessions (previous_uid);
DROP INDEX sessions_by_user;
CREATE INDEX sessions_by_user ON sessions (user_id, sign_in, created_at);

CREATE TABLE login_networks (
    user_id BIGINT NOT NULL REFERENCES users (id),
    network TEXT NOT NULL, -- a single IPv4 address, or an IPv6 /64
    sign_in INTEGER NOT NULL, -- the user's sign_in_count at the last login from there
    last_at BIGINT NOT NULL, -- its time
    PRIMARY KEY (user_id, network)
);
