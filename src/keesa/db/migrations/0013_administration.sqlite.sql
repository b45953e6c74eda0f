-- compatible: 13
-- What administrators look after, and the trail of what they did (docs/decisions/0039-administration.md,
-- docs/decisions/0040-audit-trail.md). A program of before would raise tickets with what has retired, and leave no trail.

ALTER TABLE roles ADD COLUMN retired_at BIGINT; -- null: in use; nobody has one that is retired
ALTER TABLE ecos ADD COLUMN retired_at BIGINT; -- null: in use
ALTER TABLE products ADD COLUMN retired_at BIGINT; -- likewise
ALTER TABLE products ADD COLUMN position INTEGER NOT NULL DEFAULT 0; -- the order of the list
ALTER TABLE products ADD COLUMN default_ticket_type TEXT REFERENCES ticket_types (key); -- of a ticket that a customer's user raises without one
ALTER TABLE products ADD COLUMN default_category TEXT REFERENCES ticket_categories (key); -- likewise
ALTER TABLE ticket_types ADD COLUMN retired_at BIGINT; -- null: in use
ALTER TABLE ticket_categories ADD COLUMN retired_at BIGINT; -- likewise
UPDATE products SET position = (SELECT count(*) FROM products earlier WHERE earlier.id <= products.id);
CREATE INDEX products_by_position ON products (position, id);
CREATE INDEX user_roles_by_role ON user_roles (role_id); -- who has a role
CREATE INDEX ecos_by_customer ON ecos (customer_id, id);

CREATE TABLE customer_contacts (
    id $identity,
    customer_id BIGINT NOT NULL REFERENCES customers (id),
    position INTEGER NOT NULL, -- among the customer's further contacts; the first of all stands in customers
    name TEXT NOT NULL,
    number BIGINT NOT NULL,
    phone TEXT, -- as it was written, null where the number says it all
    email TEXT
);
CREATE INDEX customer_contacts_by_customer ON customer_contacts (customer_id, position);
CREATE TRIGGER revision_of_given_contacts AFTER INSERT ON customer_contacts BEGIN
    UPDATE customers SET revision = $new_revision WHERE id = NEW.customer_id;
END;
CREATE TRIGGER revision_of_changed_contacts AFTER UPDATE ON customer_contacts BEGIN
    UPDATE customers SET revision = $new_revision WHERE id = NEW.customer_id;
END;
CREATE TRIGGER revision_of_taken_contacts AFTER DELETE ON customer_contacts BEGIN
    UPDATE customers SET revision = $new_revision WHERE id = OLD.customer_id;
END;

-- By what a session is called, where it was opened, and when it was last used (to within some minutes).
ALTER TABLE sessions ADD COLUMN id TEXT; -- 16 hexadecimal digits, which are in no token; no session is without
UPDATE sessions SET id = lower(hex(randomblob(8)));
CREATE UNIQUE INDEX sessions_by_id ON sessions (id);
CREATE INDEX sessions_by_time ON sessions (created_at, id);
ALTER TABLE sessions ADD COLUMN address TEXT;
ALTER TABLE sessions ADD COLUMN device TEXT; -- what the client calls itself
ALTER TABLE sessions ADD COLUMN last_used_at BIGINT;

