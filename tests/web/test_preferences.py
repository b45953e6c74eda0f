"""`Prefer` (RFC 7240): whether a client wants to be told of what is not known."""

import pytest
from starlette.datastructures import Headers

from keesa.web.input.preferences import Handling, handling_of


@pytest.mark.parametrize(
    ("lines", "handling"),
    [
        (["handling=strict"], "strict"),
        (["handling=lenient"], "lenient"),
        (["Handling=STRICT"], "strict"),
        (['handling="strict"'], "strict"),
        (["handling = strict"], "strict"),
        (["\t handling=strict ; foo=bar"], "strict"),
        (['respond-async, wait=10, handling=strict; a="b, c"'], "strict"),
        (["respond-async", "handling=strict"], "strict"),
        (['foo="handling=strict"'], None),
        (['foo="a, handling=strict"'], None),
        (['foo="a\\", handling=strict", handling=lenient'], "lenient"),
        (["foo; handling=strict"], None),
        (["handling=lenient, handling=strict"], "lenient"),
        (["handling=lenient", "handling=strict"], "lenient"),
        (["handling=other, handling=strict"], None),
        (["handling"], None),
        (["handling="], None),
        (["xhandling=strict"], None),
        (["", ",,,"], None),
        (['"'], None),
        ([], None),
    ],
)
def test_the_first_handling_counts(lines: list[str], handling: Handling | None) -> None:
    """In whichever line and case, with or without quotation marks; what stands in another's value does not."""
    assert handling_of(Headers(raw=[(b"prefer", line.encode()) for line in lines])) == handling
