"""Names of pictures and files: as they were sent, but for what a name must not hold."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deterministic import deterministic
from keesa.attachments.naming import LONGEST, UNNAMED, name_of


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("mast.jpg", "mast.jpg"),
        ("ފޮޓޯ ވައިފައި.jpg", "ފޮޓޯ ވައިފައި.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Ali\\mast.jpg", "mast.jpg"),
        ("mast.jpg\0.exe", "mast.jpg.exe"),
        ('ma"st\r\nX-Evil: 1.jpg', 'ma"stX-Evil: 1.jpg'),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        ("  mast.jpg ", "mast.jpg"),
        (".bashrc", ".bashrc"),
        *((empty, UNNAMED) for empty in ("", " ", ".", "..", "a/", "a/..", "\0", "\u2066\u2069", "\ud800")),
    ],
)
def test_a_name_is_the_last_part_of_what_was_sent(sent: str, kept: str) -> None:
    """Without controls, without what turns its direction, and never empty."""
    assert name_of(sent) == kept


def test_a_long_name_keeps_its_ending() -> None:
    """It is cut before it."""
    assert name_of("a" * 300 + ".jpg") == "a" * (LONGEST - 4) + ".jpg"
    assert name_of("a" * 300) == "a" * LONGEST
    assert name_of("a." + "b" * 300) == "a." + "b" * (LONGEST - 2)


@deterministic(200)
@given(st.text())
def test_any_name_can_be_kept_and_sent(sent: str) -> None:
    """Whatever was sent: bounded, one line, UTF-8, no path, and the same again when it is sent again."""
    name = name_of(sent)
    assert 0 < len(name) <= LONGEST
    assert name.encode()
    assert not {"/", "\\", "\0"} & {*name}
    assert not any(unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") for each in name)
    assert name not in (".", "..")
    assert name_of(name) == name
