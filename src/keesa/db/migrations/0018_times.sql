-- compatible: 18
-- takes: 1
-- stops: readers
-- When tickets were closed and first answered, for reports and lists (docs/decisions/0066-reports.md). A program of before
-- would not keep these times; the next migration fills them in.

ALTER TABLE tickets ADD COLUMN closed_at BIGINT; -- of the last change to closed; null: it is not closed
ALTER TABLE tickets ADD COLUMN first_answer_at BIGINT; -- of the desk's first note that its customer sees
CREATE INDEX tickets_by_closing ON tickets (closed_at, id) WHERE closed_at IS NOT NULL;
CREATE INDEX tickets_by_first_answer ON tickets (first_answer_at, id) WHERE first_answer_at IS NOT NULL;
