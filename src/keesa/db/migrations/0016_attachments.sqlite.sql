-- compatible: 14
-- stops: readers
-- Pictures and files of tickets (docs/decisions/0058-attachments.md), and uploads that resume (0062-resumable-uploads.md).
-- A program of before shows and sends none, and works beside one that does.

-- What was sent, once for each customer; its bytes lie in the folder `place` where files are kept (0060-where-files-lie.md).
CREATE TABLE stored_files (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id BIGINT NOT NULL REFERENCES customers (id), -- whose it was when it came: nobody else's is compared with it
    sum TEXT NOT NULL, -- SHA-256 of what was sent, in hexadecimal digits
    kind TEXT NOT NULL, -- image, or file
    place TEXT NOT NULL UNIQUE, -- 32 hexadecimal digits, by chance
    media_type TEXT NOT NULL, -- of its original, as it is served
    size BIGINT NOT NULL, -- bytes of that
    width INTEGER, -- pixels of an image, upright
    height INTEGER,
    forms TEXT NOT NULL, -- a JSON object: the form's name to [media type, bytes, width, height]
    taken TEXT, -- a JSON object: where, when and with what a picture was taken, where the operator keeps that
    created_at BIGINT NOT NULL,
    UNIQUE (customer_id, sum, kind)
);

-- What hangs on a ticket, or on one of its notes: the image or file of a withdrawn note goes with it.
CREATE TABLE attachments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    note_id BIGINT, -- of ticket_notes or internal_notes, whose ids differ; null: on the ticket itself
    file_id BIGINT NOT NULL REFERENCES stored_files (id),
    kind TEXT NOT NULL, -- that of its file
    internal INTEGER NOT NULL, -- 1: it hangs on an internal note, and customers never see it
    number INTEGER NOT NULL, -- of the ticket's event that tells of it: a later customer sees none of before `public_since`
    name TEXT NOT NULL, -- as who sent it called it
    added_by_id BIGINT NOT NULL REFERENCES users (id),
    added_at BIGINT NOT NULL
);
CREATE INDEX attachments_by_ticket ON attachments (ticket_id, id);
CREATE INDEX attachments_by_note ON attachments (note_id) WHERE note_id IS NOT NULL;
CREATE INDEX attachments_by_file ON attachments (file_id);

-- Of the ticket and its duplicates, as notes are counted.
ALTER TABLE tickets ADD COLUMN attachments INTEGER NOT NULL DEFAULT 0; -- those that customers see
ALTER TABLE tickets ADD COLUMN internal_attachments INTEGER NOT NULL DEFAULT 0; -- the others

-- What arrives in several pieces.
CREATE TABLE uploads (
    id TEXT PRIMARY KEY, -- 32 hexadecimal digits, by chance
    user_id BIGINT NOT NULL REFERENCES users (id),
    length BIGINT NOT NULL, -- bytes that it will have
    received BIGINT NOT NULL DEFAULT 0, -- bytes that are there for good
    name TEXT NOT NULL, -- as who sends it calls it
    media_type TEXT NOT NULL, -- likewise
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX uploads_by_user ON uploads (user_id, expires_at);
CREATE INDEX uploads_by_expiry ON uploads (expires_at);
CREATE TABLE upload_pieces (
    upload_id TEXT NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
    start BIGINT NOT NULL, -- the number of its first byte
    size BIGINT NOT NULL,
    place TEXT NOT NULL UNIQUE, -- as of stored_files
    PRIMARY KEY (upload_id, start)
);

-- Who reads all files at this moment: until then none is swept away.
CREATE TABLE file_holds (
    name TEXT PRIMARY KEY,
    until BIGINT NOT NULL
);

CREATE TRIGGER attachments_of_withdrawn_notes AFTER UPDATE OF withdrawn_at ON ticket_notes
WHEN NEW.withdrawn_at IS NOT NULL BEGIN
    DELETE FROM attachments WHERE note_id = NEW.id;
END;
CREATE TRIGGER attachments_of_withdrawn_internal_notes AFTER UPDATE OF withdrawn_at ON internal_notes
WHEN NEW.withdrawn_at IS NOT NULL BEGIN
    DELETE FROM attachments WHERE note_id = NEW.id;
END;
