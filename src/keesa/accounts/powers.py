"""What somebody may do, as sets that can be compared: nobody gives what they lack
(docs/decisions/0039-administration.md).

A customer's user sees their customer's tickets, which is not compared, so that whoever looks after accounts can make
theirs. What is compared is what a role gives, and to be an administrator. A bot's call shows any ticket to who names
it: bots are for administrators.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from keesa.accounts.actors import Actor, Permissions, UserType
from keesa.accounts.permissions import ENFORCED, Permission
from keesa.errors import Forbidden

ADMINS_ALONE: Final = "Only administrators may do this to an administrator"
MAKING_ADMINS: Final = "Only administrators make administrators"
BOTS: Final = "Only administrators look after bots"
_SHOWN: Final = 5
"""What is named of all that somebody lacks."""


@dataclass(frozen=True, slots=True)
class Powers:
    user_type: UserType | None
    """None of what a role gives, and of what is only more than before."""
    permissions: frozenset[Permission]
    ticket_types: frozenset[str] = frozenset()
    """Those that they work on; of an administrator none, who sees all."""

    @property
    def is_admin(self) -> bool:
        return self.user_type == "admin"

    def without(self, had: "Powers") -> "Powers":
        """What is more than `had`; all of it for another type of user."""
        if self.user_type != had.user_type:
            return self
        return Powers(None, self.permissions - had.permissions, self.ticket_types - had.ticket_types)

    def require_giving(self, given: "Powers") -> None:
        """Raise `Forbidden` where it is more than who gives it has. An administrator gives words of other systems
        freely, and every ticket type.
        """
        if given.is_admin and not self.is_admin:
            raise Forbidden(MAKING_ADMINS)
        if given.user_type == "bot" and not self.is_admin:
            raise Forbidden(BOTS)
        lacking = {str(each) for each in given.permissions - self.permissions if not self.is_admin or each in ENFORCED}
        if not self.is_admin:
            lacking |= given.ticket_types - self.ticket_types
        if lacking:
            raise Forbidden(f"You cannot give more than you have, as you lack {_named(sorted(lacking))}")

    def require_touching(self, user_type: UserType) -> None:
        """Raise `Forbidden` where a user of that type is not theirs to look after."""
        if user_type == "admin" and not self.is_admin:
            raise Forbidden(ADMINS_ALONE)
        if user_type == "bot" and not self.is_admin:
            raise Forbidden(BOTS)


def powers_of(actor: Actor) -> Powers:
    """Of a user who is enabled."""
    types = actor.ticket_types if actor.user_type == "staff" else ()
    return Powers(actor.user_type, given_by(actor.permissions), frozenset(types))


def given_by(permissions: Permissions) -> frozenset[Permission]:
    return frozenset(one_by_one(permissions))


def one_by_one(permissions: Permissions) -> Iterable[Permission]:
    """In their order."""
    return (Permission(resource, action) for resource, actions in permissions.items() for action in actions)


def _named(words: list[str]) -> str:
    more = len(words) - _SHOWN
    return ", ".join(words[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
