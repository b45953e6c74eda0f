"""Customers: those for whom tickets are raised. Keesa's own addition to the 2024 document."""

from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType, convert, to_builtins

from keesa.accounts.permissions import CUSTOMERS_READ, CUSTOMERS_WRITE, require_desk
from keesa.api.calls import Call
from keesa.api.cursor_pages import CursorQuery, Next, next_link
from keesa.api.v2024.fields import ContactNumber, Phone
from keesa.api.vocabulary import DIGITS
from keesa.db import Steps, Tx
from keesa.directory import customers
from keesa.directory.contacts import MOST_CONTACTS, NewContact
from keesa.directory.customers import CustomerChanges, NewCustomer
from keesa.directory.pages import PageAfter
from keesa.names import LONGEST
from keesa.tickets.numbers import parse_number
from keesa.web.cursors import cursor_of, position_of
from keesa.web.endpoints import PathParameter
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()

CustomerPath = Annotated[
    int | None,
    PathParameter(parse_number, "The customer's id", {**DIGITS, "examples": ["3"]}, customers.NOT_FOUND),
]
Name = Annotated[str, Meta(description="The customer's name, at most 255 characters")]
ContactName = Annotated[str, Meta(description="Who is called about their tickets, at most 255 characters")]
Email = Annotated[str, Meta(description="Their email address, where it is known")]
Retired = Annotated[bool, Meta(description="Whether it gets no new tickets any more; the old ones stay")]

_EXAMPLE: Final = {
    "id": 12,
    "name": "Fulhadhoo Harbour",
    "contact_name": "Ibrahim",
    "contact_number": 9607771234,
    "contact_phone": "+960 777-1234",
    "retired": False,
    "contacts": [{"name": "Aminath", "contact_number": 7774321, "contact_phone": "7774321", "email": None}],
}
_WRITTEN: Final = {"name": "Fulhadhoo Harbour", "contact_name": "Ibrahim", "contact_number": "+960 777-1234"}


class Contact(Struct):
    name: Annotated[str, Meta(description="Who may be called too")]
    contact_number: int
    contact_phone: Phone
    email: Email | None


class Customer(Struct):
    id: Annotated[int, Meta(description="The customer's id, which never changes")]
    name: Name
    contact_name: ContactName
    contact_number: int
    contact_phone: Phone
    retired: Retired
    contacts: Annotated[list[Contact], Meta(description="Further people to call; the customer's own contact is first")]


def _shown(customer: customers.Customer) -> Customer:
    return Customer(
        id=customer.id,
        name=customer.name,
        contact_name=customer.contact_name,
        contact_number=customer.contact_number,
        contact_phone=customer.contact_phone,
        retired=customer.retired,
        contacts=[
            Contact(each.name, each.contact_number, each.contact_phone, each.email) for each in customer.contacts
        ],
    )


class CustomersQuery(CursorQuery, frozen=True, kw_only=True):
    name: (
        Annotated[str, Meta(max_length=LONGEST, description="Those whose name contains this, in whatever case")] | None
    ) = None
    with_retired: Annotated[bool, Meta(description="Whether those that are retired are listed too")] = False


class Customers(Struct):
    customers: Annotated[list[Customer], Meta(description="The customers of this page")]
    next: Next


class CustomersAnswer(Struct):
    data: Customers


@ROUTES.add(
    "GET",
    "/customers",
    summary="List customers, or find one by name",
    permission=CUSTOMERS_READ,
    conditional=True,
    csv=True,
    headers=("Link",),
    example={"data": {"customers": [_EXAMPLE], "next": "MTI"}},
)
def index(tx: Tx, call: Call[CustomersQuery, None]) -> Steps[Reply[CustomersAnswer]]:
    """In the order of their ids. A customer's users find their own alone.

    Where `name` is given, a page may hold fewer customers than `limit`, or none, and yet have a `next`: the search goes
    on there.
    """
    query = call.query
    page = PageAfter(query.page_size, None if query.after is None else position_of(query.after, int, call.caller.epoch))
    found = yield from customers.list_customers(tx, call.actor, page, query.name, with_retired=query.with_retired)
    cursor = None if found.next_after is None else cursor_of(found.next_after, call.caller.epoch)
    answer = CustomersAnswer(Customers([_shown(customer) for customer in found.customers], cursor))
    return call.whole(answer, next_link(call, "/customers", cursor))


class OneCustomer(Struct):
    customer: Annotated[Customer, Meta(description="The customer")]


class CustomerAnswer(Struct):
    data: OneCustomer


def _answer(call: Call[Any, Any], customer: customers.Customer) -> Reply[CustomerAnswer]:
    return Reply(CustomerAnswer(OneCustomer(_shown(customer))), etag=call.etag(customer.revision))


