-- The reference lists of the documents, and the three further categories that the 2024 samples use.

-- An empty table gives the documents' ids 1 to 24 in this order.
INSERT INTO products (name) VALUES
    ('PABX'),
    ('Switch'),
    ('Router'),
    ('WIFI'),
    ('DATA'),
    ('GPON'),
    ('Networks - Admin'),
    ('Networks - Staff'),
    ('Networks - Guest'),
    ('CCTV Network'),
    ('CCTV Servers'),
    ('iHTV'),
    ('Survey'),
    ('CATV'),
    ('TEL NETWORK'),
    ('CORE NETWORK'),
    ('IPTV'),
    ('GATEWAY'),
    ('Rejected - NWR'),
    ('Access Control'),
    ('Pending Classification'),
    ('School Network'),
    ('DJA Network'),
    ('Eco');

INSERT INTO ticket_types (key, name, position) VALUES
    ('roc_support', 'ROC Support', 1),
    ('project_support', 'Project Support', 2),
    ('remote_support', 'Remote PMC', 3),
    ('cross_department_support', 'Cross Department Support', 4),
    ('customer_support', 'Customer Support', 5),
    ('eco_support', 'Eco Support', 6),
    ('routine_maintenance', 'Routine Maintenance', 7);

INSERT INTO ticket_categories (key, name, position) VALUES
    ('service_order', 'Service Order', 1),
    ('fault', 'Fault', 2),
    ('survey', 'Survey', 3),
    ('network', 'Network', 4),
    ('hardware', 'Hardware', 5),
    ('software', 'Software', 6);

INSERT INTO statuses (key, position) VALUES
    ('open', 0),
    ('in_progress', 1),
    ('on_hold', 2),
    ('closed', 3);

-- The desk's usual roles; their ticket types are the operator's to choose, but for those who work on all.

INSERT INTO roles (name, permissions) VALUES
    ('admin', '{"projects": ["read", "write"], "tickets": ["read", "write"]}'),
    ('control_room', '{"projects": ["read"], "tickets": ["read", "write"]}'),
    ('engineer', '{"projects": ["read"], "tickets": ["read", "write"]}'),
    ('customer', '{"tickets": ["read", "write"]}'),
    ('bot', '{"tickets": ["read", "write"]}');

INSERT INTO role_ticket_types (role_id, ticket_type)
SELECT roles.id, ticket_types.key FROM roles CROSS JOIN ticket_types WHERE roles.name IN ('admin', 'control_room');
