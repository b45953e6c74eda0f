"""What a file is, by what it holds."""

from io import BytesIO

import pytest

from keesa.attachments.media_types import BYTES, TEXT, media_type_of


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"%PDF-1.7\n\x00\xff", "application/pdf"),
        (b"PK\x03\x04\x00", "application/zip"),
        (b"\x1f\x8b\x08", "application/gzip"),
        ("hostname ފުޅަދޫ\n\tinterface ge-0/0/1\r\n".encode(), TEXT),
        (b"\x1b[31mred\x1b[0m", TEXT),
        (b"<html><script>alert(1)</script>", TEXT),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", TEXT),
        (b"MZ\x90\x00\x03", BYTES),
        (b"\x7fELF\x02", BYTES),
        (b"caf\xe9", BYTES),
        (b"text and then\x00", BYTES),
        (b"cut off \xde", BYTES),
    ],
)
def test_a_file_is_what_it_holds(content: bytes, media_type: str) -> None:
    """Text that browsers would run is plain text, and programs are bytes."""
    assert media_type_of(BytesIO(content)) == media_type


@pytest.mark.parametrize("letters", range(3))
def test_a_long_text_is_text_to_its_end(letters: int) -> None:
    """Also where a letter lies across two of the pieces that are read; what stands at its end counts too."""
    text = b"a" * letters + "ފު".encode() * 150_000
    assert media_type_of(BytesIO(text)) == TEXT
    assert media_type_of(BytesIO(text + b"\xff")) == BYTES
    assert media_type_of(BytesIO(text + b"\x00")) == BYTES
