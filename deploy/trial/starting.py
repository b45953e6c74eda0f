"""How a trial begins and ends: in a folder of its own, and nothing that it started is left."""

import argparse
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bench.programs import Unavailable

Result = TypeVar("Result")


def options_of(name: str, description: str | None, page: Path) -> argparse.ArgumentParser:
    """With what every trial takes."""
    parser = argparse.ArgumentParser(prog=name, description=description, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"put the figures into {page}")
    parser.add_argument("--keep", action="store_true", help="keep the folder with all files and logs")
    return parser


def in_a_folder(name: str, work: Callable[[Path], Result], *, keep: bool) -> Result:
    """What `work` returns. The folder is kept where it fails; exits where this machine cannot, or a signal comes."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)  # everything that runs ends too
    folder = Path(tempfile.mkdtemp(prefix=f"keesa-{name}-", dir="/tmp"))  # where other users can enter
    folder.chmod(0o755)
    try:
        return work(folder)
    except Unavailable as reason:
        sys.exit(str(reason))
    except KeyboardInterrupt:
        sys.exit("Broken off: nothing that it started is left")
    except BaseException:
        keep = True
        raise
    finally:
        if keep:
            print(f"Its files and logs are in {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder)
