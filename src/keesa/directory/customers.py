"""Customers: made, found, listed, changed and retired. A retired one stays on its tickets and gets no new ones."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from msgspec import UNSET, UnsetType

from keesa.accounts.actors import Actor
from keesa.accounts.filters import Condition
from keesa.db import Pace, Steps, Tx
from keesa.directory.phones import FAULT, Phone, phone_to_keep, read_phone, written_of
from keesa.errors import Invalid, NotFound
from keesa.names import name_fault

CUSTOMER_COLUMNS: Final = "id, name, contact_name, contact_number, contact_phone, retired_at, revision"
NOT_FOUND: Final = "Customer not found"
LONGEST_PAGE: Final = 500
"""Customers."""
MOST_LOOKED_AT: Final = 20_000
"""Customers that are read for one page, whether they are on it or not."""
_FIRST_PORTION: Final = 200
_PORTION: Final = 2_000
"""Customers that a statement reads, after the first one's."""
_STEP: Final = 200
"""Customers that are looked at until others have their turn."""
_BEFORE_ALL: Final = -(2**63)


@dataclass(frozen=True, slots=True)
class Customer:
    id: int
    name: str
    contact_name: str
    contact_number: int
    contact_phone: str
    """The number as it was written."""
    retired: bool
    revision: int
    """Another one after each change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    name: str
    contact_name: str
    contact_number: str | int
    """What `read_phone` reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerChanges:
    """What a customer is to be; a field that is UNSET stays as it is."""

    name: str | UnsetType = UNSET
    contact_name: str | UnsetType = UNSET
    contact_number: str | int | UnsetType = UNSET
    """What `read_phone` reads."""
    retired: bool | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class PageAfter:
    """A page of a list by id: at most `limit` (1 to `LONGEST_PAGE`), beginning behind the id `after`; None: at the
    first one.
    """

    limit: int = 50
    after: int | None = None


@dataclass(frozen=True, slots=True)
class CustomerPage:
    customers: Sequence[Customer]
    next_after: int | None
    """The `after` of the next page; None where nothing follows."""


def create_customer(
    tx: Tx,
    actor: Actor,  # noqa: ARG001 - who does it, as of every verb
    new: NewCustomer,
    *,
    customer_id: int | None = None,
) -> int:
    """The new customer's id (`customer_id` where it is given); raises `Invalid` with every fault."""
    phone = read_phone(new.contact_number)
    faults = _faults(new)
    if phone is None or faults:
        raise Invalid(faults)
    columns = "name, contact_name, contact_number, contact_phone, revision"
    values = ":name, :contact_name, :contact_number, :contact_phone, $new_revision"
    if customer_id is not None:
        columns, values = f"id, {columns}", f":id, {values}"
    created: int = tx.value(
        f"INSERT INTO customers ({columns}) VALUES ({values}) RETURNING id AS value",
        id=customer_id,
        name=new.name,
        contact_name=new.contact_name,
        contact_number=phone.number,
        contact_phone=phone_to_keep(phone),
    )
    return created


def find_customer(tx: Tx, actor: Actor, customer_id: int | None) -> Customer:
    """Raises `NotFound` where the customer is missing, or not that of the customer's user who asks."""
    return _found(tx, actor, customer_id, "")


def lock_customer(tx: Tx, actor: Actor, customer_id: int | None) -> Customer:
    """The same, for changing it: nobody else does before the transaction ends."""
    return _found(tx, actor, customer_id, "$for_update")


def customer_by_id(tx: Tx, customer_id: int) -> Customer | None:
    """For rules that ask about a customer of whoever's: what it gives must not be shown to an actor as it is."""
    rows = tx.each(f"SELECT {CUSTOMER_COLUMNS} FROM customers WHERE id = :id", id=customer_id)
    return next((customer_of(*row) for row in rows), None)


def customer_of(
    customer_id: int,
    name: str,
    contact_name: str,
    contact_number: int,
    contact_phone: str | None,
    retired_at: int | None,
    revision: int,
) -> Customer:
    """From a row of `CUSTOMER_COLUMNS`."""
    written = written_of(contact_number, contact_phone)
    return Customer(customer_id, name, contact_name, contact_number, written, retired_at is not None, revision)


