-- compatible: 14
-- takes: 200
-- stops: readers
-- What becomes of tickets, an event for each change, and what people need who work on them together
-- (docs/decisions/0045-events.md). A program of before would change tickets without an event.

CREATE TABLE ticket_events (
    id $identity, -- in the order of commits
    -- No foreign keys: nothing of tickets and users is ever deleted, and two checks would cost half of what the row does.
    ticket_id BIGINT NOT NULL,
    number INTEGER NOT NULL, -- among the ticket's, from 1
    public_number INTEGER, -- among those that customers see; null: it is the desk's alone
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    actor_id BIGINT NOT NULL, -- a user
    token_id BIGINT, -- of the API, with which it was done
    thing_id BIGINT, -- of the kind: a note, another ticket, a tag, a user
    changes TEXT NOT NULL, -- a JSON object: field to [from, to]
    -- Who sees the ticket hangs on these: after it, and before it where they were others (else had_customer_id is null).
    raised_by_id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    assigned_to_id BIGINT,
    ticket_type TEXT,
    had_customer_id BIGINT,
    had_assigned_to_id BIGINT,
    had_ticket_type TEXT,
    UNIQUE (ticket_id, number)
);

CREATE TABLE internal_notes ( -- which customers never see
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- from 2^52: those of ticket_notes tell nothing of them
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    author_id BIGINT NOT NULL REFERENCES users (id),
    body TEXT NOT NULL, -- sanitised HTML, or plain text; empty of one that was withdrawn
    created_at BIGINT NOT NULL,
    edited_at BIGINT,
    withdrawn_at BIGINT
);
CREATE INDEX internal_notes_by_ticket ON internal_notes (ticket_id, created_at, id);
INSERT INTO sqlite_sequence (name, seq) VALUES ('internal_notes', 4503599627370495);

-- Notes leave ticket_notes where a ticket is given to another customer; their ids stay theirs.
CREATE TABLE kept_long_texts AS SELECT ticket_id, note_id, body FROM long_texts;
DROP TABLE long_texts;
CREATE TABLE long_texts (
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    note_id BIGINT, -- null: the ticket's description
    body TEXT NOT NULL -- as it was before it was cut
);
INSERT INTO long_texts (ticket_id, note_id, body) SELECT ticket_id, note_id, body FROM kept_long_texts;
DROP TABLE kept_long_texts;
CREATE TABLE kept_notes AS SELECT id, ticket_id, author_id, body, created_at FROM ticket_notes;
DROP TABLE ticket_notes;
CREATE TABLE ticket_notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    author_id BIGINT NOT NULL REFERENCES users (id),
    body TEXT NOT NULL, -- sanitised HTML, or plain text
    created_at BIGINT NOT NULL,
    edited_at BIGINT,
    withdrawn_at BIGINT -- then its text is empty
);
INSERT INTO ticket_notes (id, ticket_id, author_id, body, created_at)
SELECT id, ticket_id, author_id, body, created_at FROM kept_notes;
DROP TABLE kept_notes;
CREATE INDEX ticket_notes_by_ticket ON ticket_notes (ticket_id, created_at, id);

