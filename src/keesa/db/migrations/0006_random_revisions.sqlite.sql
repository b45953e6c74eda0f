-- compatible: 5
-- Revisions are drawn, not counted: one that an undone write had is never given again (docs/decisions/0012-lists-from-keys.md).

DROP TRIGGER names_of_users;
DROP TRIGGER names_of_customers;
DROP TRIGGER accounts_of_users;
DROP TRIGGER accounts_of_roles;
DROP TRIGGER accounts_of_given_roles;
DROP TRIGGER accounts_of_changed_roles;
DROP TRIGGER accounts_of_taken_roles;
DROP TRIGGER accounts_of_given_types;
DROP TRIGGER accounts_of_changed_types;
DROP TRIGGER accounts_of_taken_types;

CREATE TRIGGER names_of_users AFTER UPDATE OF full_name, nick_name ON users BEGIN
    UPDATE desk_revisions SET names = $new_revision;
END;
CREATE TRIGGER names_of_customers AFTER UPDATE OF name ON customers BEGIN
    UPDATE desk_revisions SET names = $new_revision;
END;

CREATE TRIGGER accounts_of_users
AFTER UPDATE OF email, full_name, nick_name, user_type, customer_id, disabled_at ON users BEGIN
    UPDATE desk_revisions SET accounts = $new_revision;
END;
CREATE TRIGGER accounts_of_roles AFTER UPDATE ON roles BEGIN
    UPDATE desk_revisions SET accounts = $new_revision;
END;
CREATE TRIGGER accounts_of_given_roles AFTER INSERT ON user_roles BEGIN
    UPDATE desk_revisions SET accounts = $new_revision;
END;
CREATE TRIGGER accounts_of_changed_roles AFTER UPDATE ON user_roles BEGIN
    UPDATE desk_revisions SET accounts = $new_revision;
END;
CREATE TRIGGER accounts_of_taken_roles AFTER DELETE ON user_roles BEGIN
    UPDATE desk_revisions SET accounts = $new_revision;
END;
CREATE TRIGGER accounts_of_given_types AFTER INSERT ON role_ticket_types BEGIN
    UPDATE desk_revisions SET accounts = $new_revision;
END;
CREATE TRIGGER accounts_of_changed_types AFTER UPDATE ON role_ticket_types BEGIN
    UPDATE desk_revisions SET accounts = $new_revision;
END;
CREATE TRIGGER accounts_of_taken_types AFTER DELETE ON role_ticket_types BEGIN
    UPDATE desk_revisions SET accounts = $new_revision;
END;