def list_customers(
    tx: Tx, actor: Actor, page: PageAfter, name: str | None = None, *, with_retired: bool = False
) -> Steps[CustomerPage]:
    """The page of the customers that the actor sees, by id: of all, or of those whose name contains `name` in whatever
    case, as the caseless letters of NFC (`_folded`). Those that are retired are left out unless they are asked for.

    A page for which `MOST_LOOKED_AT` customers were read may hold fewer than its limit, or none, and yet have a
    `next_after`, from which the search goes on. Raises `Invalid` for a limit out of its bounds.
    """
    if not 1 <= page.limit <= LONGEST_PAGE:
        raise Invalid({"limit": [f"must be 1 to {LONGEST_PAGE}"]})
    part = None if name is None else _folded(name)
    found: list[Customer] = []
    after, left = _BEFORE_ALL if page.after is None else page.after, MOST_LOOKED_AT
    portion = min(_FIRST_PORTION, page.limit + 1) if part is None else _FIRST_PORTION
    while left > 0:
        portion, looked_at = min(portion, left), 0
        for looked_at, row in enumerate(_read_portion(tx, actor, after, portion), start=1):
            if _is_wanted(row, part, with_retired=with_retired):
                if len(found) == page.limit:
                    return CustomerPage(found, found[-1].id)
                found.append(customer_of(*row))
            after = row[0]
            if looked_at % _STEP == 0:
                yield Pace.SHORT
        if looked_at < portion:
            return CustomerPage(found, None)
        left, portion = left - portion, _PORTION
    return CustomerPage(found, after)


def change_customer(tx: Tx, actor: Actor, customer_id: int | None, changes: CustomerChanges, at: int) -> Customer:
    """The customer as it is afterwards; where nothing is another than before, with the revision that it had. `at` is
    since when it is retired, where it becomes so. Raises `NotFound`, and `Invalid` with every fault.
    """
    customer = lock_customer(tx, actor, customer_id)
    if faults := _faults(changes):
        raise Invalid(faults)
    columns = _differing(customer, changes, at)
    if not columns:
        return customer
    named = ", ".join(f"{column} = :{column}" for column in columns)
    tx.run(f"UPDATE customers SET {named} WHERE id = :id", id=customer_id, **columns)
    return find_customer(tx, actor, customer_id)


def retire_customer(tx: Tx, actor: Actor, customer_id: int | None, at: int) -> Customer:
    """From now on it gets no tickets and no ECOs; who retires it again changes nothing. Raises `NotFound`."""
    return change_customer(tx, actor, customer_id, CustomerChanges(retired=True), at)


def _found(tx: Tx, actor: Actor, customer_id: int | None, locking: str) -> Customer:
    visible = _visible_to(actor)
    sql = f"SELECT {CUSTOMER_COLUMNS} FROM customers WHERE id = :id AND {visible.sql} {locking}"
    row = tx.one(sql, id=customer_id, **visible.params)
    if row is None:
        raise NotFound(NOT_FOUND)
    return customer_of(*(row[column] for column in CUSTOMER_COLUMNS.split(", ")))


def _visible_to(actor: Actor) -> Condition:
    """On `customers`: a customer's users see their own, everybody else all. Whether they may look is a permission."""
    if actor.user_type == "customer":
        return Condition("id = :own_id", {"own_id": actor.customer_id})
    return Condition("1 = 1")


def _read_portion(tx: Tx, actor: Actor, after: int, size: int) -> Iterable[tuple[Any, ...]]:
    """Rows of `CUSTOMER_COLUMNS`."""
    visible = _visible_to(actor)
    return tx.each(
        f"SELECT {CUSTOMER_COLUMNS} FROM customers WHERE id > :after AND {visible.sql} ORDER BY id LIMIT :size",
        after=after,
        size=size,
        **visible.params,
    )


def _is_wanted(row: tuple[Any, ...], part: str | None, *, with_retired: bool) -> bool:
    _, name, *_, retired_at, _ = row
    return (with_retired or retired_at is None) and (part is None or part in _folded(name))


def _folded(text: str) -> str:
    """Equal for texts that differ in case alone; in Python, as each engine folds scripts of its own choice."""
    return unicodedata.normalize("NFC", text).casefold()


def _faults(given: NewCustomer | CustomerChanges) -> dict[str, list[str]]:
    faults = {}
    for field, text in (("name", given.name), ("contact_name", given.contact_name)):
        if not isinstance(text, UnsetType) and (fault := name_fault(text)):
            faults[field] = [fault]
    if not isinstance(given.contact_number, UnsetType) and read_phone(given.contact_number) is None:
        faults["contact_number"] = [FAULT]
    return faults


def _differing(customer: Customer, changes: CustomerChanges, at: int) -> dict[str, object]:
    """Each column that is to have another value, with that value. There are no faults in the changes."""
    columns: dict[str, object] = {}
    for field in ("name", "contact_name"):
        if getattr(changes, field) not in (UNSET, getattr(customer, field)):
            columns[field] = getattr(changes, field)
    had = Phone(customer.contact_number, customer.contact_phone)
    phone = had if isinstance(changes.contact_number, UnsetType) else read_phone(changes.contact_number)
    if phone is not None and phone.number != had.number:
        columns["contact_number"] = phone.number
    if phone is not None and phone_to_keep(phone) != phone_to_keep(had):
        columns["contact_phone"] = phone_to_keep(phone)
    if changes.retired not in (UNSET, customer.retired):
        columns["retired_at"] = at if changes.retired else None
    return columns