ALTER TABLE tickets ADD COLUMN public_revision BIGINT; -- as customers have it; null: it is `revision`
ALTER TABLE tickets ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0; -- when the last event was
ALTER TABLE tickets ADD COLUMN public_changed_at BIGINT NOT NULL DEFAULT 0; -- when the last one was that customers see
ALTER TABLE tickets ADD COLUMN events INTEGER NOT NULL DEFAULT 0; -- how many there are
ALTER TABLE tickets ADD COLUMN public_events INTEGER NOT NULL DEFAULT 0; -- of those that customers see, the last one's number
ALTER TABLE tickets ADD COLUMN public_since INTEGER NOT NULL DEFAULT 0; -- the event that gave it to its customer: they see none before
ALTER TABLE tickets ADD COLUMN first_edits TEXT; -- a JSON object: field to the number of the event that edited it first
ALTER TABLE tickets ADD COLUMN history_size BIGINT NOT NULL DEFAULT 0; -- bytes of what the events changed that customers see
ALTER TABLE tickets ADD COLUMN internal_history_size BIGINT NOT NULL DEFAULT 0; -- likewise of the others
ALTER TABLE tickets ADD COLUMN internal_notes INTEGER NOT NULL DEFAULT 0; -- how many there are
ALTER TABLE tickets ADD COLUMN internal_notes_size BIGINT NOT NULL DEFAULT 0; -- bytes of UTF-8, of all together
ALTER TABLE tickets ADD COLUMN held_until TEXT; -- an ISO day in the desk's zone
ALTER TABLE tickets ADD COLUMN answered_at BIGINT; -- since when a note of the customer's waits on a held or closed ticket
ALTER TABLE tickets ADD COLUMN duplicate_of_id BIGINT REFERENCES tickets (id); -- shows its notes in place
ALTER TABLE tickets ADD COLUMN duplicates INTEGER NOT NULL DEFAULT 0; -- how many tickets are duplicates of it
ALTER TABLE tickets ADD COLUMN parent_id BIGINT REFERENCES tickets (id);
CREATE INDEX tickets_held ON tickets (held_until, id) WHERE held_until IS NOT NULL;
CREATE INDEX tickets_answered ON tickets (answered_at, id) WHERE answered_at IS NOT NULL;
CREATE INDEX tickets_by_reference ON tickets (reference, raised_at, id) WHERE reference IS NOT NULL;
CREATE INDEX tickets_by_eco ON tickets (eco_id, raised_at, id) WHERE eco_id IS NOT NULL;
CREATE INDEX tickets_by_main ON tickets (duplicate_of_id, id) WHERE duplicate_of_id IS NOT NULL;
CREATE INDEX tickets_by_parent ON tickets (parent_id, id) WHERE parent_id IS NOT NULL;

CREATE TABLE ticket_causes (
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    cause_id BIGINT NOT NULL REFERENCES tickets (id),
    PRIMARY KEY (ticket_id, cause_id),
    CHECK (ticket_id <> cause_id)
);
CREATE INDEX ticket_causes_by_cause ON ticket_causes (cause_id, ticket_id);

CREATE TABLE ticket_watchers (
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    user_id BIGINT NOT NULL REFERENCES users (id),
    raised_at BIGINT NOT NULL, -- the ticket's, which never changes: lists are in its order
    PRIMARY KEY (ticket_id, user_id)
);
CREATE INDEX ticket_watchers_by_user ON ticket_watchers (user_id, raised_at, ticket_id);
CREATE TABLE ticket_mentions (
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    user_id BIGINT NOT NULL REFERENCES users (id),
    raised_at BIGINT NOT NULL, -- likewise
    PRIMARY KEY (ticket_id, user_id)
);
CREATE INDEX ticket_mentions_by_user ON ticket_mentions (user_id, raised_at, ticket_id);

CREATE INDEX users_of_desk ON users (id) WHERE user_type IN ('admin', 'staff'); -- who may be mentioned

CREATE TABLE tags (
    id $identity,
    name TEXT NOT NULL,
    folded TEXT NOT NULL UNIQUE, -- the name, equal for two that differ in case alone
    retired_at BIGINT -- null: in use
);
CREATE TABLE ticket_tags (
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    tag_id BIGINT NOT NULL REFERENCES tags (id),
    raised_at BIGINT NOT NULL, -- likewise
    PRIMARY KEY (ticket_id, tag_id)
);
CREATE INDEX ticket_tags_by_tag ON ticket_tags (tag_id, raised_at, ticket_id);

CREATE TABLE canned_answers (
    id $identity,
    name TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL, -- sanitised HTML, or plain text, with {{words}} that a ticket fills in
    retired_at BIGINT -- null: in use
);

-- What the tables of before tell of each ticket, in the order in which it was: of its status, its assignments and its notes.
INSERT INTO ticket_events (ticket_id, number, public_number, at, kind, actor_id, thing_id, changes,
    raised_by_id, customer_id, assigned_to_id, ticket_type, had_customer_id, had_assigned_to_id, had_ticket_type)
