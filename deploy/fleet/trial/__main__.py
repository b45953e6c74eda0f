"""`make fleet`: three databases under Patroni, PgBouncer, HAProxy and two Keesa nodes on loopback, put to their faults.

    make fleet ARGS="--only switchover,primary"

Needs root and Debian 12, whose packages it installs (and starts none). Ends with status 1 where anything acknowledged
is lost or doubled, a read went back in time, or writes were away for too long. --write puts the figures into
docs/fleet.md.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from deploy.fleet.trial.faults import FAULTS
from deploy.fleet.trial.fleet import running
from deploy.fleet.trial.rehearsal import Outcome, Rehearsal
from deploy.fleet.trial.report import table
from deploy.trial.figures import written
from deploy.trial.packages import install, versions
from deploy.trial.starting import in_a_folder, options_of

PAGE: Final = Path("docs/fleet.md")
SHOWN: Final = ("postgresql-15", "patroni", "etcd-server", "haproxy", "pgbouncer")
PACKAGES: Final = (*SHOWN, "etcd-client")


def main() -> None:
    options = _options()
    outcomes = in_a_folder("fleet", lambda folder: _rehearse(folder, options.only), keep=options.keep)
    _tell(outcomes, write=options.write)


def _rehearse(folder: Path, names: Sequence[str]) -> list[Outcome]:
    install(PACKAGES, folder / "packages")
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
    figures = f"{versions(SHOWN)}.\n\n{table(outcomes)}"
    print(figures)
    if write:
        PAGE.write_text(written(PAGE.read_text("utf-8"), "fleet", figures), "utf-8")
    if any(outcome.faults for outcome in outcomes):
        sys.exit(1)


def _options() -> argparse.Namespace:
    parser = options_of("fleet", __doc__, PAGE)
    parser.add_argument("--only", type=_faults, default=tuple(FAULTS), help=f"of {', '.join(FAULTS)}")
    return parser.parse_args()


def _faults(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := [name for name in names if name not in FAULTS]:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none: these are {', '.join(FAULTS)}")
    return names


if __name__ == "__main__":
    main()
