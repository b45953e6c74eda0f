"""ECOs: equipment at a site, that belongs to a customer. A retired one stays on its tickets and gets no new ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from msgspec import UNSET, UnsetType

from keesa.accounts.actors import Actor
from keesa.accounts.audit.recording import Requester, record
from keesa.accounts.filters import Condition
from keesa.accounts.retiring import RETIRED_AT, act_of
from keesa.db import Steps, Tx
from keesa.directory.customers import customer_by_id
from keesa.directory.pages import PageAfter, folded, read_page
from keesa.errors import Invalid, NotFound
from keesa.names import name_fault
from keesa.words.names import keep_eco_name

NOT_FOUND: Final = "ECO not found"
_COLUMNS: Final = "id, name, customer_id, retired_at"


@dataclass(frozen=True, slots=True)
class Eco:
    id: int
    name: str
    customer_id: int
    retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EcoChanges:
    """What an ECO is to be; a field that is UNSET stays as it is."""

    name: str | UnsetType = UNSET
    customer_id: int | UnsetType = UNSET
    """Whose it is from now on; tickets that were raised for it stay their customer's."""
    retired: bool | UnsetType = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class EcosWanted:
    """Those of one customer, those whose name contains a text in whatever case; None: of all."""

    customer_id: int | None = None
    name: str | None = None
    with_retired: bool = False


@dataclass(frozen=True, slots=True)
class EcoPage:
    ecos: Sequence[Eco]
    next_after: int | None
    """The `after` of the next page; None where nothing follows."""


def create_eco(tx: Tx, by: Requester, name: str, customer_id: int) -> int:
    """The new ECO's id; raises `Invalid`."""
    faults = {}
    if fault := name_fault(name):
        faults["name"] = [fault]
    if fault := _unfit(tx, customer_id):
        faults["customer_id"] = [fault]
    if faults:
        raise Invalid(faults)
    created: int = tx.value(
        "INSERT INTO ecos (name, customer_id) VALUES (:name, :customer_id) RETURNING id AS value",
        name=name,
        customer_id=customer_id,
    )
    keep_eco_name(tx, created, name, customer_id)
    record(tx, by, "eco.create", created, after=_told(Eco(created, name, customer_id)))
    return created


def find_eco(tx: Tx, actor: Actor, eco_id: int | None) -> Eco:
    """Raises `NotFound` where it is missing, or not of the customer whose user asks."""
    return _found(tx, actor, eco_id, "")


def lock_eco(tx: Tx, actor: Actor, eco_id: int | None, moving_to: int | UnsetType = UNSET) -> Eco:
    """The same, for changing it: nobody else does before the transaction ends. The customer to whom it is to move is
    held first, as `db/rules.py` has the order, so that nobody retires them meanwhile.
    """
    if not isinstance(moving_to, UnsetType):
        tx.all("SELECT id FROM customers WHERE id = :id $for_update", id=moving_to)
    return _found(tx, actor, eco_id, "$for_update")


def eco_by_id(tx: Tx, eco_id: int) -> Eco | None:
    """For rules that ask about an ECO of whoever's: what it gives must not be shown to an actor as it is."""
    rows = tx.each(f"SELECT {_COLUMNS} FROM ecos WHERE id = :id", id=eco_id)
    return next((_eco_of(*row) for row in rows), None)


def list_ecos(tx: Tx, actor: Actor, page: PageAfter, wanted: EcosWanted) -> Steps[EcoPage]:
    """The page of the ECOs that the actor sees, by id. Otherwise as `read_page`, whose errors it raises too."""
    part = None if wanted.name is None else folded(wanted.name)

    def is_wanted(row: tuple[Any, ...]) -> bool:
        _, name, _, retired_at = row
        return (wanted.with_retired or retired_at is None) and (part is None or part in folded(name))

    found = yield from read_page(
        page,
        lambda after, size: _read_portion(tx, actor, wanted.customer_id, after, size),
        is_wanted,
        searching=part is not None,
    )
    return EcoPage([_eco_of(*row) for row in found.rows], found.next_after)


