-- compatible: 8
-- stops: readers
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
-- or with NUL, which is read as U+FFFD: PostgreSQL keeps none.
CREATE FUNCTION listed_permissions(stored TEXT) RETURNS TABLE (of_resource TEXT, of_action TEXT, place BIGINT)
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY WITH resources AS (
        SELECT each.key AS resource, each.value AS actions, each.number,
            min(each.number) OVER same AS first_place, max(each.number) OVER same AS last_place
        FROM json_each(CAST(
            replace(replace(replace(stored, '\\', chr(1)), '\u0000', '\ufffd'), chr(1), '\\') AS JSON
        )) WITH ORDINALITY AS each (key, value, number)
        WINDOW same AS (PARTITION BY each.key)
    ), listed AS (
        SELECT resources.resource, each.value #>> '{}' AS action, min(resources.first_place) AS first_place, min(each.number) AS number
        FROM resources, json_array_elements(
            CASE json_typeof(resources.actions) WHEN 'array' THEN resources.actions ELSE CAST('[]' AS JSON) END
        ) WITH ORDINALITY AS each (value, number)
        WHERE resources.number = resources.last_place AND json_typeof(each.value) = 'string'
        GROUP BY resources.resource, each.value #>> '{}'
    )
    SELECT listed.resource, listed.action, row_number() OVER (ORDER BY listed.first_place, listed.number)
    FROM listed
    WHERE length(listed.resource) <= 255 AND length(listed.action) <= 255
        AND strpos(listed.resource || listed.action, chr(65533)) = 0;
EXCEPTION WHEN OTHERS THEN
    NULL; -- it is no JSON, or no object: the role gives nothing, as it did
END
$$;
INSERT INTO role_permissions (role_id, resource, action, position)
SELECT roles.id, listed.of_resource, listed.of_action, listed.place
FROM roles CROSS JOIN LATERAL listed_permissions(roles.permissions) listed;
DROP FUNCTION listed_permissions(TEXT);

ALTER TABLE roles DROP COLUMN permissions;

CREATE TRIGGER accounts_of_permissions AFTER INSERT OR UPDATE OR DELETE ON role_permissions
    FOR EACH STATEMENT EXECUTE FUNCTION move_accounts();

-- Who acts where nobody does: `SYSTEM` in accounts/actors.py. No login finds the address, as it has a capital letter and no @.
INSERT INTO users (id, email, full_name, nick_name, user_type, password_hash, disabled_at, created_at)
VALUES (0, '(Keesa itself)', 'Keesa', 'Keesa', 'admin', '!', 0, 0);
