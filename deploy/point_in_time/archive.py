"""How far the archive has come, while clients write."""

import time
from typing import Final

from deploy.trial.kept import Connection
from deploy.trial.processes import wait_until

PATIENCE: Final = 150.0
"""Seconds for a segment to be finished and handed over: more than two `archive_timeout`."""
_STATE: Final = """
SELECT pg_walfile_name(pg_current_wal_insert_lsn()),
    (SELECT last_archived_wal FROM pg_stat_archiver WHERE length(last_archived_wal) = 24)
"""


class Archive:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._passed: list[tuple[float, str]] = []
        self.timeline = 0
        self.reaches = 0.0
        """All that was acknowledged before this time stands in segments that the archive has."""

    def look(self) -> None:
        """What was acknowledged before now stands in the segment that is being written, or in one before it."""
        now = time.time()
        [[writing, archived]] = self._connection.execute(_STATE).fetchall()
        self._passed.append((now, writing))
        self.timeline = int(writing[:8], 16)
        if archived:
            self.reaches = max((at for at, segment in self._passed if segment <= archived), default=self.reaches)

    def look_for(self, seconds: float) -> None:
        """Again and again."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.look()
            time.sleep(0.2)

    def wait_for(self, moment: float) -> None:
        """Until it has what was acknowledged before the moment."""

        def has_come() -> bool:
            self.look()
            return self.reaches > moment

        wait_until("the archive goes on", has_come, PATIENCE)
