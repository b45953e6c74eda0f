"""What can go wrong in the domains. Nothing here knows HTTP; each version's `errors.py` says how it answers."""

from collections.abc import Mapping, Sequence
from typing import Final

Faults = Mapping[str, Sequence[str]]
"""Field name to the sentences about it, such as `{"title": ["is missing"]}`."""
CHANGED: Final = "This has changed since you read it: read it again, and decide anew"


class KeesaError(Exception):
    """An error that a caller can act on; its text is one sentence for a person."""


class Unauthorized(KeesaError):
    """The caller has not shown who they are."""


class Forbidden(KeesaError):
    """The caller is known and may not do this."""


class NotFound(KeesaError):
    """The thing does not exist, or is out of the caller's sight: the two look alike."""


class Invalid(KeesaError):
    """Well-formed input that breaks a rule; `faults` names every field that is wrong.

    `sentence` stands for all of them, where the contract words it.
    """

    def __init__(self, faults: Faults, sentence: str | None = None) -> None:
        super().__init__(sentence or "; ".join(f"{field} {text}" for field, texts in faults.items() for text in texts))
        self.faults = faults
        self.sentence = sentence


class WrongType(KeesaError):
    """What was sent is none of the kinds that are taken here."""


class TooLarge(KeesaError):
    """What was sent is more than is taken here."""


class Damaged(KeesaError):
    """What arrived is not what was sent."""


class Conflict(KeesaError):
    """What is asked for cannot be done in the state that things are in. Nothing was changed."""


class StillRunning(Conflict):
    """Another transaction is at what this one was to do; once it has ended, the same call may succeed."""


class Outdated(KeesaError):
    """The thing is in another state than the one that the caller knows. Nothing was changed."""

    def __init__(self) -> None:
        super().__init__(CHANGED)


class Gone(KeesaError):
    """What was asked for is kept no longer, and will not come back."""


class TooManyAttempts(KeesaError):
    """Too many failed logins; `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("Too many failed logins, please try again later")
        self.retry_after = retry_after


class Unavailable(KeesaError):
    """The database does not answer now; the same call may succeed later. Nothing was changed."""


class Refused(KeesaError):
    """The configuration or the database is not fit to run; the text says what to do about it."""
