-- compatible: 8
-- Permissions as rows, so that a migration can give one, and the user that Keesa itself is
-- (docs/decisions/0006-who-may-do-what.md). A program that reads the column of before finds it gone.

CREATE TABLE role_permissions (
    role_id BIGINT NOT NULL REFERENCES roles (id),
    resource TEXT NOT NULL,
    action TEXT NOT NULL,
    position INTEGER NOT NULL, -- among the role's: tokens tell them in this order
    PRIMARY KEY (role_id, resource, action)
);

-- Read as it was until now: of a resource that is named twice the last list counts, in the first one's place, and of an action
-- the first. Left behind are resources without an action, what is no list or no text, and texts of more than 255 characters
-- or with half a character or NUL, which is read as U+FFFD: SQLite's JSON would end the text there.
WITH stored AS (
    SELECT id AS role_id, replace(
        replace(replace(permissions, '\\', char(1)), '\u0000', '\ufffd'), char(1), '\\'
    ) AS permissions
    FROM roles WHERE typeof(permissions) = 'text'
), objects AS (
    SELECT role_id, CASE WHEN json_valid(permissions) THEN
        CASE json_type(permissions) WHEN 'object' THEN permissions ELSE '{}' END
    ELSE '{}' END AS permissions
    FROM stored
), resources AS (
    SELECT objects.role_id, each.key AS resource, each.type, each.value AS actions, each.id AS place,
        min(each.id) OVER same AS first_place, max(each.id) OVER same AS last_place
    FROM objects, json_each(objects.permissions) AS each WINDOW same AS (PARTITION BY objects.role_id, each.key)
), listed AS (
    SELECT resources.role_id, resources.resource, each.value AS action, min(resources.first_place) AS first_place, min(each.key) AS place
    FROM resources, json_each(CASE resources.type WHEN 'array' THEN resources.actions ELSE '[]' END) AS each
    WHERE resources.place = resources.last_place AND each.type = 'text'
    GROUP BY resources.role_id, resources.resource, each.value
)
INSERT INTO role_permissions (role_id, resource, action, position)
SELECT role_id, resource, action, row_number() OVER (PARTITION BY role_id ORDER BY first_place, place)
FROM listed
WHERE length(resource) <= 255 AND length(action) <= 255
    AND resource NOT GLOB '*[' || char(65533) || ']*' AND action NOT GLOB '*[' || char(65533) || ']*';

ALTER TABLE roles DROP COLUMN permissions;

CREATE TRIGGER accounts_of_given_permissions AFTER INSERT ON role_permissions BEGIN
    UPDATE desk_revisions SET accounts = $new_revision;
END;
CREATE TRIGGER accounts_of_changed_permissions AFTER UPDATE ON role_permissions BEGIN
    UPDATE desk_revisions SET accounts = $new_revision;
END;
CREATE TRIGGER accounts_of_taken_permissions AFTER DELETE ON role_permissions BEGIN
    UPDATE desk_revisions SET accounts = $new_revision;
END;

-- Who acts where nobody does: `SYSTEM` in accounts/actors.py. No login finds the address, as it has a capital letter and no @.
INSERT INTO users (id, email, full_name, nick_name, user_type, password_hash, disabled_at, created_at)
VALUES (0, '(Keesa itself)', 'Keesa', 'Keesa', 'admin', '!', 0, 0);