@ROUTES.add(
    "GET",
    "/customers/{customer}",
    summary="Show a customer",
    permission=CUSTOMERS_READ,
    conditional=True,
    example={"data": {"customer": _EXAMPLE}},
)
def show(tx: Tx, call: Call[None, None], customer: CustomerPath) -> Reply[CustomerAnswer]:
    """A retired one too. A customer's users find their own alone; any other is 404."""
    found = customers.find_customer(tx, call.actor, customer)
    call.conditions.require(call.etag(found.revision))
    return _answer(call, found)


class ContactToKeep(Struct, frozen=True, kw_only=True):
    """`contact_number` or `contact_phone` is needed; of what was shown, both may be sent back."""

    name: Annotated[str, Meta(description="Who may be called too, at most 255 characters")]
    contact_number: ContactNumber | None = None
    contact_phone: Annotated[str, Meta(description="The same number, as it is written")] | None = None
    email: Email | None = None


ContactsToKeep = Annotated[
    list[ContactToKeep],
    Meta(
        max_length=MOST_CONTACTS, description=f"All further contacts, in place of those before; at most {MOST_CONTACTS}"
    ),
]


class CustomerToMake(Struct, frozen=True):
    name: Name
    contact_name: ContactName
    contact_number: ContactNumber
    contacts: ContactsToKeep = []


class MakeCustomer(Struct, frozen=True):
    customer: Annotated[CustomerToMake, Meta(description="The new customer")]


@ROUTES.add(
    "POST",
    "/customers",
    status=201,
    summary="Make a customer",
    permission=CUSTOMERS_WRITE,
    guard=require_desk,
    headers=("ETag", "Location"),
    body_example={"customer": _WRITTEN},
    example=_EXAMPLE,
)
def create(tx: Tx, call: Call[None, MakeCustomer]) -> Reply[Customer]:
    """Tickets can be raised for it at once."""
    given = call.body.customer
    new = NewCustomer(
        name=given.name,
        contact_name=given.contact_name,
        contact_number=given.contact_number,
        contacts=_contacts(given.contacts),
    )
    made = customers.find_customer(tx, call.actor, customers.create_customer(tx, call.by, new))
    return Reply(_shown(made), [call.location(f"/customers/{made.id}")], etag=call.etag(made.revision))


def _contacts(given: list[ContactToKeep]) -> list[NewContact]:
    return convert(to_builtins(given), list[NewContact])


class CustomerPatch(Struct, frozen=True):
    name: Name | UnsetType = UNSET
    contact_name: ContactName | UnsetType = UNSET
    contact_number: ContactNumber | UnsetType = UNSET
    retired: Retired | UnsetType = UNSET
    contacts: ContactsToKeep | UnsetType = UNSET


class ChangeCustomer(Struct, frozen=True):
    customer: Annotated[CustomerPatch, Meta(description="The change: what is left out stays as it is")]


@ROUTES.add(
    "PATCH",
    "/customers/{customer}",
    summary="Change a customer",
    permission=CUSTOMERS_WRITE,
    guard=require_desk,
    conditional=True,
    body_example={"customer": {"contact_number": "+960 777-4321"}},
    example={"data": {"customer": _EXAMPLE | {"contact_number": 9607774321, "contact_phone": "+960 777-4321"}}},
)
def change(tx: Tx, call: Call[None, ChangeCustomer], customer: CustomerPath) -> Reply[CustomerAnswer]:
    """A field that is left out stays as it is; none may be null. `retired` retires a customer, and brings one back.

    `contacts` are replaced by those that are given. Tickets show a new name at once; the contact that they have is
    their own.
    """
    call.conditions.require(call.etag(customers.lock_customer(tx, call.actor, customer).revision))
    given = call.body.customer
    changes = CustomerChanges(
        name=given.name,
        contact_name=given.contact_name,
        contact_number=given.contact_number,
        retired=given.retired,
        contacts=UNSET if isinstance(given.contacts, UnsetType) else _contacts(given.contacts),
    )
    return _answer(call, customers.change_customer(tx, call.by, customer, changes))


@ROUTES.add(
    "DELETE",
    "/customers/{customer}",
    status=204,
    summary="Retire a customer",
    permission=CUSTOMERS_WRITE,
    guard=require_desk,
    conditional=True,
)
def retire(tx: Tx, call: Call[None, None], customer: CustomerPath) -> None:
    """It gets no new tickets, and lists leave it out; its tickets stay. A second time changes nothing. `PATCH` with
    `"retired": false` brings it back.
    """
    call.conditions.require(call.etag(customers.lock_customer(tx, call.actor, customer).revision))
    customers.retire_customer(tx, call.by, customer)
