"""Who sees which picture or file: the one rule, by which they are listed, shown, served and removed.

Who sees a ticket sees what hangs on it and on its duplicates, as their notes; customers nothing that hangs on an
internal note, and nothing of before the ticket was theirs (docs/decisions/0058-attachments.md).
"""

from typing import Final

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import sees_internal
from keesa.tickets.views import PUBLIC_ATTACHMENTS

SHOWN: Final = PUBLIC_ATTACHMENTS
"""The condition under which customers see an attachment, of whose own ticket `owners` is the row."""
HIDDEN: Final = f"NOT ({SHOWN})"


def shown_to(actor: Actor) -> str:
    """The condition under which the actor sees an attachment of a ticket that they see."""
    return "1 = 1" if sees_internal(actor) else SHOWN