WITH told (ticket_id, at, place, kind, actor_id, thing_id, changes, assigned_to_id) AS (
    SELECT id, raised_at, 0, 'raised', raised_by_id, CAST(NULL AS BIGINT), '{}', CAST(NULL AS BIGINT) FROM tickets
    UNION ALL
    SELECT ticket_id, created_at, id, 'assigned', assigned_by_id, NULL,
        '{"assigned_to_id":[' || coalesce(CAST(lag(assigned_to_id) OVER before AS TEXT), 'null') || ','
        || coalesce(CAST(assigned_to_id AS TEXT), 'null') || ']}', assigned_to_id
    FROM ticket_assignments WINDOW before AS (PARTITION BY ticket_id ORDER BY id)
    UNION ALL
    SELECT ticket_id, created_at, id, 'status', changed_by_id, NULL, '{"status":["' || was || '","' || status || '"]}', NULL
    FROM (
        SELECT ticket_statuses.*, lag(status) OVER (PARTITION BY ticket_id ORDER BY id) AS was FROM ticket_statuses
    ) changed WHERE was IS NOT NULL
    UNION ALL
    SELECT ticket_id, created_at, id, 'note_added', author_id, id, '{}', NULL FROM ticket_notes
), counted AS (
    SELECT told.*, row_number() OVER so_far AS number, count(CASE kind WHEN 'assigned' THEN 1 END) OVER so_far AS assignments
    FROM told WINDOW so_far AS (
        PARTITION BY ticket_id ORDER BY CASE kind WHEN 'raised' THEN 0 ELSE 1 END, at, kind, place ROWS UNBOUNDED PRECEDING
    )
), assigned AS (
    SELECT counted.*, max(assigned_to_id) OVER (PARTITION BY ticket_id, assignments) AS has FROM counted
), all_known AS (
    SELECT assigned.*, lag(has) OVER (PARTITION BY ticket_id ORDER BY number) AS had FROM assigned
)
SELECT all_known.ticket_id, number, number, all_known.at, kind, actor_id, thing_id, changes,
    tickets.raised_by_id, tickets.customer_id, has, tickets.ticket_type,
    CASE kind WHEN 'assigned' THEN tickets.customer_id END, CASE kind WHEN 'assigned' THEN had END,
    CASE kind WHEN 'assigned' THEN tickets.ticket_type END
FROM all_known JOIN tickets ON tickets.id = all_known.ticket_id
ORDER BY all_known.ticket_id, number;
UPDATE tickets SET (events, public_events, changed_at, public_changed_at) = (
    SELECT count(*), count(*), max(at), max(at) FROM ticket_events WHERE ticket_id = tickets.id
);
CREATE INDEX ticket_events_by_time ON ticket_events (at, ticket_id); -- which tickets changed last, and since when
CREATE INDEX ticket_events_of_assignments ON ticket_events (ticket_id, number) WHERE kind = 'assigned';
CREATE INDEX ticket_events_renumbered ON ticket_events (ticket_id, public_number) WHERE public_number <> number;
DROP TABLE ticket_assignments;
CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON ticket_events BEGIN
    SELECT raise(ABORT, 'Events cannot be changed');
END;

INSERT INTO rules (name) VALUES ('relations'); -- no cycles
INSERT INTO rules (name) VALUES ('tags'); -- a name is given once
INSERT INTO rules (name) VALUES ('canned_answers'); -- likewise

-- The usual roles; administrators may do all.
WITH given (role, place, resource, action) AS (VALUES
    ('admin', 1, 'tickets', 'transfer'), ('admin', 2, 'tags', 'write'), ('admin', 3, 'canned_answers', 'write'),
    ('control_room', 1, 'tags', 'write'), ('control_room', 2, 'canned_answers', 'write')
)
INSERT INTO role_permissions (role_id, resource, action, position)
SELECT roles.id, given.resource, given.action, given.place
    + coalesce((SELECT max(position) FROM role_permissions had WHERE had.role_id = roles.id), 0)
FROM given JOIN roles ON roles.name = given.role
WHERE 1 = 1
ON CONFLICT DO NOTHING;
