-- compatible: 1
-- The tables. Times are milliseconds since 1970 in UTC (docs/decisions/0002-one-sql-for-both-engines.md).

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE customers (
    id $identity,
    name TEXT NOT NULL,
    contact_name TEXT NOT NULL,
    contact_number BIGINT NOT NULL
);

CREATE TABLE ecos (
    id $identity,
    name TEXT NOT NULL,
    customer_id BIGINT NOT NULL REFERENCES customers (id)
);

CREATE TABLE products (
    id $identity,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE ticket_types (
    key TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    position INTEGER NOT NULL UNIQUE
);

CREATE TABLE ticket_categories (
    key TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    position INTEGER NOT NULL UNIQUE
);

CREATE TABLE statuses (
    key TEXT PRIMARY KEY,
    position INTEGER NOT NULL UNIQUE
);

CREATE TABLE roles (
    id $identity,
    name TEXT NOT NULL UNIQUE,
    permissions TEXT NOT NULL -- a JSON object: resource to list of actions
);

CREATE TABLE role_ticket_types (
    role_id BIGINT NOT NULL REFERENCES roles (id),
    ticket_type TEXT NOT NULL REFERENCES ticket_types (key),
    PRIMARY KEY (role_id, ticket_type)
);

CREATE TABLE users (
    id $identity,
    email TEXT NOT NULL UNIQUE, -- in lower case
    full_name TEXT NOT NULL,
    nick_name TEXT NOT NULL,
    user_type TEXT NOT NULL CHECK (user_type IN ('admin', 'staff', 'customer', 'bot')),
    customer_id BIGINT REFERENCES customers (id),
    password_hash TEXT NOT NULL,
    sign_in_count INTEGER NOT NULL DEFAULT 0,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL,
    CHECK ((user_type = 'customer') = (customer_id IS NOT NULL))
);

CREATE TABLE user_roles (
    user_id BIGINT NOT NULL REFERENCES users (id),
    role_id BIGINT NOT NULL REFERENCES roles (id),
    position INTEGER NOT NULL, -- the first one is the `role` of a 2021 token
    PRIMARY KEY (user_id, role_id)
);

CREATE TABLE sessions (
    refresh_uid TEXT PRIMARY KEY,
    access_uid TEXT NOT NULL UNIQUE,
    user_id BIGINT NOT NULL REFERENCES users (id),
    version TEXT NOT NULL,
    csrf_secret TEXT NOT NULL, -- 32 bytes in base64
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL -- when the refresh token does
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE login_failures (
    subject TEXT PRIMARY KEY, -- 'user …' or 'address …'
    failures INTEGER NOT NULL,
    since BIGINT NOT NULL -- of the first one that is counted
);
CREATE INDEX login_failures_by_time ON login_failures (since);

CREATE TABLE ticket_counters (
    prefix TEXT PRIMARY KEY, -- '2024', or '2102' in the monthly form
    last INTEGER NOT NULL
);

CREATE TABLE tickets (
    id BIGINT PRIMARY KEY, -- the ticket number as an integer
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    status TEXT NOT NULL REFERENCES statuses (key),
    priority INTEGER NOT NULL CHECK (priority BETWEEN 1 AND 5),
    reference TEXT,
    ticket_type TEXT REFERENCES ticket_types (key), -- null on tickets older than the types
    category TEXT REFERENCES ticket_categories (key), -- likewise
    customer_id BIGINT NOT NULL REFERENCES customers (id),
    eco_id BIGINT REFERENCES ecos (id),
    product_id BIGINT NOT NULL REFERENCES products (id),
    contact_name TEXT NOT NULL,
    contact_number BIGINT NOT NULL,
    raised_by_id BIGINT NOT NULL REFERENCES users (id),
    raised_at BIGINT NOT NULL,
    assigned_to_id BIGINT REFERENCES users (id),
    closed_on TEXT, -- an ISO day in the desk's zone
    revision BIGINT NOT NULL DEFAULT 1,
    CHECK ((status = 'closed') = (closed_on IS NOT NULL))
);
CREATE INDEX tickets_by_status ON tickets (status, raised_at, id);
CREATE INDEX tickets_by_type ON tickets (ticket_type, status, raised_at, id);
CREATE INDEX tickets_by_category ON tickets (category, raised_at, id);
CREATE INDEX tickets_by_customer ON tickets (customer_id, status, raised_at, id);
CREATE INDEX tickets_by_raiser ON tickets (raised_by_id, status, raised_at, id);
CREATE INDEX tickets_by_assignee ON tickets (assigned_to_id, status, raised_at, id);

CREATE TABLE ticket_statuses (
    id $identity,
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    status TEXT NOT NULL REFERENCES statuses (key),
    changed_by_id BIGINT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL
);
CREATE INDEX ticket_statuses_by_ticket ON ticket_statuses (ticket_id, id);

CREATE TABLE ticket_assignments (
    id $identity,
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    assigned_to_id BIGINT REFERENCES users (id), -- null: taken away
    assigned_by_id BIGINT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL
);
CREATE INDEX ticket_assignments_by_ticket ON ticket_assignments (ticket_id, id);

CREATE TABLE ticket_notes (
    id $identity,
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    author_id BIGINT NOT NULL REFERENCES users (id),
    body TEXT NOT NULL, -- sanitised HTML, or plain text
    created_at BIGINT NOT NULL
);
CREATE INDEX ticket_notes_by_ticket ON ticket_notes (ticket_id, created_at, id);
