-- compatible: 11
-- Which desk this is, and whether it began anew from an older state: a back-up that was restored
-- (docs/decisions/0030-back-ups.md). A program that does not know the table hands out cursors and conditions as before.

CREATE TABLE desk (
    id BIGINT NOT NULL, -- the same in all its back-ups
    epoch BIGINT NOT NULL, -- 0 at first; another one, at random, each time that the desk begins anew
    began_at BIGINT, -- when it last did; null: never
    sending_paused_at BIGINT -- since when nothing is sent to the world outside; null: it sends
);
INSERT INTO desk (id, epoch) VALUES ($new_revision, 0);
