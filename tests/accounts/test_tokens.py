"""Signing and checking tokens, below the API."""

from dataclasses import replace
from typing import Final

import pytest

import cast
from jwts import header_of, is_signed, payload_of, signed
from keesa.accounts.actors import Actor
from keesa.accounts.sessions import Session
from keesa.accounts.tokens import Signer
from keesa.clock import now
from keesa.errors import Unauthorized

SIGNER: Final = Signer(cast.SECRET.encode())
ACTOR: Final = Actor(
    id=7,
    email="someone@keesa.example",
    full_name="Some One",
    nick_name="One",
    user_type="staff",
    customer_id=None,
    roles=("engineer", "admin"),
    permissions={"tickets": ["read"], "projects": ["burn", "read"]},
    sign_in_count=4,
)
SESSION: Final = Session("the refresh uid", "the access uid", "2024", "unused", expires_at=2_000_000_123_456)


def test_an_access_token_of_2024() -> None:
    """All of the actor, in the documented order."""
    issued = SIGNER.access(ACTOR, SESSION, 1_900_000_000_999)
    assert header_of(issued.token) == '{"alg":"HS256"}'
    assert is_signed(issued.token)
    assert list(payload_of(issued.token).items()) == [
        ("exp", 1_900_000_000),
        ("user_id", 7),
        ("email", "someone@keesa.example"),
        ("full_name", "Some One"),
        ("nick_name", "One"),
        ("roles", ["engineer", "admin"]),
        ("user_type", "staff"),
        ("permissions", {"tickets": ["read"], "projects": ["burn", "read"]}),
        ("sign_in_count", 4),
        ("uid", "the access uid"),
        ("ruid", "the refresh uid"),
    ]


def test_an_access_token_of_2021() -> None:
    """The first role, in the documented order."""
    issued = SIGNER.access(ACTOR, replace(SESSION, version="2021"), 1_900_000_000_000)
    assert list(payload_of(issued.token).items()) == [
        ("exp", 1_900_000_000),
        ("user_id", 7),
        ("role", "engineer"),
        ("uid", "the access uid"),
        ("ruid", "the refresh uid"),
    ]


def test_who_has_no_role_is_named_by_type_in_2021() -> None:
    """Its `role` is a string in any case."""
    issued = SIGNER.access(replace(ACTOR, roles=()), replace(SESSION, version="2021"), 1_900_000_000_000)
    assert payload_of(issued.token)["role"] == "staff"


def test_a_refresh_token() -> None:
    """Both versions' are alike, and expire with the session."""
    issued = SIGNER.refresh(ACTOR, SESSION)
    assert header_of(issued.token) == '{"alg":"HS256"}'
    assert list(payload_of(issued.token).items()) == [
        ("exp", 2_000_000_123),
        ("user_id", 7),
        ("uid", "the refresh uid"),
    ]


def test_the_expiry_that_is_told_is_the_one_that_is_signed() -> None:
    """In whole seconds: a token knows no others."""
    assert SIGNER.access(ACTOR, SESSION, 1_900_000_000_999).expires_at == 1_900_000_000_000
    assert SIGNER.refresh(ACTOR, SESSION).expires_at == 2_000_000_123_000


def test_the_uid_of_its_own_token_is_read() -> None:
    """Of either kind."""
    assert SIGNER.uid(SIGNER.access(ACTOR, SESSION, now() + 60_000).token) == "the access uid"
    assert SIGNER.uid(SIGNER.refresh(ACTOR, SESSION).token) == "the refresh uid"


def test_an_expired_token_says_so() -> None:
    """Unless its expiry does not matter."""
    token = SIGNER.access(ACTOR, SESSION, now() - 1000).token
    with pytest.raises(Unauthorized, match=r"^Your token has expired$"):
        SIGNER.uid(token)
    assert SIGNER.uid(token, expired_too=True) == "the access uid"


GOOD: Final = {"exp": 1_900_000_000, "uid": "a"}


@pytest.mark.parametrize("expired_too", [False, True])
@pytest.mark.parametrize(
    "token",
    [
        "",
        "...",
        "\u2603.\u2603.\u2603",
        signed(GOOD, secret="another secret, of 32 characters and more"),
        signed(GOOD, header={"alg": "none"}),
        signed(GOOD, header={"alg": "HS512"}),
        signed(GOOD, header={"alg": "ES256"}),
        signed({"exp": GOOD["exp"]}),
        signed({"uid": "a"}),
        signed(GOOD | {"exp": None}),
        signed(GOOD) + "x",
        signed(GOOD).rpartition(".")[0] + ".",
        signed(GOOD).rpartition(".")[0],
    ],
)
def test_any_other_token_is_invalid(token: str, *, expired_too: bool) -> None:
    """Whether its expiry matters or not."""
    with pytest.raises(Unauthorized, match=r"^Your token is invalid$"):
        SIGNER.uid(token, expired_too=expired_too)