def change_eco(tx: Tx, by: Requester, eco_id: int | None, changes: EcoChanges) -> Eco:
    """The ECO as it is afterwards. Raises `NotFound`, and `Invalid` with every fault."""
    eco = lock_eco(tx, by.actor, eco_id, changes.customer_id)
    changed = Eco(
        eco.id,
        eco.name if isinstance(changes.name, UnsetType) else changes.name,
        eco.customer_id if isinstance(changes.customer_id, UnsetType) else changes.customer_id,
        eco.retired if isinstance(changes.retired, UnsetType) else changes.retired,
    )
    faults = {}
    if not isinstance(changes.name, UnsetType) and (fault := name_fault(changed.name)):
        faults["name"] = [fault]
    if changed.customer_id != eco.customer_id and (fault := _unfit(tx, changed.customer_id)):
        faults["customer_id"] = [fault]
    if faults:
        raise Invalid(faults)
    if changed == eco:
        return eco
    tx.run(
        f"UPDATE ecos SET name = :name, customer_id = :customer_id, retired_at = {RETIRED_AT} WHERE id = :id",
        id=eco.id,
        name=changed.name,
        customer_id=changed.customer_id,
        retired=int(changed.retired),
        at=by.at,
    )
    if (changed.name, changed.customer_id) != (eco.name, eco.customer_id):
        keep_eco_name(tx, eco.id, changed.name, changed.customer_id)
    record(tx, by, f"eco.{act_of(eco.retired, changed.retired)}", eco.id, _told(eco), _told(changed))
    return changed


def retire_eco(tx: Tx, by: Requester, eco_id: int | None) -> Eco:
    """From now on it gets no tickets; who retires it again changes nothing. Raises `NotFound`."""
    return change_eco(tx, by, eco_id, EcoChanges(retired=True))


def _found(tx: Tx, actor: Actor, eco_id: int | None, locking: str) -> Eco:
    visible = _visible_to(actor)
    sql = f"SELECT {_COLUMNS} FROM ecos WHERE id = :id AND {visible.sql} {locking}"
    row = tx.one(sql, id=eco_id, **visible.params)
    if row is None:
        raise NotFound(NOT_FOUND)
    return _eco_of(*(row[column] for column in _COLUMNS.split(", ")))


def _eco_of(eco_id: int, name: str, customer_id: int, retired_at: int | None) -> Eco:
    return Eco(eco_id, name, customer_id, retired_at is not None)


def _told(eco: Eco) -> dict[str, Any]:
    """As the audit trail has it."""
    return {"name": eco.name, "customer_id": eco.customer_id, "retired": eco.retired}


def _visible_to(actor: Actor) -> Condition:
    """On `ecos`: a customer's users see their own, everybody else all. Whether they may look is a permission."""
    if actor.user_type == "customer":
        return Condition("customer_id = :own_id", {"own_id": actor.customer_id})
    return Condition("1 = 1")


def _read_portion(tx: Tx, actor: Actor, customer_id: int | None, after: int, size: int) -> Iterable[tuple[Any, ...]]:
    """Rows of `_COLUMNS`; of one customer through an index of theirs."""
    visible = _visible_to(actor)
    of_customer = "1 = 1" if customer_id is None else "customer_id = :customer_id"
    return tx.each(
        f"SELECT {_COLUMNS} FROM ecos WHERE id > :after AND {visible.sql} AND {of_customer} ORDER BY id LIMIT :size",
        after=after,
        size=size,
        customer_id=customer_id,
        **visible.params,
    )


def _unfit(tx: Tx, customer_id: int) -> str | None:
    """Why the customer gets no ECO."""
    customer = customer_by_id(tx, customer_id)
    if customer is None:
        return f"there is no customer {customer_id}"
    return "is retired" if customer.retired else None
