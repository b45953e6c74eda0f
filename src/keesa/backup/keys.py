"""The secret key in a back-up: only where it was asked for, and encrypted with a passphrase in age's format
(https://age-encryption.org/v1), which its own program opens too.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pyrage

from keesa import secret_key
from keesa.backup import archive
from keesa.backup.drafts import draft
from keesa.backup.making import Extra
from keesa.errors import Refused

SHORTEST: Final = 12
"""Characters of a passphrase."""
_FOLDER: Final = "keys"
_SUFFIX: Final = ".age"


def encrypted(data: Path, passphrase: str) -> list[Extra]:
    """Members of a back-up. Raises `Refused` where the folder has no key, or the passphrase is too short."""
    if len(passphrase) < SHORTEST:
        raise Refused(f"The passphrase must have {SHORTEST} characters or more")
    files = secret_key.files(data)
    if not files:
        raise Refused(f"There is no key in {data}: one that is configured (KEESA_SECRET) is yours to keep")
    return [
        Extra(f"{_FOLDER}/{file.name}{_SUFFIX}", pyrage.passphrase.encrypt(file.read_bytes(), passphrase))
        for file in files
    ]


def decrypted(path: Path, passphrase: str) -> dict[str, bytes]:
    """The files by name, of a back-up that `archive.check` has found good; raises `Refused` for another passphrase, and
    where there are none.
    """
    try:
        return {name: pyrage.passphrase.decrypt(content, passphrase) for name, content in _members(path)}
    except pyrage.DecryptError as error:
        raise Refused("The passphrase is not the one that the back-up's key was encrypted with") from error


def put_back(files: Mapping[str, bytes], data: Path) -> None:
    """Into the folder. Raises `Refused` where it has another key already."""
    if not files:
        raise Refused("The back-up holds no key: it was made without --with-key")
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, content in files.items():
        to = data / Path(name).name
        if to.exists() and to.read_bytes() == content:
            continue
        with draft(to) as folder, (folder / to.name).open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(content)


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    """They are the first ones."""
    for member, content in archive.read(path):
        folder, _, name = member.name.partition("/")
        if folder != _FOLDER:
            return
        yield name.removesuffix(_SUFFIX), content.read()
