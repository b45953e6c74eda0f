"""`keesa customer contact add|list|remove`."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Final

import typer
from msgspec import convert

from keesa.accounts.actors import SYSTEM
from keesa.cli.listing import AsJson, print_list
from keesa.cli.options import ConfigFile, Data, DatabaseUrl, operator, possible_id, ready_database
from keesa.db import Tx
from keesa.directory.contacts import Contact, NewContact
from keesa.directory.customers import CustomerChanges, change_customer, find_customer, lock_customer
from keesa.errors import Invalid
from keesa.visible import visible

app = typer.Typer(help="Further people of a customer's to call.", no_args_is_help=True)

Customer = Annotated[int, typer.Argument(help="Id of the customer.", callback=possible_id)]
_FIELDS: Final = ("name", "contact_number", "contact_phone", "email")

Contacts = list[NewContact]


@app.command()
def add(
    customer_id: Customer,
    name: Annotated[str, typer.Argument(help="Who may be called too.")],
    number: Annotated[str, typer.Option(help='The telephone number, such as 7771234 or "+960 777-1234".')],
    email: Annotated[str | None, typer.Option(help="Their email address.")] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Add a contact, behind those that the customer has."""
    new = NewContact(name=name, contact_number=number, email=email)
    _change(customer_id, lambda contacts: [*contacts, new], data, database_url)
    print(visible(f"added {name} to customer {customer_id}"))


@app.command("list")
def list_all(
    customer_id: Customer,
    as_json: AsJson = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """List the further contacts; the first cell counts them."""
    with ready_database(data, database_url) as database:
        customer = database.read(lambda tx: find_customer(tx, SYSTEM, customer_id))
    rows = [{"place": place, **asdict(contact)} for place, contact in enumerate(customer.contacts, start=1)]
    print_list(("place", *_FIELDS), rows, as_json=as_json)


@app.command()
def remove(
    customer_id: Customer,
    place: Annotated[int, typer.Argument(help="Which one, as the list counts them.")],
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Remove a contact; tickets keep theirs."""

    def without(contacts: Contacts) -> Contacts:
        if not 1 <= place <= len(contacts):
            raise Invalid({"place": [f"is none of the customer's {len(contacts)} further contacts"]})
        return contacts[: place - 1] + contacts[place:]

    _change(customer_id, without, data, database_url)
    print(f"removed contact {place} of customer {customer_id}")


def _change(customer_id: int, change: Callable[[Contacts], Contacts], data: Data, database_url: DatabaseUrl) -> None:
    by = operator()

    def work(tx: Tx) -> None:
        contacts = change([_as_given(contact) for contact in lock_customer(tx, SYSTEM, customer_id).contacts])
        change_customer(tx, by, customer_id, CustomerChanges(contacts=contacts))

    with ready_database(data, database_url) as database:
        database.write(work)


def _as_given(contact: Contact) -> NewContact:
    return convert(asdict(contact), NewContact)
