-- takes: 15
-- stops: writers
-- What reports count (docs/decisions/0066-reports.md). All tickets there are begin as differences, which a job folds.

-- What became another one and is not folded yet: the ticket as it was, and as it is.
CREATE TABLE report_changes (
    id $identity,
    sign INTEGER NOT NULL, -- 1: there is such a ticket; -1: there is no more
    raised_at BIGINT NOT NULL,
    closed_at BIGINT,
    first_answer_at BIGINT,
    ticket_type TEXT,
    category TEXT,
    product_id BIGINT NOT NULL,
    priority INTEGER NOT NULL,
    customer_id BIGINT NOT NULL,
    eco_id BIGINT,
    assigned_to_id BIGINT
);

-- How many there are, as folded so far.
CREATE TABLE report_counts (
    scope TEXT NOT NULL, -- whose: `type …` of a ticket type, `customer …` of a customer
    part TEXT NOT NULL, -- by what: a column of tickets, `day`, `times`; all of it together of a customer
    month TEXT NOT NULL, -- 2026-03, in the desk's zone; empty: of what is open now
    counts TEXT NOT NULL, -- a JSON object: such as `category raised`, to value, to how many
    PRIMARY KEY (scope, part, month)
);
INSERT INTO rules (name) VALUES ('reports'); -- each difference is folded once

CREATE FUNCTION keep_for_reports() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO report_changes (sign, raised_at, closed_at, first_answer_at, ticket_type, category, product_id, priority, customer_id, eco_id, assigned_to_id)
    VALUES (-1, OLD.raised_at, OLD.closed_at, OLD.first_answer_at, OLD.ticket_type, OLD.category, OLD.product_id, OLD.priority, OLD.customer_id, OLD.eco_id, OLD.assigned_to_id);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO report_changes (sign, raised_at, closed_at, first_answer_at, ticket_type, category, product_id, priority, customer_id, eco_id, assigned_to_id)
    VALUES (1, NEW.raised_at, NEW.closed_at, NEW.first_answer_at, NEW.ticket_type, NEW.category, NEW.product_id, NEW.priority, NEW.customer_id, NEW.eco_id, NEW.assigned_to_id);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER tickets_come_to_reports AFTER INSERT OR DELETE ON tickets
    FOR EACH ROW EXECUTE FUNCTION keep_for_reports();
CREATE TRIGGER tickets_change_in_reports
    AFTER UPDATE OF raised_at, closed_at, first_answer_at, ticket_type, category, product_id, priority, customer_id, eco_id, assigned_to_id ON tickets
    FOR EACH ROW
    WHEN (OLD.raised_at IS DISTINCT FROM NEW.raised_at OR OLD.closed_at IS DISTINCT FROM NEW.closed_at OR OLD.first_answer_at IS DISTINCT FROM NEW.first_answer_at OR OLD.ticket_type IS DISTINCT FROM NEW.ticket_type
        OR OLD.category IS DISTINCT FROM NEW.category OR OLD.product_id IS DISTINCT FROM NEW.product_id OR OLD.priority IS DISTINCT FROM NEW.priority
        OR OLD.customer_id IS DISTINCT FROM NEW.customer_id OR OLD.eco_id IS DISTINCT FROM NEW.eco_id OR OLD.assigned_to_id IS DISTINCT FROM NEW.assigned_to_id)
    EXECUTE FUNCTION keep_for_reports();
INSERT INTO report_changes (sign, raised_at, closed_at, first_answer_at, ticket_type, category, product_id, priority, customer_id, eco_id, assigned_to_id) SELECT 1, raised_at, closed_at, first_answer_at, ticket_type, category, product_id, priority, customer_id, eco_id, assigned_to_id FROM tickets ORDER BY id;

-- The usual roles; administrators may do all.
WITH given (role) AS (VALUES ('admin'), ('control_room'), ('engineer'), ('customer'))
INSERT INTO role_permissions (role_id, resource, action, position)
SELECT roles.id, 'reports', 'read',
    1 + coalesce((SELECT max(position) FROM role_permissions had WHERE had.role_id = roles.id), 0)
FROM given JOIN roles ON roles.name = given.role
WHERE 1 = 1
ON CONFLICT DO NOTHING;

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
        EXECUTE format('GRANT SELECT, INSERT, DELETE ON report_changes TO %s', grantee);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON report_counts TO %s', grantee);
    END LOOP;
END
$$;
