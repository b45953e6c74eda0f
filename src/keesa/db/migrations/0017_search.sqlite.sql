-- compatible: 17
-- What tickets are found by (docs/decisions/0063-search-index.md). A program of before would write what nobody finds.

-- The words of a ticket: one row, and one more for each thousand words.
CREATE TABLE ticket_words (
    place INTEGER PRIMARY KEY, -- of the ticket's number among all, and of the row among the ticket's (words/places.py)
    head TEXT NOT NULL, -- of what stands in each of the ticket's rows: title, number, reference, contact, whose it is
    said TEXT NOT NULL, -- of the description and of notes that customers see
    internal TEXT NOT NULL, -- of the other notes
    pieces TEXT NOT NULL, -- a JSON list: of what, in this order
    words INTEGER NOT NULL, -- that there are in `said` and `internal`
    most INTEGER NOT NULL -- times that one word may stand in the row, at the most
);
-- Words stand with blanks between them and were made by the program: the tokenizer has nothing to decide.
CREATE VIRTUAL TABLE ticket_search USING fts5 (
    head, said, internal,
    content = 'ticket_words', content_rowid = 'place', columnsize = 0, tokenize = 'ascii', prefix = '2 3'
);
CREATE TRIGGER ticket_words_come AFTER INSERT ON ticket_words BEGIN
    INSERT INTO ticket_search (rowid, head, said, internal) VALUES (NEW.place, NEW.head, NEW.said, NEW.internal);
END;
CREATE TRIGGER ticket_words_go AFTER DELETE ON ticket_words BEGIN
    INSERT INTO ticket_search (ticket_search, rowid, head, said, internal)
    VALUES ('delete', OLD.place, OLD.head, OLD.said, OLD.internal);
END;
CREATE TRIGGER ticket_words_change AFTER UPDATE OF head, said, internal ON ticket_words BEGIN
    INSERT INTO ticket_search (ticket_search, rowid, head, said, internal)
    VALUES ('delete', OLD.place, OLD.head, OLD.said, OLD.internal);
    INSERT INTO ticket_search (rowid, head, said, internal) VALUES (NEW.place, NEW.head, NEW.said, NEW.internal);
END;

-- The words of the names of customers and ECOs, which tickets are found by, too.
CREATE TABLE name_words (
    place INTEGER PRIMARY KEY, -- twice the id, and one more of an ECO
    name TEXT NOT NULL
);
CREATE VIRTUAL TABLE name_search USING fts5 (
    name, content = 'name_words', content_rowid = 'place', columnsize = 0, tokenize = 'ascii', prefix = '2 3'
);
CREATE TRIGGER name_words_come AFTER INSERT ON name_words BEGIN
    INSERT INTO name_search (rowid, name) VALUES (NEW.place, NEW.name);
END;
CREATE TRIGGER name_words_go AFTER DELETE ON name_words BEGIN
    INSERT INTO name_search (name_search, rowid, name) VALUES ('delete', OLD.place, OLD.name);
END;
CREATE TRIGGER name_words_change AFTER UPDATE OF name ON name_words BEGIN
    INSERT INTO name_search (name_search, rowid, name) VALUES ('delete', OLD.place, OLD.name);
    INSERT INTO name_search (rowid, name) VALUES (NEW.place, NEW.name);
END;

-- An empty desk has nothing to fill in; any other is filled while it runs (keesa.words.filling).
INSERT INTO settings (name, value)
SELECT 'search index', '{"whole": true}'
WHERE NOT EXISTS (SELECT 1 FROM tickets) AND NOT EXISTS (SELECT 1 FROM customers);
