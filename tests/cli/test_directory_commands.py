"""`keesa role`, `customer`, `eco` and `reference`: what tickets need before the first one is raised."""

import pytest

from account_rows import rows
from command import keesa
from keesa.accounts.roles import find_role, list_roles
from keesa.db import Database
from keesa.directory.reference import keys, products
from places import Place
from unchanged import unchanged


def cells(out: str) -> list[list[str]]:
    """The rows of a list as it is printed into a pipe."""
    return [line.split("\t") for line in out.splitlines()]


def test_a_role_is_added_and_listed(desk: Place, desk_database: Database) -> None:
    """With its permissions, which may name what other systems know, and its ticket types."""
    done = keesa(
        *("role", "add", "north_crew", "--permissions", '{"tickets": ["read"], "ships": ["sail"]}'),
        *("--ticket-type", "eco_support", "--ticket-type", "roc_support"),
        place=desk,
    )
    assert (done.status, done.err) == (0, "")
    assert done.out.endswith(": north_crew\n")
    added = desk_database.read(list_roles)[-1]
    assert (added.name, added.permissions) == ("north_crew", {"tickets": ["read"], "ships": ["sail"]})
    assert added.ticket_types == ("eco_support", "roc_support")
    listed = keesa("role", "list", place=desk)
    assert (listed.status, listed.err) == (0, "")
    assert ["north_crew", '{"tickets":["read"],"ships":["sail"]}', "eco_support, roc_support"] in cells(listed.out)


def test_a_role_may_be_just_a_name(desk: Place, desk_database: Database) -> None:
    """It then reads and writes tickets, of no type."""
    assert keesa("role", "add", "plain_crew", place=desk).status == 0
    role = desk_database.read(lambda tx: find_role(tx, "plain_crew"))
    assert (role.permissions, role.ticket_types) == ({"tickets": ["read", "write"]}, ())


def test_a_role_is_granted_permissions_and_loses_them(desk: Place, desk_database: Database) -> None:
    """Several at once; what it gives then is printed. Again is no error, and what it never gave is none either."""
    keesa("role", "add", "south_crew", place=desk)
    for _ in range(2):
        done = keesa("role", "grant", "south_crew", "boats:sail", "urn:desk:tickets:assign", "ދޯނި:ފަހަރު", place=desk)
        assert (done.status, done.err) == (0, "")
        gives = "tickets:read, tickets:write, boats:sail, urn:desk:tickets:assign, ދޯނި:ފަހަރު"
        assert done.out == f"role south_crew gives {gives}\n"
    role = desk_database.read(lambda tx: find_role(tx, "south_crew"))
    assert list(role.permissions.items())[1:] == [
        ("boats", ["sail"]),
        ("urn:desk:tickets", ["assign"]),
        ("ދޯނި", ["ފަހަރު"]),
    ]
    for _ in range(2):
        taken = ("tickets:write", "ދޯނި:ފަހަރު", "urn:desk:tickets:assign", "no:such")
        done = keesa("role", "revoke", "south_crew", *taken, place=desk)
        assert done == (0, "role south_crew gives tickets:read, boats:sail\n", "")
    assert keesa("role", "revoke", "south_crew", "tickets:read", "boats:sail", place=desk) == (
        0,
        "role south_crew gives nothing\n",
        "",
    )


def test_whatever_is_written_so_is_revoked(desk: Place, desk_database: Database) -> None:
    """Also an action with a colon, which a role may be made with."""
    permissions = '{"a": ["b:c", "b"], "a:b": ["c"]}'
    keesa("role", "add", "colon_crew", "--permissions", permissions, place=desk)
    assert keesa("role", "revoke", "colon_crew", "a:b:c", place=desk).out == "role colon_crew gives a:b\n"
    assert desk_database.read(lambda tx: find_role(tx, "colon_crew")).permissions == {"a": ["b"]}


def test_a_customer_is_added_and_listed_and_has_an_eco(desk: Place, desk_database: Database) -> None:
    """The printed ids are those to go on with."""
    done = keesa(
        *("customer", "add", "Kulhudhuffushi Port", "--contact-name", "Ibrahim", "--contact-number", "+960 777-1235"),
        place=desk,
    )
    added = rows(desk_database, "SELECT id FROM customers ORDER BY id DESC LIMIT 1")[0]["id"]
    assert done == (0, f"added customer {added}: Kulhudhuffushi Port\n", "")
    listed = keesa("customer", "list", place=desk)
    assert [str(added), "Kulhudhuffushi Port", "Ibrahim", "9607771235", "+960 777-1235"] in cells(listed.out)
    eco = keesa("eco", "add", "Router at the jetty", "--customer", str(added), place=desk)
    kept = rows(desk_database, "SELECT id, name FROM ecos WHERE customer_id = :id", id=added)
    assert eco == (0, f"added ECO {kept[0]['id']}: Router at the jetty\n", "")
    assert kept[0]["name"] == "Router at the jetty"


