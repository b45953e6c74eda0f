"""`keesa`, and `python -m keesa`."""

import os
import sys

_LACKING = "Keesa needs Python 3.11 or later, and a system with POSIX's locks and signals: Linux (macOS is untried)."
_ON_WINDOWS = "On Windows it runs in WSL or in a container."


def main() -> None:
    """Say in a sentence where it cannot run; what follows could not even be imported there."""
    if os.name != "posix":
        sys.exit("keesa: " + _LACKING + " " + _ON_WINDOWS)
    if sys.version_info < (3, 11):  # noqa: UP036 - a source folder on the path knows no requires-python
        sys.exit("keesa: " + _LACKING + " This is Python " + sys.version.split()[0])
    from keesa.cli import run  # noqa: PLC0415 - see above

    run()


if __name__ == "__main__":
    main()
