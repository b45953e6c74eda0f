"""Rules over several rows: a name that only one may have, the most that a user may have of something, relations that
must not form a cycle, an administrator who must be left.

SQLite has one writer, so whoever looks and then writes has nobody between. On PostgreSQL the writers of all processes
work beside each other, READ COMMITTED: two of them may look at the same rows, both find the rule kept, write different
rows, and break it together. No row of theirs meets, so the database has nothing against it. Hence, for every such rule:

1. Hold one row that stands for the rule, before you look. Where the rule is about one thing, that is the thing's own
   row, which is mostly read anyway: a ticket's for its notes (`lock_ticket`), a customer's (`lock_customer`), a role's
   for its permissions, a user's for their sessions and networks. Where it is about all of a kind, it is a row of the
   table `rules`: `hold(tx, Rule.…)`. A new one is a name here and a row, which a migration inserts.
2. Look, in a later statement than the one that holds: a statement sees what was committed when it began, and who had to
   wait for the row would look at what was there before.
3. Write. Whoever else writes under the rule waits for the row until this transaction ends, in all processes.

Rows are held in this order, so that no two writers wait for each other: rules, users, customers, roles, tickets, what
hangs on them, jobs that are queued with a key, `desk_revisions`. What must not wait, as rows of the past that are
cleared away, takes what nobody holds: `$if_free`.

A rule that one statement keeps needs none of this: a unique key, or an UPDATE whose WHERE has the condition. Nor does a
rule of which one side alone looks at what the other writes: docs/decisions/0028-writes-side-by-side.md.
"""

from collections.abc import Callable
from enum import Enum

from keesa.db.engine import Tx


class Rule(Enum):
    """What has no row of its own to hold. The values are the rows of `rules`; they are held in this order."""

    USERS = "users"
    """An email address is one user's, and the demo fills a desk only while nobody has been added to it."""
    ROLES = "roles"
    """A role's name is its own."""
    PRODUCTS = "products"
    """Likewise a product's."""
    TICKET_TYPES = "ticket_types"
    """A key stands in the list once, and each entry in a place of its own."""
    TICKET_CATEGORIES = "ticket_categories"
    """Likewise."""
    ADMINISTRATORS = "administrators"
    """One is left who can log in and make others."""
    RELATIONS = "relations"
    """No ticket is above itself, and none that has duplicates is one."""
    TAGS = "tags"
    """A name is one tag's."""
    CANNED_ANSWERS = "canned_answers"
    """Likewise an answer's, and so many are in use at the most."""
    REPORTS = "reports"
    """What has become of tickets is added to the counts once."""


def hold(tx: Tx, rule: Rule) -> None:
    """Until this transaction ends, nobody else writes under the rule: look after this, then write."""
    hold_soon(tx, rule)()


def hold_soon(tx: Tx, rule: Rule) -> Callable[[], None]:
    """The same, for what is asked next to travel with it: that is a later statement, which sees what was there when the
    row was held. Call what comes back before writing: it raises where nothing is held.
    """
    rows = tx.soon("SELECT name FROM rules WHERE name = :name $for_update", name=rule.value)

    def held() -> None:
        if not rows():
            raise LookupError(f"The table rules lacks the row {rule.value!r}, so nothing would be held")

    return held
