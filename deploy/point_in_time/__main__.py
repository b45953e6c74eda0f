"""`make point-in-time`: a PostgreSQL on loopback with the files of docs/point-in-time.md, lost and restored.

    make point-in-time ARGS="--only end"

Needs root and Debian 12, whose packages it installs (and starts none). It takes some five minutes, since a segment of
PostgreSQL's log is finished once a minute. Ends with status 1 where anything is not as the page says. --write puts the
figures into docs/point-in-time.md.
"""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from deploy.point_in_time import breaking
from deploy.point_in_time.desk import Desk
from deploy.point_in_time.guide import PAGE, Step
from deploy.point_in_time.machine import Machine
from deploy.point_in_time.rehearsal import ROUNDS, Rehearsal, seconds
from deploy.point_in_time.report import table, told
from deploy.trial.figures import written
from deploy.trial.packages import install, versions
from deploy.trial.starting import in_a_folder, options_of

PACKAGES: Final = ("postgresql-15", "pgbackrest")


def main() -> None:
    options = _options()
    figures, faults = in_a_folder("point-in-time", lambda folder: _try(folder, options.only), keep=options.keep)
    print(figures)
    if options.write:
        PAGE.write_text(written(PAGE.read_text("utf-8"), "point-in-time", figures), "utf-8")
    if faults:
        sys.exit("\n".join([*faults[:20], f"{len(faults)} faults"]))


def _try(folder: Path, names: Sequence[str]) -> tuple[str, list[str]]:
    """What is to be told, and a sentence for each thing that must not be."""
    install(PACKAGES, folder / "packages")
    machine = Machine(folder)
    desk = Desk(machine)
    try:
        _begin(machine, desk)
        took: dict[str, float] = {}
        rehearsal, outcomes = Rehearsal(machine, desk), []
        for name in names:
            outcome = rehearsal.put_to(ROUNDS[name])
            outcomes.append(outcome)
            print(table([outcome]).splitlines()[-1], file=sys.stderr, flush=True)
            took |= {kind: seconds(partial(machine.back_up, kind)) for kind in ("full", "diff")}
        findings, size = breaking.findings(machine), machine.size()
    finally:
        desk.keesa.kill()
        machine.kill()
    faults = [f"{outcome.round.what}: {fault}" for outcome in outcomes for fault in outcome.faults]
    if set(names) == set(ROUNDS):
        skipped = set(Step) - machine.followed
        faults += [f"never run: {step}" for step in skipped]
    faults += [f"not so: {sentence}" for sentence, true in findings.items() if not true]
    return f"{versions(PACKAGES)}. {told(outcomes, took, size, findings)}", faults


def _begin(machine: Machine, desk: Desk) -> None:
    machine.prepare()
    machine.start()
    machine.make_database()
    machine.follow(Step.BEGIN)
    desk.open()
    machine.back_up("full")
    machine.follow(Step.LOOK)


def _options() -> argparse.Namespace:
    parser = options_of("point-in-time", __doc__, PAGE)
    parser.add_argument("--only", type=_rounds, default=tuple(ROUNDS), help=f"of {', '.join(ROUNDS)}")
    return parser.parse_args()


def _rounds(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := [name for name in names if name not in ROUNDS]:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none: these are {', '.join(ROUNDS)}")
    return names


if __name__ == "__main__":
    main()
