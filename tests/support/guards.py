"""What stands between guesses and passwords, in the tests: the hashes of names, and limits to choose."""

from typing import Final

import cast
from keesa.accounts.attempts import Limits
from keesa.accounts.audit.unknown_logins import UnknownLogins
from keesa.accounts.keys import FixedKeys, KeyRing
from keesa.accounts.login import Guard
from keesa.accounts.name_hashes import NameHashes

HASHES: Final = NameHashes(FixedKeys(KeyRing(cast.SECRET.encode())))


def guard(per_user_and_address: int, per_user: int, per_address: int) -> Guard:
    """With nothing gathered yet."""
    return Guard(Limits(per_user_and_address, per_user, per_address), HASHES, UnknownLogins())
