"""API tokens as text: a form that scanners find, and that nobody misspells unnoticed."""

import re
from hashlib import sha256

import pytest

from keesa.accounts.api_token_form import PATTERN, hash_of, new_api_token

KNOWN = "keesa_000000000000000000000000000000" + "2C8GjS"
"""Of thirty zeros; their CRC-32 is 2,011,552,642."""


def test_a_token_is_found_by_its_expression() -> None:
    """In a line of any text, whole."""
    token = new_api_token()
    assert re.findall(PATTERN, f'url = "https://desk" # {token};') == [token]
    assert len(token) == 42


def test_no_two_are_the_same() -> None:
    """30 of their characters are random, of 62 each."""
    made = {new_api_token() for _ in range(1000)}
    assert len(made) == 1000
    assert len({character for token in made for character in token[6:36]}) == 62


def test_it_is_kept_as_its_sha_256() -> None:
    """Of all of it, as text for text."""
    token = new_api_token()
    assert hash_of(token) == sha256(token.encode()).hexdigest()


def test_the_checksum_is_that_of_zlib_in_base_62() -> None:
    """As docs/api/administration.md tells those who write scanners."""
    assert hash_of(KNOWN) is not None


@pytest.mark.parametrize("place", range(6, 42))
def test_a_misspelt_one_is_none(place: int) -> None:
    """In one character, wherever it is; or where two are the other way round."""
    other = "1" if KNOWN[place] == "0" else "0"
    assert hash_of(KNOWN[:place] + other + KNOWN[place + 1 :]) is None


@pytest.mark.parametrize(
    "text", ["", "keesa_", KNOWN[:-1], KNOWN + "0", KNOWN.upper(), f" {KNOWN}", f"{KNOWN}\n", "ghp_" + KNOWN[6:]]
)
def test_another_form_is_none(text: str) -> None:
    """Shorter, longer, or of somebody else's."""
    assert hash_of(text) is None
