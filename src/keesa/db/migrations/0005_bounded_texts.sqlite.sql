-- compatible: 5
-- takes: 50
-- What bounds texts where they are shown (docs/decisions/0016-bounded-texts.md). A program that does not know the columns
-- would not keep them right, and must not write.

ALTER TABLE tickets ADD COLUMN description_size BIGINT NOT NULL DEFAULT 0; -- bytes of UTF-8
ALTER TABLE tickets ADD COLUMN notes_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN notes_size BIGINT NOT NULL DEFAULT 0; -- bytes of UTF-8, of all notes together

UPDATE tickets SET
    description_size = length(CAST(description AS BLOB)),
    (notes_count, notes_size) = (
        SELECT count(*), coalesce(sum(length(CAST(body AS BLOB))), 0) FROM ticket_notes WHERE ticket_id = tickets.id
    );

-- What was kept before texts had a bound, and is longer than it: 131,072 characters.
CREATE TABLE long_texts (
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    note_id BIGINT REFERENCES ticket_notes (id), -- null: the ticket's description
    body TEXT NOT NULL -- as it was before it was cut
);
INSERT INTO long_texts (ticket_id, note_id, body)
SELECT ticket_id, id, body FROM ticket_notes
WHERE ticket_id IN (SELECT id FROM tickets WHERE notes_size > 131072) AND length(body) > 131072;
INSERT INTO long_texts (ticket_id, note_id, body)
SELECT id, NULL, description FROM tickets WHERE description_size > 131072 AND length(description) > 131072;

UPDATE ticket_notes
SET body = replace(replace(replace(substr(body, 1, 4000), '&', '&amp;'), '<', '&lt;'), '>', '&gt;')
    || '… (This text was too long to be shown. The whole of it is in the database, in the table long_texts.)'
WHERE id IN (SELECT note_id FROM long_texts);
UPDATE tickets
SET description = replace(replace(replace(substr(description, 1, 4000), '&', '&amp;'), '<', '&lt;'), '>', '&gt;')
    || '… (This text was too long to be shown. The whole of it is in the database, in the table long_texts.)'
WHERE id IN (SELECT ticket_id FROM long_texts WHERE note_id IS NULL);

UPDATE tickets SET
    revision = $new_revision,
    description_size = length(CAST(description AS BLOB)),
    (notes_count, notes_size) = (
        SELECT count(*), coalesce(sum(length(CAST(body AS BLOB))), 0) FROM ticket_notes WHERE ticket_id = tickets.id
    )
WHERE id IN (SELECT ticket_id FROM long_texts);
