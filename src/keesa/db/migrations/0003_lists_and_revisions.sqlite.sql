-- compatible: 1
-- takes: 6
-- What caches are checked by, and the one index that lists still lack (docs/decisions/0012-lists-from-keys.md).

CREATE TABLE desk_revisions (
    names BIGINT NOT NULL, -- moves when the name of any user or customer changes
    accounts BIGINT NOT NULL -- moves when what any user is or may do changes
);
INSERT INTO desk_revisions (names, accounts) VALUES (1, 1);

CREATE INDEX tickets_by_type_and_category ON tickets (ticket_type, category, raised_at, id);

CREATE TRIGGER names_of_users AFTER UPDATE OF full_name, nick_name ON users BEGIN
    UPDATE desk_revisions SET names = names + 1;
END;
CREATE TRIGGER names_of_customers AFTER UPDATE OF name ON customers BEGIN
    UPDATE desk_revisions SET names = names + 1;
END;

CREATE TRIGGER accounts_of_users
AFTER UPDATE OF email, full_name, nick_name, user_type, customer_id, disabled_at ON users BEGIN
    UPDATE desk_revisions SET accounts = accounts + 1;
END;
CREATE TRIGGER accounts_of_roles AFTER UPDATE ON roles BEGIN
    UPDATE desk_revisions SET accounts = accounts + 1;
END;
CREATE TRIGGER accounts_of_given_roles AFTER INSERT ON user_roles BEGIN
    UPDATE desk_revisions SET accounts = accounts + 1;
END;
CREATE TRIGGER accounts_of_changed_roles AFTER UPDATE ON user_roles BEGIN
    UPDATE desk_revisions SET accounts = accounts + 1;
END;
CREATE TRIGGER accounts_of_taken_roles AFTER DELETE ON user_roles BEGIN
    UPDATE desk_revisions SET accounts = accounts + 1;
END;
CREATE TRIGGER accounts_of_given_types AFTER INSERT ON role_ticket_types BEGIN
    UPDATE desk_revisions SET accounts = accounts + 1;
END;
CREATE TRIGGER accounts_of_changed_types AFTER UPDATE ON role_ticket_types BEGIN
    UPDATE desk_revisions SET accounts = accounts + 1;
END;
CREATE TRIGGER accounts_of_taken_types AFTER DELETE ON role_ticket_types BEGIN
    UPDATE desk_revisions SET accounts = accounts + 1;
END;
