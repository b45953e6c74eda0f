-- compatible: 9
-- stops: readers
-- Customers that change and retire; programs before this would raise tickets for those that are retired.

ALTER TABLE customers ADD COLUMN revision BIGINT NOT NULL DEFAULT 1; -- another one after each change, whoever makes it
ALTER TABLE customers ADD COLUMN retired_at BIGINT; -- null: in use

CREATE FUNCTION draw_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.revision := $new_revision;
    RETURN NEW;
END
$$;
CREATE TRIGGER revision_of_customers
    BEFORE UPDATE OF name, contact_name, contact_number, contact_phone, retired_at ON customers
    FOR EACH ROW
    WHEN ((OLD.name, OLD.contact_name, OLD.contact_number, OLD.contact_phone, OLD.retired_at)
        IS DISTINCT FROM (NEW.name, NEW.contact_name, NEW.contact_number, NEW.contact_phone, NEW.retired_at))
    EXECUTE FUNCTION draw_revision();

-- The usual roles may look customers up; administrators may change them.
INSERT INTO role_permissions (role_id, resource, action, position)
SELECT roles.id, 'customers', 'read', coalesce(max(given.position) + 1, 0)
FROM roles LEFT JOIN role_permissions given ON given.role_id = roles.id
WHERE roles.name IN ('admin', 'control_room', 'engineer', 'customer') GROUP BY roles.id
ON CONFLICT DO NOTHING;
INSERT INTO role_permissions (role_id, resource, action, position)
SELECT roles.id, 'customers', 'write', coalesce(max(given.position) + 1, 0)
FROM roles LEFT JOIN role_permissions given ON given.role_id = roles.id
WHERE roles.name = 'admin' GROUP BY roles.id
ON CONFLICT DO NOTHING;
