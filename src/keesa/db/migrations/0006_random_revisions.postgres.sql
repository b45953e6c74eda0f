-- compatible: 5
-- Revisions are drawn, not counted: one that an undone write had is never given again (docs/decisions/0012-lists-from-keys.md).

CREATE OR REPLACE FUNCTION move_names() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE desk_revisions SET names = $new_revision;
    RETURN NULL;
END
$$;
CREATE OR REPLACE FUNCTION move_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE desk_revisions SET accounts = $new_revision;
    RETURN NULL;
END
$$;
