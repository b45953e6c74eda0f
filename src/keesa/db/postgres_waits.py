"""How long PostgreSQL is waited for."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Waits:
    """In seconds."""

    patience: float = 10.0
    """For a connection to be made or to be free, and for a lock."""
    answer: float = 15.0
    """For a statement; then the server is taken to be gone."""
    statement: float = 12.0
    """After which the server itself ends one."""
    longest: float = 60.0
    """For all of a work that has begun."""
    migration: float = 3600.0
    """For one statement of a migration, and for the end of another process's."""
    hurry: float = 0.5
    """For a lock that a migration needs: whoever comes after it waits behind it, readers too."""
    pause: float = 1.0
    """Between two tries of a migration for its locks, in which those others go on."""
    tries: float = 300.0
    """For all of these tries."""

    def settings(self, *, migrating: bool = False) -> Mapping[str, str]:
        """Of each connection, or of each transaction where a pooler stands between."""
        made: dict[str, str] = {
            "synchronous_commit": "on",
            "max_parallel_workers_per_gather": "0",  # many small queries; and UNION ALL keeps the order of its parts
            "plan_cache_mode": "force_generic_plan",  # planning a list costs more than running it
            "lock_timeout": _milliseconds(self.patience),
            "statement_timeout": _milliseconds(self.statement),
            # a node that hangs must not hold the others' locks
            "idle_in_transaction_session_timeout": _milliseconds(self.patience),
        }
        return {**made, **self._of_a_migration()} if migrating else made

    def _of_a_migration(self) -> Mapping[str, str]:
        return {
            "lock_timeout": _milliseconds(self.hurry),
            "statement_timeout": "0",
            "client_connection_check_interval": "500ms",  # of one that was killed the server undoes what is under way
        }


def _milliseconds(seconds: float) -> str:
    return f"{int(seconds * 1000)}ms"
