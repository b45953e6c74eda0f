"""The files whose tests take longest, which are begun first: whoever began one of them last would be waited for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

LONGEST_FIRST: Final = (
    "api/test_schemathesis.py",
    "test_serving.py",
    "server/test_nothing_stays.py",
    "test_durability.py",
    "test_never_stale.py",
    "test_never_stale_stories.py",
    "feed/test_complete.py",
    "feed/test_a_copy_equals_the_lists.py",
    "api/test_sample_requests.py",
    "tickets/test_filtered_pages.py",
    "tickets/test_counts.py",
    "tickets/test_rows.py",
    "api/test_visibility_property.py",
    "upgrades/test_node_by_node.py",
    "uploads/test_real_clients.py",
    "test_log_files.py",
    "backup/test_commands.py",
    "test_back_up.py",
    "test_two_workers.py",
    "test_never_stale_at_once.py",
    "bench/test_limits.py",
    "test_upgrading.py",
    "bench/test_beside_desks.py",
    "test_rates_of_nodes.py",
    "jobs/test_serving_jobs.py",
    "test_behind_nginx.py",
    "db/test_pgbouncer.py",
    "test_first_hour.py",
    "db/test_connection_faults.py",
    "db/test_restored_file.py",
    "test_wheel.py",
    "api/test_bad_input.py",
    "api/test_ready.py",
    "server/test_on_the_wire.py",
    "api/test_who_sees_what.py",
    "accounts/test_login.py",
    "backup/test_kills.py",
    "db/test_stopped_migrations.py",
    "api/test_generated_clients.py",
    "cli/test_lists.py",
    "cli/test_migrate_command.py",
)


def longest_first(items: Sequence[pytest.Item], tests: Path) -> list[pytest.Item]:
    """The tests with those of the long files at the front, else in their order. Raises `UsageError` where one of the
    files is gone: its successor should stand here.
    """
    if gone := [name for name in LONGEST_FIRST if not (tests / name).exists()]:
        raise pytest.UsageError(f"tests/support/long_files.py names what is gone: {gone}")
    ranks = {tests / name: rank for rank, name in enumerate(LONGEST_FIRST)}
    return sorted(items, key=lambda item: ranks.get(item.path, len(ranks)))
