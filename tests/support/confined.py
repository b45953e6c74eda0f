"""A program under what a unit of systemd forbids, without a systemd: system calls, executable memory, new privileges.

As a program: `confined.py UNIT PROGRAM ARGUMENT…`. The filter is systemd's own list of calls, set by its own library.
"""

import ctypes
import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from errno import EPERM
from pathlib import Path
from typing import Final

_PR_SET_NO_NEW_PRIVS: Final = 38
_WRITE_AND_EXECUTE: Final = 2 | 4
_EXECUTE: Final = 4
_MASKED_EQUAL: Final = 7
_ALLOW: Final = 0x7FFF0000
_REFUSE: Final = 0x00050000 | EPERM


class _Comparison(ctypes.Structure):
    """`struct scmp_arg_cmp`: the argument of that number, under the mask, is equal to the value."""

    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("mask", ctypes.c_uint64),
        ("value", ctypes.c_uint64),
    )


def settings_of(unit: Path, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", unit.read_text("utf-8"), re.MULTILINE)


def calls(name: str) -> Iterator[str]:
    """The system calls of a set, as systemd has it, those of the sets within too."""
    told = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
    for word in (line.strip() for line in told.stdout.splitlines()[1:]):
        if word.startswith("@"):
            yield from calls(word)
        elif word and not word.startswith("#"):
            yield word


def allowed(unit: Path) -> set[str]:
    """By the unit's filters, one after the other: what a set with ~ holds is taken away again, as systemd does it."""
    found: set[str] = set()
    for line in settings_of(unit, "SystemCallFilter"):
        named = {call for word in line.removeprefix("~").split() for call in calls(word)}
        found = found - named if line.startswith("~") else found | named
    return found


def filter_calls(names: set[str], *, deny_write_execute: bool) -> None:
    """From here on, for all that this process begins: any other call is refused with EPERM; and those that make memory
    which may be written and executed, if that is asked for, by the comparisons that systemd makes too.
    """
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_REFUSE)))
    fitting = _without_executable_memory() if deny_write_execute else {}
    for name in names:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number < 0:  # this architecture lacks it
            continue
        for rule in fitting.get(name, [()]):
            array = (_Comparison * len(rule))(*rule)
            done = library.seccomp_rule_add_array(context, ctypes.c_uint32(_ALLOW), number, len(rule), array)
            _require(done == 0, name)
    _require(library.seccomp_load(context) == 0, "seccomp_load")


def _without_executable_memory() -> Mapping[str, Sequence[Sequence[_Comparison]]]:
    """What calls that map memory may ask for: each of the rules."""
    not_executable = [[_Comparison(2, _MASKED_EQUAL, _EXECUTE, 0)]]
    one_of_both = [[_Comparison(2, _MASKED_EQUAL, _WRITE_AND_EXECUTE, value)] for value in (0, 2, 4)]
    return {"mmap": one_of_both, "mprotect": not_executable, "pkey_mprotect": not_executable}


def forbid(unit: Path) -> None:
    system = ctypes.CDLL(None, use_errno=True)
    if settings_of(unit, "NoNewPrivileges") == ["yes"]:
        _require(system.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no new privileges")
    os.umask(int(settings_of(unit, "UMask")[0], 8))
    for files in settings_of(unit, "LimitNOFILE"):
        resource.setrlimit(resource.RLIMIT_NOFILE, (int(files), int(files)))
    filter_calls(allowed(unit), deny_write_execute=settings_of(unit, "MemoryDenyWriteExecute") == ["yes"])


def _require(holds: bool, what: str) -> None:  # noqa: FBT001 - as an assert
    if not holds:
        sys.exit(f"confined: cannot set {what}: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    forbid(Path(sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - the test's own program
