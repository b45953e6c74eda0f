"""The commit that is checked out beside an older one: is any endpoint slower than it was?

    make bench ARGS="--beside REV [--engine sqlite|postgres|both] [--rows list-admin,create] [--turns 20]"

`commits.py` sets both up, `desks.py` gives each a copy of the same desk and serves it, `measuring.py` asks them in
turns, `verdicts.py` says what "slower" is, `running.py` goes through engines and rows, `telling.py` shows the result.
docs/decisions/0025-beside.md tells why it is done so.
"""

from bench.beside.running import Effort, run

__all__ = ["Effort", "run"]
