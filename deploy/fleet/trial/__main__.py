"""`make fleet`: three databases under Patroni, PgBouncer, HAProxy and two Keesa nodes on loopback, put to their faults.

    make fleet ARGS="--only switchover,primary"

Needs root and Debian 12, whose packages it installs (and starts none). Ends with status 1 where anything acknowledged
is lost or doubled, a read went back in time, or writes were away for too long. --write puts the figures into
docs/fleet.md.
"""

import argparse
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.programs import Unavailable
from deploy.fleet.trial.faults import FAULTS
from deploy.fleet.trial.fleet import running
from deploy.fleet.trial.install import install, versions
from deploy.fleet.trial.rehearsal import Outcome, Rehearsal
from deploy.fleet.trial.report import table, written

PAGE: Final = Path("docs/fleet.md")


def main() -> None:
    options = _options()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)  # everything that runs ends too
    folder = Path(tempfile.mkdtemp(prefix="keesa-fleet-", dir="/tmp"))  # where other users can enter
    try:
        install(folder / "packages")
        outcomes = _rehearse(folder, options.only)
    except Unavailable as reason:
        sys.exit(str(reason))
    except KeyboardInterrupt:
        sys.exit("Broken off: nothing is left of the fleet")
    except BaseException:
        options.keep = True
        raise
    finally:
        if not options.keep:
            shutil.rmtree(folder)
        else:
            print(f"The fleet's files and logs are in {folder}", file=sys.stderr)
    _tell(outcomes, write=options.write)


def _rehearse(folder: Path, names: Sequence[str]) -> list[Outcome]:
    outcomes = []
    with running(folder) as fleet:
        print(f"The fleet is up: {', '.join(fleet.desks)}", file=sys.stderr)
        rehearsal = Rehearsal(fleet)
        for name in names:
            outcome = rehearsal.put_to(FAULTS[name])
            outcomes.append(outcome)
            print(table([outcome]).splitlines()[-1], *outcome.faults[:20], sep="\n", file=sys.stderr, flush=True)
    return outcomes


def _tell(outcomes: Sequence[Outcome], *, write: bool) -> None:
    """Exits with status 1 where something is not as it must be."""
    figures = f"{versions()}.\n\n{table(outcomes)}"
    print(figures)
    if write:
        PAGE.write_text(written(PAGE.read_text("utf-8"), figures), "utf-8")
    if any(outcome.faults for outcome in outcomes):
        sys.exit(1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fleet", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", type=_faults, default=tuple(FAULTS), help=f"of {', '.join(FAULTS)}")
    parser.add_argument("--write", action="store_true", help=f"put the figures into {PAGE}")
    parser.add_argument("--keep", action="store_true", help="keep the folder with all files and logs")
    return parser.parse_args()


def _faults(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := [name for name in names if name not in FAULTS]:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none: these are {', '.join(FAULTS)}")
    return names


if __name__ == "__main__":
    main()
