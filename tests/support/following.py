"""Cursors of the feed, as the server seals them: of the last event that there is; and answers without theirs."""

import re
from typing import Final

from account_rows import actor_of
from cast import SECRET
from keesa import desk
from keesa.api.feed_cursors import LENGTH, FeedCursors
from keesa.db import Database
from keesa.feed.positions import last_position


def cursor_of(database: Database, user_id: int) -> str:
    """With it the user is told what happens from now on."""
    position, epoch = database.read(lambda tx: (last_position(tx), desk.find(tx).epoch))
    return FeedCursors(SECRET.encode()).seal(position, actor_of(database, user_id), epoch)


def without_cursors(answer: bytes) -> bytes:
    """Of two answers that are otherwise the same each has cursors of its own."""
    return _A_CURSOR.sub(b"", answer)


_A_CURSOR: Final = re.compile(rb'(?<=["=])[A-Za-z0-9_-]{%d}(?=["&>])' % LENGTH)
