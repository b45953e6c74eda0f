"""Users and roles looked after on the command line: `keesa user change|password-link`, `keesa role rename|…`."""

import json
from typing import Any

import pytest

from account_rows import rows
from cast import ADMIN, CUSTOMER, ENGINEER
from command import keesa
from keesa.accounts.administering import LAST_ADMINISTRATOR
from keesa.accounts.attempts import Limits
from keesa.accounts.password_links import UsedLink, use_link
from keesa.accounts.users import find_user, list_users
from keesa.clock import now
from keesa.db import Database
from places import Place
from unchanged import unchanged


def test_a_user_is_changed_and_shown(desk: Place, desk_database: Database) -> None:
    """What is given; of another type than customer the customer goes with it. The trail names the operator."""
    options = ("--nick", "Mary", "--email", "Mary@keesa.example", "--type", "staff", "--role", "engineer")
    assert keesa("user", "change", CUSTOMER.email, *options, place=desk) == (0, "changed Mary@keesa.example\n", "")
    done = keesa("user", "show", "mary@keesa.example", "--json", place=desk)
    assert json.loads(done.out) == [
        {
            "id": CUSTOMER.id,
            "email": "mary@keesa.example",
            "full_name": CUSTOMER.full_name,
            "nick_name": "Mary",
            "user_type": "staff",
            "roles": ["engineer"],
            "customer_id": None,
            "disabled": False,
            "has_password": True,
            "sign_in_count": 0,
        }
    ]
    sql = "SELECT via, actor_id, operator FROM audit JOIN audit_people ON audit_id = id WHERE action = 'user.change'"
    [row] = rows(desk_database, sql)
    assert (row["via"], row["actor_id"], bool(row["operator"])) == ("command", 0, True)


def test_a_user_without_a_password_gets_a_link(desk: Place, desk_database: Database) -> None:
    """Below the address that is given, or configured; what it holds sets the password."""
    keesa("user", "add", "linked@keesa.example", "--name", "Linked", "--no-password", place=desk)
    added = desk_database.read(list_users)[-1]
    assert (added.actor.email, added.has_password) == ("linked@keesa.example", False)
    asking = ("user", "password-link", "linked@keesa.example", "--hours", "2")
    refused = keesa(*asking, place=desk)
    assert (refused.status, refused.err.startswith("keesa: Where is the desk reached?")) == (1, True)
    done = keesa(*asking, place=desk, variables={"KEESA_PUBLIC_URL": "https://desk.example/help"})
    start = "https://desk.example/help/password?token="
    assert (done.status, done.out.startswith(start)) == (0, True)
    used = UsedLink(done.out.removeprefix(start).strip(), "a long password", "192.0.2.1")
    assert use_link(desk_database, used, Limits(9, 9, 9), now()).id == added.actor.id
    assert desk_database.read(lambda tx: find_user(tx, added.actor.id)).has_password


def test_a_role_is_looked_after(desk: Place, desk_database: Database) -> None:
    """Renamed, given ticket types, retired and reinstated; several permissions are one act in the trail."""

    def done(*arguments: str) -> str:
        ended = keesa("role", *arguments, place=desk)
        assert (ended.status, ended.err) == (0, "")
        return ended.out

    done("add", "east_crew")
    assert done("rename", "east_crew", "far_east") == "role east_crew is named far_east\n"
    assert done("types", "far_east", "eco_support") == "members of far_east work on eco_support\n"
    assert done("types", "far_east") == "members of far_east work on no ticket type\n"
    done("grant", "far_east", "boats:sail", "boats:moor")
    assert done("retire", "far_east") == "retired role far_east\n"
    shown: dict[str, Any]
    [shown] = json.loads(done("show", "far_east", "--json"))
    assert (shown["retired"], shown["members"], shown["permissions"]["boats"]) == (True, 0, ["sail", "moor"])
    assert done("reinstate", "far_east") == "reinstated role far_east\n"
    sql = "SELECT action FROM audit WHERE thing = 'role' AND thing_id = :id ORDER BY id"
    changes = [row["action"] for row in rows(desk_database, sql, id=str(shown["id"]))]
    assert changes == ["role.create", *["role.change"] * 4, "role.retire", "role.reinstate"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("user", "disable", ADMIN.email), LAST_ADMINISTRATOR),
        (("role", "revoke", "admin", "users:write"), LAST_ADMINISTRATOR),
        (("role", "retire", "admin"), "The role admin is had by 1: take it from them first"),
        (("user", "change", ENGINEER.email, "--customer", "1"), "customer_id is for users of the type customer only"),
        (("user", "password-link", ENGINEER.email, "--url", "https://x.example", "--hours", "0"), "hours must be"),
    ],
)
def test_a_mistake_is_a_sentence_and_changes_nothing(
    embedded_desk: Place, embedded_database: Database, arguments: tuple[str, ...], sentence: str
) -> None:
    """Exit status 1; nobody locks the desk, on the machine neither."""
    with unchanged(embedded_database):
        done = keesa(*arguments, place=embedded_desk)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith(f"keesa: {sentence}")


@pytest.mark.parametrize(
    "arguments",
    [
        ("user", "change", ENGINEER.email),
        ("user", "add", "x@keesa.example", "--name", "X", "--no-password", "--password-stdin"),
    ],
)
def test_what_says_nothing_or_two_things_is_refused(embedded_desk: Place, arguments: tuple[str, ...]) -> None:
    """As wrong usage."""
    assert keesa(*arguments, place=embedded_desk).status == 2
