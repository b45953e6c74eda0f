"""What reading a JSON body may cost: texts may be long, but there are not many of them."""

import time
from typing import Final

import pytest

from keesa.web.http_errors import HttpError
from keesa.web.input.json_bodies import DEEPEST, read_json

MEBIBYTE: Final = 1024 * 1024
SECONDS: Final = 0.5
"""Of CPU. Each takes under 0.02, where some took 0.1."""


def filled(unit: bytes, before: bytes = b"", after: bytes = b"") -> bytes:
    """As often as a body may be long."""
    return before + unit * ((MEBIBYTE - len(before + after)) // len(unit)) + after


REFUSED: Final = {
    "objects": filled(b"{},", b'{"a":[', b"{}]}"),
    "numbers": filled(b"1,", b'{"a":[', b"1]}"),
    "one key": filled(b'"a":1,', b"{", b'"a":1}'),
    "depth": filled(b"["),
    "quotation marks": filled(b'"'),
    "strings": filled(b'"a" '),
    "a string without an end": filled(b'\\"', b'{"a":"'),
    "backslashes": filled(b'"\\'),
    "digits": filled(b"9", b'{"a":', b"}"),
    "percent signs": filled(b"%"),
    "nothing": filled(b"\0"),
}
READ: Final = {
    "escapes": filled(rb"\u0041", b'{"a":"', b'"}'),
    "escaped keys": filled(b'x\\":', b'{"a":"', b'"}'),
    "line ends": filled(rb"\n", b'{"a":"', b'"}'),
    "brackets in a string": filled(b",:[{", b'{"a":"', b'"}'),
    "blanks": filled(b" ", b'{"a"', b":1}"),
    "strings and blanks": filled(b'"a"' + b" " * 2_000 + b",", b'{"k":[', b"1]}"),
    "digits in a string": filled(b"9", b'{"a":"', b'"}'),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_body_of_many_values_is_refused_at_once(name: str) -> None:
    """Of any kind, and whether it would be JSON or not."""
    began = time.process_time()
    with pytest.raises(HttpError) as refused:
        read_json(REFUSED[name])
    assert time.process_time() - began < SECONDS
    assert refused.value.status == 400


@pytest.mark.parametrize("name", READ)
def test_a_long_text_is_read(name: str) -> None:
    """Whatever stands in it."""
    began = time.process_time()
    assert len(read_json(READ[name])) == 1
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize(("pieces", "good"), [(499, True), (500, False)])
def test_the_bound_is_of_pieces(pieces: int, good: bool) -> None:  # noqa: FBT001 - a parameter
    """Four for each of these, and three for the brace and the last one: 1,999 together, and 2,003."""
    body = b"{" + b"".join(b'"%d":"",' % key for key in range(pieces)) + b'"a":1' + b" " * 8_192 + b"}"
    if good:
        assert len(read_json(body)) == pieces + 1
        return
    with pytest.raises(HttpError, match="too many keys and values"):
        read_json(body)


@pytest.mark.parametrize("nest", ["[", '{"a":'])
def test_the_depth_has_a_bound(nest: str) -> None:
    """The outermost object counts; brackets in strings, and many beside each other, do not."""
    end = "]" if nest == "[" else "}"
    good = '{"a":' + nest * (DEEPEST - 1) + "1" + end * (DEEPEST - 1) + "}"
    assert read_json(good.encode())
    with pytest.raises(HttpError, match="nested too deeply"):
        read_json(f'{{"a":{nest}{good}{end}}}'.encode())
    assert read_json(b'{"a":[' + b'{"b":[]},' * 200 + b'"' + b"[{" * 200 + b'\\"["]}')


def test_a_short_body_has_no_such_bound() -> None:
    """What it holds is bounded by its length."""
    assert read_json(b'{"a":[' + b"1," * 3_000 + b"1]}") == {"a": [1] * 3_001}