CREATE TABLE password_links (
    hash TEXT PRIMARY KEY, -- SHA-256 of what the link holds, in hexadecimal
    user_id BIGINT NOT NULL REFERENCES users (id),
    created_by_id BIGINT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX password_links_by_user ON password_links (user_id);

CREATE TABLE api_tokens (
    id $identity,
    user_id BIGINT NOT NULL REFERENCES users (id), -- who acts with it
    name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE, -- SHA-256 of the token, in hexadecimal
    version TEXT NOT NULL, -- in whose shapes its requests are answered
    created_by_id BIGINT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT, -- null: it has not been ended
    last_used_at BIGINT -- to within some minutes
);
CREATE INDEX api_tokens_by_user ON api_tokens (user_id, id);
CREATE TABLE api_token_permissions (
    token_id BIGINT NOT NULL REFERENCES api_tokens (id),
    resource TEXT NOT NULL,
    action TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (token_id, resource, action)
);

-- What was done, by whom. A row is never changed; what names a person stands beside it, and can be erased.
CREATE TABLE audit (
    id $identity,
    at BIGINT NOT NULL,
    action TEXT NOT NULL, -- a thing and a verb: user.change
    via TEXT NOT NULL CHECK (via IN ('session', 'token', 'command', 'keesa', 'nobody')),
    actor_id BIGINT REFERENCES users (id), -- null: nobody who is known
    token_id BIGINT, -- of the API, with which it was done
    request_id TEXT,
    thing TEXT NOT NULL,
    thing_id TEXT, -- an id or a key
    changes TEXT NOT NULL, -- a JSON object: field to [before, after]
    names_people INTEGER NOT NULL CHECK (names_people IN (0, 1)), -- whether a row of audit_people was made with it
    CHECK (id > 0)
);
CREATE INDEX audit_by_time ON audit (at, id);
CREATE INDEX audit_by_actor ON audit (actor_id, at, id);
CREATE INDEX audit_by_thing ON audit (thing, thing_id, at, id);
CREATE INDEX audit_by_action ON audit (action, at, id);
CREATE INDEX audit_by_request ON audit (request_id);
CREATE TABLE audit_people (
    audit_id BIGINT PRIMARY KEY REFERENCES audit (id),
    at BIGINT NOT NULL, -- as in audit
    person_id BIGINT, -- whom it names, where that is a user
    address TEXT, -- from which it was asked for
    operator TEXT, -- whom the system names that ran a command
    changes TEXT NOT NULL -- as in audit, of the fields that name a person
);
CREATE INDEX audit_people_by_person ON audit_people (person_id, at, audit_id);
CREATE TABLE audit_prunings ( -- what was left out of the trail, by an act that stands in it
    audit_id BIGINT PRIMARY KEY, -- of that act
    through BIGINT NOT NULL, -- the last row that was left out
    CHECK (through < audit_id)
);
CREATE TABLE unknown_logins ( -- failed logins of names that nobody has
    minute BIGINT NOT NULL, -- the time of its begin
    name_hash TEXT NOT NULL, -- keyed, so that nobody finds by trying what was typed; '' is for the rest of a minute
    failures INTEGER NOT NULL,
    PRIMARY KEY (minute, name_hash)
);
DELETE FROM login_failures WHERE subject NOT LIKE 'address %'; -- what was typed as a name, passwords too; hashes from now on

INSERT INTO rules (name) VALUES ('administrators'); -- one must be left who can log in

-- The usual roles; administrators may do all.
WITH given (role, place, resource, action) AS (VALUES
    ('admin', 1, 'ecos', 'read'), ('admin', 2, 'ecos', 'write'), ('admin', 3, 'reference', 'write'),
    ('admin', 4, 'users', 'read'), ('admin', 5, 'users', 'write'), ('admin', 6, 'roles', 'read'), ('admin', 7, 'roles', 'write'),
    ('admin', 8, 'sessions', 'read'), ('admin', 9, 'sessions', 'write'), ('admin', 10, 'tokens', 'read'),
    ('admin', 11, 'tokens', 'write'), ('admin', 12, 'audit', 'read'), ('admin', 13, 'metrics', 'read'),
    ('control_room', 1, 'ecos', 'read'), ('engineer', 1, 'ecos', 'read'), ('customer', 1, 'ecos', 'read')
)
INSERT INTO role_permissions (role_id, resource, action, position)
SELECT roles.id, given.resource, given.action, given.place
    + coalesce((SELECT max(position) FROM role_permissions had WHERE had.role_id = roles.id), 0)
FROM given JOIN roles ON roles.name = given.role
WHERE 1 = 1
ON CONFLICT DO NOTHING;

CREATE TRIGGER trail_is_not_changed BEFORE UPDATE ON audit BEGIN
    SELECT raise(ABORT, 'The audit trail cannot be changed');
END;
CREATE TRIGGER people_are_not_changed BEFORE UPDATE ON audit_people BEGIN
    SELECT raise(ABORT, 'The audit trail cannot be changed');
END;
CREATE TRIGGER prunings_are_not_changed BEFORE UPDATE ON audit_prunings BEGIN
    SELECT raise(ABORT, 'The audit trail cannot be changed');
END;
CREATE TRIGGER prunings_are_kept BEFORE DELETE ON audit_prunings BEGIN
    SELECT raise(ABORT, 'The audit trail cannot be changed');
END;
-- INSERT OR REPLACE takes a row away without asking the triggers of deletions.
CREATE TRIGGER trail_is_not_replaced BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id) BEGIN
    SELECT raise(ABORT, 'The audit trail cannot be changed');
END;
CREATE TRIGGER people_are_not_replaced BEFORE INSERT ON audit_people
WHEN EXISTS (SELECT 1 FROM audit_people WHERE audit_id = NEW.audit_id) BEGIN
    SELECT raise(ABORT, 'The audit trail cannot be changed');
END;
CREATE TRIGGER prunings_are_not_replaced BEFORE INSERT ON audit_prunings
WHEN EXISTS (SELECT 1 FROM audit_prunings WHERE audit_id = NEW.audit_id) BEGIN
    SELECT raise(ABORT, 'The audit trail cannot be changed');
END;
-- Rows go only as far as an act in the trail itself says so.
CREATE TRIGGER prunings_are_acts BEFORE INSERT ON audit_prunings
WHEN NOT EXISTS (SELECT 1 FROM audit WHERE id = NEW.audit_id AND action = 'audit.prune') BEGIN
    SELECT raise(ABORT, 'The audit trail cannot be changed');
END;
CREATE TRIGGER trail_is_kept BEFORE DELETE ON audit
WHEN NOT EXISTS (SELECT 1 FROM audit_prunings WHERE through >= OLD.id) BEGIN
    SELECT raise(ABORT, 'The audit trail cannot be changed');
END;

-- What an API token may do is cached under `accounts`, as what its owner may do is.
CREATE TRIGGER accounts_of_tokens AFTER UPDATE OF user_id, version ON api_tokens BEGIN
    UPDATE desk_revisions SET accounts = $new_revision;
END;
CREATE TRIGGER accounts_of_changed_token_permissions AFTER UPDATE ON api_token_permissions BEGIN
    UPDATE desk_revisions SET accounts = $new_revision;
END;
CREATE TRIGGER accounts_of_taken_token_permissions AFTER DELETE ON api_token_permissions BEGIN
    UPDATE desk_revisions SET accounts = $new_revision;
END;
