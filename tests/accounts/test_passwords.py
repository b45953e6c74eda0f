"""Passwords: argon2id with the chosen parameters, and what may be one."""

import time
from collections.abc import Iterator
from typing import Literal

import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from keesa.accounts import passwords
from keesa.accounts.passwords import COMMON, NewPassword, hash_password, new_password, verify_password
from quick_hashes import real_hashes


@pytest.fixture(autouse=True)
def _real() -> Iterator[None]:
    with real_hashes():
        yield


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
    assert new_password(password).fault == "must have 8 to 256 characters"


@pytest.mark.parametrize("password", ["password", "Password123", "P@ssw0rd", "qwertyuiop", "11111111", "Summer2026"])
def test_what_is_guessed_early_is_no_password(password: str) -> None:
    """Of the common ones, and what is made of them by little more than a year: neither is hashed."""
    assert new_password(password) == NewPassword("", COMMON)


@pytest.mark.parametrize("password", ["a long password", "ލިޔުން ލިޔުން ބިސް", "correct horse battery", "x7#Qm!2vLp"])
def test_what_is_not_guessed_early_is_a_password(password: str) -> None:
    """In any script, of words too, as long as there are several."""
    assert new_password(password).fault is None


def test_a_long_password_is_judged_at_once() -> None:
    """By its beginning: of one that is made to take long, a whole one would take a second."""
    begun = time.process_time()
    assert new_password("".join("aA1@bB3 /0-."[number * 7 % 12] for number in range(256))).fault is None
    assert time.process_time() - begun < 0.5


def test_a_hash_is_not_reached_by_a_longer_password() -> None:
    """What is too long to be a password is not the empty one either."""
    assert not verify_password(hash_password("p" * 256), "p" * 257)


def test_nobody_has_a_password() -> None:
    """Not even the one that nobody's hash is made of."""
    for guess in ("", "Password123", "nobody has this password"):
        assert not verify_password(None, guess)


@pytest.mark.parametrize(
    "damaged", ["", "!", "x", "$argon2id$v=19$m=19456,t=2,p=1$AAAA", "$2b$12$abcdefghijklmnopqrstuv"]
)
def test_a_damaged_hash_lets_nobody_in(damaged: str) -> None:
    """And raises nothing; nor does the password that nobody has."""
    for password in ("Password123", damaged, "", "nobody has this password"):
        assert not verify_password(damaged, password)


FORMS = {
    "composed": "Zoë's p\u00e4ssword",
    "decomposed": "Zoe\u0308's pa\u0308ssword",
    "half of each": "Zoë's pa\u0308ssword",
    "with a no-break blank": "Zoe\u0308's\u00a0pa\u0308ssword",
    "with a wide blank": "Zoë's\u3000p\u00e4ssword",
}


@pytest.mark.parametrize("typed", FORMS)
@pytest.mark.parametrize("chosen", FORMS)
def test_a_password_is_the_same_in_each_form_of_unicode(chosen: str, typed: str) -> None:
    """One keyboard sends what another composes; RFC 8265 compares them in NFC, and all blanks as one."""
    assert verify_password(hash_password(FORMS[chosen]), FORMS[typed])


@pytest.mark.parametrize("typed", ["composed", "decomposed"])
@pytest.mark.parametrize("chosen", ["composed", "decomposed"])
def test_a_hash_of_another_form_goes_on_being_good(chosen: str, typed: str) -> None:
    """As those that were made before the form was settled."""
    old = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1).hash(FORMS[chosen])
    assert verify_password(old, FORMS[typed])
    assert verify_password(old, FORMS[chosen])
    assert not verify_password(old, FORMS[typed] + "!")


@pytest.mark.parametrize("chosen", FORMS)
def test_a_hash_of_what_was_typed_before_is_good_for_what_is_typed(chosen: str) -> None:
    """Blanks too, to the letter."""
    old = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1).hash(FORMS[chosen])
    assert verify_password(old, FORMS[chosen])


@pytest.mark.parametrize("form", FORMS)
def test_nobody_takes_as_long_in_each_form(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """As many checks as for somebody with another password."""
    good = hash_password("Password123")
    checks: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - as argon2 has it
            checks.append(str(password))
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", Counting(time_cost=2, memory_cost=19_456, parallelism=1))
    assert not verify_password(good, FORMS[form])
    somebodys = checks.copy()
    checks.clear()
    assert not verify_password(None, FORMS[form])
    assert checks == somebodys


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("\ufeffPassword123", "must not begin with a byte-order mark: save it as UTF-8 without one"),
        ("Pass\0word123", "must not contain U+0000 (a control character)"),
        ("Password123\r", "must not contain U+000D (a control character)"),
        ("Pass\x7fword", "must not contain U+007F (a control character)"),
        ("Pass\u2028word", "must not contain U+2028 (a line break)"),
        ("Pass\udcffword", "must not contain U+DCFF (half a character)"),
        ("a\u0308" * 7, "must have 8 to 256 characters"),
        ("p" * 1_000_000, "must have 8 to 256 characters"),
    ],
)
def test_what_nobody_can_type_again_is_no_password(password: str, fault: str) -> None:
    """Its sentence names the character; what looks like seven characters is not eight."""
    assert new_password(password).fault == fault
    assert new_password(password).hash == ""


def test_half_a_character_lets_nobody_in() -> None:
    """And raises nothing."""
    assert not verify_password(hash_password("Password123"), "Password123\ud800")
