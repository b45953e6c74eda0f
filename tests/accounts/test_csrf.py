"""CSRF tokens: 64 bytes, of which the halves XOR to the session's secret."""

from base64 import b64decode, b64encode

import pytest

from documented_shapes import CSRF
from keesa.accounts import csrf


def test_a_secret_is_32_random_bytes() -> None:
    """Never the same twice."""
    secrets = {csrf.new_secret() for _ in range(50)}
    assert len(secrets) == 50
    assert {len(b64decode(secret, validate=True)) for secret in secrets} == {32}


def test_a_mask_has_the_documented_form() -> None:
    """88 characters of base64."""
    assert CSRF.fullmatch(csrf.masked(csrf.new_secret()))


def test_each_mask_is_another_of_the_same_secret() -> None:
    """A fresh pad each time, and pad XOR secret behind it."""
    secret = csrf.new_secret()
    masks = {csrf.masked(secret) for _ in range(50)}
    pads = {b64decode(mask)[:32] for mask in masks}
    assert len(masks) == len(pads) == 50
    for mask in masks:
        raw = b64decode(mask)
        assert bytes(pad ^ rest for pad, rest in zip(raw[:32], raw[32:], strict=True)) == b64decode(secret)


def test_a_mask_matches_its_secret_alone() -> None:
    """As often as it is shown."""
    secret = csrf.new_secret()
    mask = csrf.masked(secret)
    assert csrf.matches(mask, secret)
    assert csrf.matches(mask, secret)
    assert not csrf.matches(mask, csrf.new_secret())


def test_a_mask_with_one_bit_changed_does_not_match() -> None:
    """In either half."""
    secret = csrf.new_secret()
    raw = b64decode(csrf.masked(secret))
    for place in (0, 31, 32, 63):
        changed = bytes(byte ^ (index == place) for index, byte in enumerate(raw))
        assert not csrf.matches(b64encode(changed).decode(), secret)


@pytest.mark.parametrize("bad", ["", "=", "a", "\u2603" * 88, "!" * 88, "A" * 87, "A" * 88, "AAAA" * 1000, "\0"])
def test_what_is_no_token_does_not_match(bad: str) -> None:
    """And raises nothing."""
    assert not csrf.matches(bad, csrf.new_secret())


def test_the_secret_itself_is_no_token() -> None:
    """Nor a token of 32 bytes."""
    secret = csrf.new_secret()
    assert not csrf.matches(secret, secret)
