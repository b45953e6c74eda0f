-- compatible: 1
-- takes: 10
-- stops: writers
-- What caches are checked by, and the one index that lists still lack (docs/decisions/0012-lists-from-keys.md).

CREATE TABLE desk_revisions (
    names BIGINT NOT NULL, -- moves when the name of any user or customer changes
    accounts BIGINT NOT NULL -- moves when what any user is or may do changes
);
INSERT INTO desk_revisions (names, accounts) VALUES (1, 1);

CREATE INDEX tickets_by_type_and_category ON tickets (ticket_type, category, raised_at, id);

CREATE FUNCTION move_names() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE desk_revisions SET names = names + 1;
    RETURN NULL;
END
$$;
CREATE FUNCTION move_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE desk_revisions SET accounts = accounts + 1;
    RETURN NULL;
END
$$;

CREATE TRIGGER names_of_users AFTER UPDATE OF full_name, nick_name ON users
    FOR EACH STATEMENT EXECUTE FUNCTION move_names();
CREATE TRIGGER names_of_customers AFTER UPDATE OF name ON customers
    FOR EACH STATEMENT EXECUTE FUNCTION move_names();

CREATE TRIGGER accounts_of_users
    AFTER UPDATE OF email, full_name, nick_name, user_type, customer_id, disabled_at ON users
    FOR EACH STATEMENT EXECUTE FUNCTION move_accounts();
CREATE TRIGGER accounts_of_roles AFTER UPDATE ON roles
    FOR EACH STATEMENT EXECUTE FUNCTION move_accounts();
CREATE TRIGGER accounts_of_given_roles AFTER INSERT OR UPDATE OR DELETE ON user_roles
    FOR EACH STATEMENT EXECUTE FUNCTION move_accounts();
CREATE TRIGGER accounts_of_given_types AFTER INSERT OR UPDATE OR DELETE ON role_ticket_types
    FOR EACH STATEMENT EXECUTE FUNCTION move_accounts();
