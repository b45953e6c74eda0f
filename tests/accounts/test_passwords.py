"""Passwords: argon2id with the chosen parameters, and what may be one."""

import pytest
from argon2 import Type, extract_parameters

from keesa.accounts.passwords import hash_password, verify_password
from keesa.errors import Invalid


def test_a_password_is_its_own() -> None:
    """And no other is: not in other capitals, not with a space, not as a beginning."""
    hashed = hash_password("Password123")
    assert verify_password(hashed, "Password123")
    for other in ("password123", "Password123 ", "Password12", "", hashed):
        assert not verify_password(hashed, other)


def test_a_hash_is_argon2id_with_19_mib_and_two_passes() -> None:
    """So that a stolen table is dear to guess at."""
    parameters = extract_parameters(hash_password("Password123"))
    assert (parameters.type, parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (
        Type.ID,
        19_456,
        2,
        1,
    )


def test_two_hashes_of_one_password_differ() -> None:
    """Each has its salt."""
    assert hash_password("Password123") != hash_password("Password123")


@pytest.mark.parametrize("password", ["8 chars!", "p" * 256, "ފަސްވޯޑް ދިވެހި", "🔒🔒🔒🔒🔒🔒🔒🔒", "        "])
def test_any_8_to_256_characters_are_a_password(password: str) -> None:
    """In any script."""
    assert verify_password(hash_password(password), password)


@pytest.mark.parametrize("password", ["", "7 chars", "p" * 257])
def test_what_is_too_short_or_too_long_is_no_password(password: str) -> None:
    """And says which it must be."""
    with pytest.raises(Invalid) as refused:
        hash_password(password)
    assert refused.value.faults == {"password": ["must have 8 to 256 characters"]}


def test_a_hash_is_not_reached_by_a_longer_password() -> None:
    """What is too long to be a password is not the empty one either."""
    assert not verify_password(hash_password("p" * 256), "p" * 257)


def test_nobody_has_a_password() -> None:
    """Not even the one that nobody's hash is made of."""
    for guess in ("", "Password123", "nobody has this password"):
        assert not verify_password(None, guess)


@pytest.mark.parametrize("damaged", ["x", "$argon2id$v=19$m=19456,t=2,p=1$AAAA", "$2b$12$abcdefghijklmnopqrstuv"])
def test_a_damaged_hash_lets_nobody_in(damaged: str) -> None:
    """And raises nothing."""
    assert not verify_password(damaged, "Password123")
