"""Keesa with one commit for each write, to see what its commits in groups on SQLite are worth.

.venv/bin/python -m bench.ungrouped serve …
"""

from unittest.mock import patch

from keesa.__main__ import main
from keesa.db import grouping

if __name__ == "__main__":
    with patch.object(grouping, "GROUP", 1):
        main()
