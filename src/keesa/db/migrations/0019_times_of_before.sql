-- takes: 60
-- batches: tickets 5000
-- When the tickets of before were closed and first answered, as their events tell. One that no event closed was closed when it was
-- raised.
UPDATE tickets SET
    closed_at = CASE status WHEN 'closed' THEN coalesce((
        SELECT CASE WHEN told.at > tickets.raised_at THEN told.at ELSE tickets.raised_at END
        FROM ticket_events told
        WHERE told.ticket_id = tickets.id AND told.kind = 'status'
            AND told.changes LIKE '%"status":[%,"closed"]%' AND told.changes NOT LIKE '%"status":["closed",%'
        ORDER BY told.number DESC LIMIT 1
    ), raised_at) END,
    first_answer_at = (
        SELECT told.at FROM ticket_events told JOIN users ON users.id = told.actor_id
        WHERE told.ticket_id = tickets.id AND told.kind = 'note_added' AND told.public_number IS NOT NULL
            AND told.number > tickets.public_since AND users.user_type <> 'customer'
        ORDER BY told.number LIMIT 1
    )
WHERE id > :after AND id <= :upto AND (status = 'closed' OR public_events > 1)
