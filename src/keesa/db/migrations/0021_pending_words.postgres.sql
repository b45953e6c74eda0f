-- compatible: 21
-- What has become of tickets' words, until it is in the index (docs/decisions/0063-search-index.md). A program of before
-- would not find it, and would write into rows that others stand for.

-- One row for each of `ticket_words` that is another one now, or is new.
CREATE TABLE pending_words (
    place BIGINT PRIMARY KEY, -- that of the row
    anew INTEGER NOT NULL, -- 1: the vector stands in place of the row's; 0: behind it
    head TEXT, -- in place of that in the vector, as a vector is written; null: that one stays
    vector tsvector NOT NULL,
    pieces TEXT NOT NULL,
    words INTEGER NOT NULL,
    most INTEGER NOT NULL
) WITH (toast_tuple_target = 8160); -- what is soon gone need not be compressed

-- Who serves works with it too.
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
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON pending_words TO %s', grantee);
    END LOOP;
END
$$;

-- Reports keep some of their counts in another form: all tickets are counted once more (keesa.reports.recounting).
INSERT INTO settings (name, value)
SELECT 'reports.recounted', 'nothing' WHERE EXISTS (SELECT 1 FROM report_counts);
