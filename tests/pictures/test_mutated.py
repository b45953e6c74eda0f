"""Whatever is sent, there are five outcomes: a picture made anew, 415, 413, 422, 503 - and never another."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from deterministic import deterministic
from keesa.errors import Invalid, TooLarge, WrongType
from pictures import KINDS, Preparing, drawn, encoded, moving

SAMPLES = [encoded(drawn(24, 16), kind) for kind in KINDS] + [moving(kind, 3) for kind in ("GIF", "PNG", "WEBP")]
BEGINNINGS = [
    b"\xff\xd8\xff\xe0",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a",
    b"RIFF\x10\0\0\0WEBPVP8 ",
    b"\0\0\0\x18ftypavif",
    b"\0\0\0\x18ftypheic",
]
EDITS = st.lists(
    st.tuples(st.floats(0, 0.999), st.integers(0, 255), st.sampled_from(["set", "drop", "double"])),
    min_size=1,
    max_size=8,
)


@deterministic(60)
@given(st.sampled_from([b"", *BEGINNINGS]), st.binary(max_size=300))
def test_bytes_of_any_kind(prepare: Preparing, beginning: bytes, rest: bytes) -> None:
    """Also behind what a picture begins with."""
    with suppress(WrongType, TooLarge, Invalid):
        prepare(beginning + rest)


@deterministic(120)
@given(st.sampled_from(SAMPLES), EDITS)
def test_pictures_with_wrong_bytes(prepare: Preparing, content: bytes, edits: list[tuple[float, int, str]]) -> None:
    """What is taken can be shown by everybody."""
    changed = bytearray(content)
    for share, value, what in edits:
        place = int(share * len(changed))
        if what == "set":
            changed[place] = value
        elif what == "drop":
            del changed[place : place + value % 9]
        else:
            changed[place:place] = changed[place : place + value]
    with suppress(WrongType, TooLarge, Invalid):
        for form in prepare(bytes(changed)).forms.values():
            with Image.open(form.path) as image:
                image.load()
                assert image.size == (form.width, form.height)
