"""The passphrase that a back-up's key is encrypted with."""

import sys

import typer

from keesa.config import Config
from keesa.errors import Refused


def passphrase_of(config: Config, *, twice: bool) -> str:
    """The configured one, or what a person types: `twice` where a slip would be found out too late."""
    if config.backup_passphrase is not None:
        return config.backup_passphrase
    if not sys.stdin.isatty():
        raise Refused("Set KEESA_BACKUP_PASSPHRASE, or KEESA_BACKUP_PASSPHRASE_FILE: the key is encrypted with it")
    typed: str = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=twice, err=True)
    return typed