def test_the_reference_lists_grow(desk: Place, desk_database: Database) -> None:
    """A product, a ticket type and a category, each at the end of its list."""
    product = keesa("reference", "add-product", "Underwater Cable", place=desk)
    assert product == (0, "added product 25: Underwater Cable\n", "")
    assert desk_database.read(products)[25] == "Underwater Cable"
    kind = keesa("reference", "add-type", "diving_support", "Diving Support", place=desk)
    assert kind == (0, "added diving_support: Diving Support\n", "")
    assert desk_database.read(lambda tx: keys(tx, "ticket_types"))[-1] == "diving_support"
    category = keesa("reference", "add-category", "site_survey", "Site Survey", place=desk)
    assert category == (0, "added site_survey: Site Survey\n", "")
    assert desk_database.read(lambda tx: keys(tx, "ticket_categories"))[-1] == "site_survey"


CUSTOMER = ("customer", "add", "New")
REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "taken role": (("role", "add", "admin"), "name is taken by another role"),
    "unknown type": (
        ("role", "add", "new", "--ticket-type", "tea"),
        "ticket_types tea: no such ticket type, must be of",
    ),
    "no JSON": (("role", "add", "new", "--permissions", "all"), "permissions must be JSON like"),
    "other JSON": (("role", "add", "new", "--permissions", '{"tickets": "read"}'), "permissions must be JSON like"),
    "blank word": (("role", "add", "new", "--permissions", '{"": ["read"]}'), "permissions hold a word that must have"),
    "no role to grant": (("role", "grant", "divers", "tickets:read"), "There is no role divers"),
    "no role to revoke": (("role", "revoke", "divers", "tickets:read"), "There is no role divers"),
    "no colon": (("role", "grant", "admin", "a:b", "tickets"), "permission tickets must be RESOURCE:ACTION, such as"),
    "no colon to revoke": (("role", "revoke", "admin", "tickets:read", "*"), "permission * must be RESOURCE:ACTION"),
    "no resource": (("role", "grant", "admin", "a:b", ":read"), "resource must have something to read"),
    "no action": (("role", "grant", "admin", "a:b", "tickets:"), "action must have something to read"),
    "endless action": (("role", "grant", "admin", f"a:{'b' * 256}"), "action must have at most 255 characters"),
    "blank at an end": (("role", "grant", "admin", "tickets: read"), "action must not begin or end with a blank"),
    "no name": (
        ("customer", "add", "", "--contact-name", "I", "--contact-number", "1"),
        "name must have something to read",
    ),
    "no number": ((*CUSTOMER, "--contact-name", "I", "--contact-number", "many"), "contact_number must be a telephone"),
    "no telephone": ((*CUSTOMER, "--contact-name", "I", "--contact-number", "-1"), "contact_number must be"),
    "unknown customer": (("eco", "add", "Router", "--customer", "77"), "customer_id there is no customer 77"),
    "taken product": (("reference", "add-product", "Router"), "name is taken by another product"),
    "bad key": (("reference", "add-type", "Tea", "Tea"), "key must be of lower-case letters"),
    "taken key": (("reference", "add-category", "fault", "Fault"), "key is in the list already"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_mistake_is_a_sentence_and_changes_nothing(
    embedded_desk: Place, embedded_database: Database, case: str
) -> None:
    """Exit status 1, the sentence on standard error, and the database as it was."""
    arguments, sentence = REFUSED[case]
    with unchanged(embedded_database):
        done = keesa(*arguments, place=embedded_desk)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith(f"keesa: {sentence}")
    assert done.err.count("\n") == 1


MISUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "nobody to call": ((*CUSTOMER, "--contact-number", "1"), "Missing option '--contact-name'"),
    "an id that none can have": (("eco", "add", "Router", "--customer", str(2**63)), "there is no such id"),
    "the same for a user": (("user", "add", "a@b.example", "--name", "A", "--customer", str(2**63)), "no such id"),
    "nothing to grant": (("role", "grant", "admin"), "Missing argument 'RESOURCE:ACTION...'"),
    "nothing to revoke": (("role", "revoke", "admin"), "Missing argument 'RESOURCE:ACTION...'"),
    "unknown option": (("eco", "add", "Router", "--owner", "1"), "No such option: --owner"),
    "unknown command": (("ticket", "add"), "No such command 'ticket'"),
}


@pytest.mark.parametrize("case", MISUSED)
def test_a_misuse_is_explained_and_changes_nothing(
    embedded_desk: Place, embedded_database: Database, case: str
) -> None:
    """Exit status 2, the usage on standard error, and the database as it was."""
    arguments, sentence = MISUSED[case]
    with unchanged(embedded_database):
        done = keesa(*arguments, place=embedded_desk)
    assert (done.status, done.out) == (2, "")
    assert sentence in done.err
    assert "Usage: " in done.err
    assert "Traceback" not in done.err
