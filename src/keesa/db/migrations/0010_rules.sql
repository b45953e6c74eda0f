-- A row for each rule over several rows that has no row of its own to hold (docs/decisions/0028-writes-side-by-side.md).
-- They are never changed: who writes under a rule locks its row.

CREATE TABLE rules (
    name TEXT PRIMARY KEY
);
INSERT INTO rules (name) VALUES ('users'), ('roles'), ('products'), ('ticket_types'), ('ticket_categories');
