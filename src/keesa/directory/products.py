"""Products: what tickets are about, each with the type and the category that its tickets mostly have."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from msgspec import UNSET, UnsetType

from keesa.accounts.audit.recording import Requester, record
from keesa.accounts.retiring import RETIRED_AT, act_of
from keesa.db import Tx
from keesa.db.rules import Rule, hold
from keesa.directory import places
from keesa.directory.pages import require_limit
from keesa.directory.reference import unfit_key
from keesa.errors import Invalid, NotFound
from keesa.names import name_fault

NOT_FOUND: Final = "Product not found"
_COLUMNS: Final = "id, name, position, default_ticket_type, default_category, retired_at"
_TAKEN: Final = "is taken by another product"


@dataclass(frozen=True, slots=True)
class Product:
    id: int
    name: str
    position: int
    """Counts from 1."""
    default_ticket_type: str | None = None
    """Of a ticket that a customer's user raises without one; likewise the next."""
    default_category: str | None = None
    retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProduct:
    name: str
    default_ticket_type: str | None = None
    default_category: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductChanges:
    """What a product is to be; a field that is UNSET stays as it is."""

    name: str | UnsetType = UNSET
    position: int | UnsetType = UNSET
    default_ticket_type: str | UnsetType | None = UNSET
    default_category: str | UnsetType | None = UNSET
    retired: bool | UnsetType = UNSET


class ProductPlace(NamedTuple):
    """Where a product stands in the list."""

    position: int
    id: int


@dataclass(frozen=True, slots=True)
class ProductPage:
    products: Sequence[Product]
    next_after: ProductPlace | None
    """That behind which the next page begins; None where nothing follows."""


def add_product(tx: Tx, by: Requester, new: NewProduct) -> Product:
    """Put a product at the end of the list; raises `Invalid`."""
    _hold_with_words(tx)
    faults = {}
    if fault := name_fault(new.name) or _taken(tx, new.name) or places.full_fault(tx, "products"):
        faults["name"] = [fault]
    faults |= _word_faults(tx, Product(0, new.name, 0), new.default_ticket_type, new.default_category)
    if faults:
        raise Invalid(faults)
    position = places.last_place(tx, "products") + 1
    created: int = tx.value(
        "INSERT INTO products (name, position, default_ticket_type, default_category)"
        " VALUES (:name, :position, :default_ticket_type, :default_category) RETURNING id AS value",
        name=new.name,
        position=position,
        default_ticket_type=new.default_ticket_type,
        default_category=new.default_category,
    )
    added = Product(created, new.name, position, new.default_ticket_type, new.default_category)
    record(tx, by, "product.create", created, after=_told(added))
    return added


def find_product(tx: Tx, product_id: int | None) -> Product:
    """Raises `NotFound`."""
    for row in tx.each(f"SELECT {_COLUMNS} FROM products WHERE id = :id", id=product_id):
        return _product_of(*row)
    raise NotFound(NOT_FOUND)


def lock_product(tx: Tx, product_id: int | None) -> Product:
    """The same, for changing it: nobody changes the list before the transaction ends."""
    _hold_with_words(tx)
    return find_product(tx, product_id)


def list_products(tx: Tx, limit: int, after: ProductPlace | None = None, *, with_retired: bool = False) -> ProductPage:
    """In the list's order; raises `Invalid` for a limit out of its bounds."""
    require_limit(limit)
    begin = after or ProductPlace(-1, 0)
    in_use = "" if with_retired else "AND retired_at IS NULL"
    rows = tx.each(
        f"SELECT {_COLUMNS} FROM products WHERE (position, id) > (:position, :id) {in_use}"
        " ORDER BY position, id LIMIT :size",
        position=begin.position,
        id=begin.id,
        size=limit + 1,
    )
    found = [_product_of(*row) for row in rows]
    shown, last = found[:limit], found[limit - 1 : -1]
    return ProductPage(shown, next((ProductPlace(each.position, each.id) for each in last), None))


def change_product(tx: Tx, by: Requester, product_id: int | None, changes: ProductChanges) -> Product:
    """The product as it is afterwards. Raises `NotFound`, and `Invalid` with every fault."""
    product = lock_product(tx, product_id)
    given = {field: getattr(changes, field) for field in ProductChanges.__dataclass_fields__}
    changed = replace(product, **{field: value for field, value in given.items() if value is not UNSET})
    if faults := _faults(tx, product, changed):
        raise Invalid(faults)
    if changed == product:
        return product
    if changed.position != product.position:
        places.move(tx, "products", product.position, changed.position)
    tx.run(
        "UPDATE products SET name = :name, default_ticket_type = :default_ticket_type,"
        " default_category = :default_category,"
        f" retired_at = {RETIRED_AT} WHERE id = :id",
        id=product.id,
        name=changed.name,
        default_ticket_type=changed.default_ticket_type,
        default_category=changed.default_category,
        retired=int(changed.retired),
        at=by.at,
    )
    record(tx, by, f"product.{act_of(product.retired, changed.retired)}", product.id, _told(product), _told(changed))
    return changed


def retire_product(tx: Tx, by: Requester, product_id: int | None) -> Product:
    """From now on no ticket gets it; who retires it again changes nothing. Raises as `change_product`."""
    return change_product(tx, by, product_id, ProductChanges(retired=True))


def _hold_with_words(tx: Tx) -> None:
    """The list, and the two whose entries its defaults are: none of those retires meanwhile."""
    for rule in (Rule.PRODUCTS, Rule.TICKET_TYPES, Rule.TICKET_CATEGORIES):
        hold(tx, rule)


def _faults(tx: Tx, product: Product, changed: Product) -> dict[str, list[str]]:
    faults = {}
    if changed.name != product.name and (fault := name_fault(changed.name) or _taken(tx, changed.name)):
        faults["name"] = [fault]
    if changed.position != product.position and (fault := places.place_fault(tx, "products", changed.position)):
        faults["position"] = [fault]
    if changed.retired and not product.retired and places.last_in_use(tx, "products"):
        faults["retired"] = ["is not possible: it is the last one in use"]
    return faults | _word_faults(tx, product, changed.default_ticket_type, changed.default_category)


def _word_faults(tx: Tx, product: Product, ticket_type: str | None, category: str | None) -> dict[str, list[str]]:
    """Of defaults that the product has not yet."""
    faults = {}
    if ticket_type not in (None, product.default_ticket_type) and (fault := unfit_key(tx, "ticket_types", ticket_type)):
        faults["default_ticket_type"] = [fault]
    if category not in (None, product.default_category) and (fault := unfit_key(tx, "ticket_categories", category)):
        faults["default_category"] = [fault]
    return faults


def _taken(tx: Tx, name: str) -> str | None:
    return _TAKEN if tx.one("SELECT id FROM products WHERE name = :name", name=name) else None


def _product_of(
    product_id: int,
    name: str,
    position: int,
    default_ticket_type: str | None,
    default_category: str | None,
    retired_at: int | None,
) -> Product:
    return Product(product_id, name, position, default_ticket_type, default_category, retired_at is not None)


def _told(product: Product) -> dict[str, Any]:
    """As the audit trail has it."""
    return {field: getattr(product, field) for field in Product.__dataclass_fields__ if field != "id"}
