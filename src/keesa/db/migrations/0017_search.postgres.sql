-- compatible: 17
-- What tickets are found by (docs/decisions/0063-search-index.md). A program of before would write what nobody finds.

-- The words of a ticket: one row, and one more for each thousand words.
CREATE TABLE ticket_words (
    place BIGINT PRIMARY KEY, -- of the ticket's number among all, and of the row among the ticket's (words/places.py)
    -- Made by the program, no parser of the database's. Weight A: what stands in each of the ticket's rows, which are
    -- title, number, reference, contact, whose it is; B: the description and notes that customers see; C: other notes.
    vector tsvector NOT NULL,
    pieces TEXT NOT NULL, -- a JSON list: of what, in this order
    words INTEGER NOT NULL, -- that there are of weight B and C
    most INTEGER NOT NULL -- times that one word may stand in the row, at the most
);
-- What was written last is looked through whole, so it is little; and a write that finds it full sorts little in.
CREATE INDEX ticket_words_by_word ON ticket_words USING gin (vector) WITH (gin_pending_list_limit = 256);

-- The words of the names of customers and ECOs, which tickets are found by, too.
CREATE TABLE name_words (
    place BIGINT PRIMARY KEY, -- twice the id, and one more of an ECO
    vector tsvector NOT NULL
);
CREATE INDEX name_words_by_word ON name_words USING gin (vector) WITH (gin_pending_list_limit = 256);

-- Who serves works with them too.
DO $$
DECLARE
    serving RECORD;
    grantee TEXT;
BEGIN
    FOR serving IN
        SELECT DISTINCT g.grantee FROM information_schema.role_table_grants g
        WHERE g.table_schema = current_schema() AND g.table_name = 'tickets' AND g.privilege_type = 'INSERT'
    LOOP
        grantee := CASE serving.grantee WHEN 'PUBLIC' THEN 'PUBLIC' ELSE quote_ident(serving.grantee) END;
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ticket_words, name_words TO %s', grantee);
    END LOOP;
END
$$;

-- An empty desk has nothing to fill in; any other is filled while it runs (keesa.words.filling).
INSERT INTO settings (name, value)
SELECT 'search index', '{"whole": true}'
WHERE NOT EXISTS (SELECT 1 FROM tickets) AND NOT EXISTS (SELECT 1 FROM customers);
