"""Who sees which picture or file: the one rule, by which they are listed, shown, served and removed.

Who sees a ticket sees what hangs on it and on its duplicates, as their notes; customers nothing that hangs on an
internal note, and nothing of before the ticket was theirs (docs/decisions/0058-attachments.md).
"""

from typing import Final

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import sees_internal

HIDDEN: Final = "(attachments.internal = 1 OR attachments.number <= owners.public_since)"
"""Whether customers never see an attachment, of which `owners` is its own ticket."""
SHOWN: Final = f"NOT {HIDDEN}"
"""The condition under which the customer of the ticket sees it too."""


def shown_to(actor: Actor) -> str:
    """The condition under which the actor sees an attachment of a ticket that they see."""
    return "1 = 1" if sees_internal(actor) else SHOWN
