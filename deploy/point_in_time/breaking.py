"""One flipped byte in copies of the repository: who finds it."""

import shutil
from pathlib import Path
from typing import Final

from deploy.point_in_time.guide import Step
from deploy.point_in_time.machine import USER, Machine

RESTORE: Final = ("pgbackrest", "--stanza=keesa", "restore", "--type=immediate")


def findings(machine: Machine) -> dict[str, bool]:
    """Each sentence that has to be true, and whether it was."""
    whole = not machine.follow(Step.VERIFY) and not machine.verify()
    newest = max((machine.repository / "backup/keesa").glob("*F"))
    in_backup = _broken(machine, _largest(newest, "pg_data/**/*.zst"))
    restoring = [*RESTORE, f"--set={newest.name}", f"--pg1-path={_empty_folder(machine)}"]
    refused = machine.status_of(restoring, USER, **in_backup) != 0
    found = machine.verify(**in_backup) != 0
    in_archive = _broken(machine, _largest(machine.repository / "archive/keesa", "*/*/*.zst"))
    return {
        "the repository as it was made: nothing is found": whole,
        "a byte of a back-up flipped: found": found,
        "a byte of a back-up flipped: the restore refuses it": refused,
        "a byte of the archive flipped: found": machine.verify(**in_archive) != 0,
    }


def _broken(machine: Machine, file: Path) -> dict[str, str]:
    """The settings of a copy of the repository with a byte of that file flipped, the file's size as before."""
    copy = machine.folder / "copy"
    if copy.exists():
        shutil.rmtree(copy)
    machine.run(["cp", "--archive", str(machine.repository), str(copy)])
    broken = copy / file.relative_to(machine.repository)
    data = bytearray(broken.read_bytes())
    data[len(data) // 2] ^= 1
    broken.write_bytes(data)
    return {"PGBACKREST_REPO1_PATH": str(copy)}


def _largest(folder: Path, pattern: str) -> Path:
    return max(folder.glob(pattern), key=lambda path: path.stat().st_size)


def _empty_folder(machine: Machine) -> Path:
    folder = machine.folder / "data/other"
    folder.mkdir(mode=0o700)
    shutil.chown(folder, USER, USER)
    return folder
