"""Another secret key in the place of the one that signs."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from keesa.accounts.keys import KEPT, MOST_FORMER
from keesa.errors import Refused
from keesa.secret_key import FILE, FORMER_FILE, LENGTH, KeptKey, keep_names, locked, read_kept, require_key, write_draft


def rotate(data: Path, at: int) -> int:
    """Make a key that signs from now on; the one that it replaces verifies until the time that is returned.

    At each moment every token of before is good with what the files hold: the former key stands in the one file before
    the new one takes its place in the other.
    """
    with _changing(data):
        signing, *kept = read_kept(data)
        retired = replace(signing, retired_at=at)
        former = [retired, *(key for key in kept if key.until is not None and key.until > at)]
        if len(former) > MOST_FORMER:
            raise Refused(
                f"{MOST_FORMER} former keys are kept already: `keesa secret show` says when the next one is forgotten"
            )
        _put(data, FORMER_FILE, "".join(map(_line, former)))
        _put(data, FILE, secrets.token_hex(LENGTH))
    return at + KEPT


def replace_leaked(data: Path) -> None:
    """Make a key that signs from now on, and forget all others, which are not even read."""
    with _changing(data):
        (data / FORMER_FILE).unlink(missing_ok=True)
        keep_names(data)
        _put(data, FILE, secrets.token_hex(LENGTH))


@contextmanager
def _changing(data: Path) -> Iterator[None]:
    """Nobody else changes the keys meanwhile, and no draft of a command that was killed is left."""
    require_key(data)
    try:
        with locked(data):
            for draft in data.glob(f".{FILE}.*"):
                draft.unlink()
            yield
    except OSError as error:
        raise Refused(f"Cannot change the keys in {data}: {error.strerror}") from error


def _line(retired: KeptKey) -> str:
    return f"{retired.key.hex()} {retired.made_at} {retired.retired_at}\n"


def _put(data: Path, name: str, text: str) -> None:
    """In the place of the file, whole or not at all."""
    draft = write_draft(data, text)
    try:
        draft.replace(data / name)
    finally:
        draft.unlink(missing_ok=True)
    keep_names(data)
