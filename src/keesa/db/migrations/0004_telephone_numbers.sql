-- compatible: 1
-- stops: readers
-- Telephone numbers as they were written, null where the integer beside it says it all
-- (docs/decisions/0021-telephone-numbers.md).

ALTER TABLE customers ADD COLUMN contact_phone TEXT;
ALTER TABLE tickets ADD COLUMN contact_phone TEXT;
