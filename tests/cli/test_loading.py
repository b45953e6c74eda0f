"""What a command loads before it does anything."""

import re
import subprocess
import sys

import pytest

from command import options
from live import environment
from places import Place

PARTS = {"psycopg", "pyrage", "backports.zstd", "obstore", "rich.table", "starlette", "uvloop", "httptools", "nh3"}


@pytest.mark.parametrize("command", ["user list", "check"])
def test_a_command_loads_only_what_it_needs(desk: Place, command: str) -> None:
    """PostgreSQL's driver on PostgreSQL alone, and nothing of the server, of back-ups or of tables on terminals."""
    program = [sys.executable, "-X", "importtime", "-m", "keesa", *command.split(), *options(desk)]
    done = subprocess.run(program, env=environment(), capture_output=True, text=True, timeout=60, check=False)
    loaded = re.findall(r"^import time:.*\| +(\S+)$", done.stderr, re.MULTILINE)
    assert "keesa.cli" in loaded
    assert PARTS & set(loaded) == ({"psycopg"} if desk.url else set())
