-- compatible: 11
-- stops: readers
-- Ticket numbers from a sequence, so that tickets are raised side by side: a counter's row would be held by each until its
-- commit is on the disk (docs/decisions/0008-numbers-and-positions.md). A program that counts in the table of before finds it gone.

CREATE SEQUENCE ticket_numbers;
CREATE TABLE ticket_number_bases (
    prefix TEXT PRIMARY KEY, -- '2024', or '2102' in the monthly form
    base BIGINT NOT NULL -- less than the sequence's next value by the prefix's next running number
);

SELECT setval('ticket_numbers', greatest(max(last), 1)) FROM ticket_counters;
INSERT INTO ticket_number_bases (prefix, base)
SELECT prefix, (SELECT last_value FROM ticket_numbers) - last FROM ticket_counters;
DROP TABLE ticket_counters;

-- Whoever raises tickets draws numbers.
DO $$
DECLARE
    raising RECORD;
BEGIN
    FOR raising IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
        WHERE table_schema = current_schema() AND table_name = 'tickets' AND privilege_type = 'INSERT'
    LOOP
        IF raising.grantee = 'PUBLIC' THEN
            GRANT USAGE, SELECT ON SEQUENCE ticket_numbers TO PUBLIC;
            GRANT SELECT, INSERT, UPDATE ON ticket_number_bases TO PUBLIC;
        ELSE
            EXECUTE format('GRANT USAGE, SELECT ON SEQUENCE ticket_numbers TO %I', raising.grantee);
            EXECUTE format('GRANT SELECT, INSERT, UPDATE ON ticket_number_bases TO %I', raising.grantee);
        END IF;
    END LOOP;
END
$$;
