-- compatible: 21
-- What has become of tickets' words, until it is in the index (docs/decisions/0063-search-index.md). A program of before
-- would not find it, and would write into rows that others stand for.

-- One row for each of `ticket_words` that is another one now, or is new.
CREATE TABLE pending_words (
    place INTEGER PRIMARY KEY, -- that of the row
    anew INTEGER NOT NULL, -- 1: the texts stand in place of the row's; 0: behind them
    head TEXT, -- in place of the row's; null: that one stays
    said TEXT NOT NULL,
    internal TEXT NOT NULL,
    pieces TEXT NOT NULL,
    words INTEGER NOT NULL,
    most INTEGER NOT NULL
);

-- Reports keep some of their counts in another form: all tickets are counted once more (keesa.reports.recounting).
INSERT INTO settings (name, value)
SELECT 'reports.recounted', 'nothing' WHERE EXISTS (SELECT 1 FROM report_counts);
