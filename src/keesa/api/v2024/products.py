"""Products: what tickets are about. Keesa's own addition to the 2024 document."""

from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from keesa.accounts.permissions import REFERENCE_WRITE, TICKETS_READ, TICKETS_WRITE, require_desk
from keesa.api.calls import Call
from keesa.api.cursor_pages import Next, next_link
from keesa.api.v2024.keyed_lists import Name, Position, ReferenceQuery, Retired
from keesa.api.vocabulary import DIGITS
from keesa.db import Tx
from keesa.directory import products
from keesa.directory.products import NewProduct, ProductChanges, ProductPlace
from keesa.tickets.numbers import parse_number
from keesa.web.cursors import cursor_of, position_of
from keesa.web.endpoints import PathParameter
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()

ProductPath = Annotated[
    int | None,
    PathParameter(parse_number, "The product's id", {**DIGITS, "examples": ["22"]}, products.NOT_FOUND),
]
DefaultType = Annotated[
    str, Meta(description="The ticket type of a ticket that a customer's user raises without one: a key in use")
]
DefaultCategory = Annotated[str, Meta(description="Likewise its category")]

_EXAMPLE: Final = {
    "id": 3,
    "name": "Router",
    "position": 3,
    "default_ticket_type": "customer_support",
    "default_category": "fault",
    "retired": False,
}


class Product(Struct):
    id: Annotated[int, Meta(description="The product's id, which never changes")]
    name: Name
    position: Annotated[int, Meta(description="Its place in the list, counted from 1")]
    default_ticket_type: DefaultType | None
    default_category: DefaultCategory | None
    retired: Retired


def _shown(product: products.Product) -> Product:
    return Product(
        id=product.id,
        name=product.name,
        position=product.position,
        default_ticket_type=product.default_ticket_type,
        default_category=product.default_category,
        retired=product.retired,
    )


class Products(Struct):
    products: Annotated[list[Product], Meta(description="The products of this page")]
    next: Next


class ProductsAnswer(Struct):
    data: Products


@ROUTES.add(
    "GET",
    "/products",
    summary="List the products",
    kept=True,
    permission=TICKETS_READ,
    alternatives=(TICKETS_WRITE,),
    conditional=True,
    csv=True,
    headers=("Link",),
    example={"data": {"products": [_EXAMPLE], "next": None}},
)
def index(tx: Tx, call: Call[ReferenceQuery, None]) -> Reply[ProductsAnswer]:
    """In the order of their positions: those that new tickets can have."""
    query, epoch = call.query, call.caller.epoch
    after = None if query.after is None else ProductPlace(*position_of(query.after, tuple[int, int], epoch))
    found = products.list_products(tx, query.page_size, after, with_retired=query.with_retired)
    cursor = None if found.next_after is None else cursor_of(found.next_after, epoch)
    answer = ProductsAnswer(Products([_shown(product) for product in found.products], cursor))
    return call.whole(answer, next_link(call, "/products", cursor))


class OneProduct(Struct):
    product: Annotated[Product, Meta(description="The product")]


class ProductAnswer(Struct):
    data: OneProduct


def _answer(call: Call[Any, Any], product: products.Product) -> Reply[ProductAnswer]:
    shown = _shown(product)
    return Reply(ProductAnswer(OneProduct(shown)), etag=call.etag_of(shown))


@ROUTES.add(
    "GET",
    "/products/{product}",
    summary="Show a product",
    permission=TICKETS_READ,
    alternatives=(TICKETS_WRITE,),
    conditional=True,
    example={"data": {"product": _EXAMPLE}},
)
def show(tx: Tx, call: Call[None, None], product: ProductPath) -> Reply[ProductAnswer]:
    """A retired one too."""
    found = products.find_product(tx, product)
    call.conditions.require(call.etag_of(_shown(found)))
    return _answer(call, found)


class ProductToAdd(Struct, frozen=True):
    name: Name
    default_ticket_type: DefaultType | None = None
    default_category: DefaultCategory | None = None


class AddProduct(Struct, frozen=True):
    product: Annotated[ProductToAdd, Meta(description="The new product")]


@ROUTES.add(
    "POST",
    "/products",
    status=201,
    summary="Add a product",
    permission=REFERENCE_WRITE,
    guard=require_desk,
    headers=("ETag", "Location"),
    body_example={"product": {"name": "Router", "default_category": "fault"}},
    example=_EXAMPLE,
)
def create(tx: Tx, call: Call[None, AddProduct]) -> Reply[Product]:
    """It stands at the end of the list, and tickets can have it at once."""
    given = call.body.product
    new = NewProduct(
        name=given.name,
        default_ticket_type=given.default_ticket_type,
        default_category=given.default_category,
    )
    added = _shown(products.add_product(tx, call.by, new))
    return Reply(added, [call.location(f"/products/{added.id}")], etag=call.etag_of(added))


class ProductPatch(Struct, frozen=True):
    name: Name | UnsetType = UNSET
    position: Position | UnsetType = UNSET
    default_ticket_type: DefaultType | UnsetType | None = UNSET
    default_category: DefaultCategory | UnsetType | None = UNSET
    retired: Retired | UnsetType = UNSET


class ChangeProduct(Struct, frozen=True):
    product: Annotated[ProductPatch, Meta(description="The change: what is left out stays as it is")]


@ROUTES.add(
    "PATCH",
    "/products/{product}",
    summary="Rename a product, give it another place, or other defaults",
    permission=REFERENCE_WRITE,
    guard=require_desk,
    conditional=True,
    body_example={"product": {"default_ticket_type": "customer_support", "default_category": "fault"}},
    example={"data": {"product": _EXAMPLE}},
)
def change(tx: Tx, call: Call[None, ChangeProduct], product: ProductPath) -> Reply[ProductAnswer]:
    """A field that is left out stays as it is; null takes a default away, and is 422 for any other field. Where the
    product gets another `position`, those between move up. `retired` retires it, and brings it back; the last one in
    use does not retire.
    """
    call.conditions.require(call.etag_of(_shown(products.lock_product(tx, product))))
    given = call.body.product
    changes = ProductChanges(
        name=given.name,
        position=given.position,
        default_ticket_type=given.default_ticket_type,
        default_category=given.default_category,
        retired=given.retired,
    )
    return _answer(call, products.change_product(tx, call.by, product, changes))


@ROUTES.add(
    "DELETE",
    "/products/{product}",
    status=204,
    summary="Retire a product",
    permission=REFERENCE_WRITE,
    guard=require_desk,
    conditional=True,
    errors={422: None},
)
def retire(tx: Tx, call: Call[None, None], product: ProductPath) -> None:
    """New tickets cannot have it, and lists leave it out; old tickets keep it. The last one in use is 422. A second
    time changes nothing. `PATCH` with `"retired": false` brings it back.
    """
    call.conditions.require(call.etag_of(_shown(products.lock_product(tx, product))))
    products.retire_product(tx, call.by, product)
