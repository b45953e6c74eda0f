"""Email addresses: what may be one, and the form in which it is kept and found."""

import unicodedata

import pytest

from keesa.accounts.emails import canonical_email, email_fault

GOOD = (
    "moosa@keesa.example",
    "Moosa.Ali+desk@Keesa.Example",
    "o'neil_1@mail-2.example.com",
    "moosa@localhost",
    "zoë@bücher.example",
    "މޫސާ@keesa.example",
    "moosa@भारत.example",
    "x@ශ්\u200dරී.example",
    "නිශ්\u200dර@keesa.example",
    "x@نامه\u200c\u0627ی.example",
    f"{'n' * 250}@x.mv",
)
BAD = {
    "": "it has no @",
    "moosa": "it has no @",
    "@": "nothing stands before the @",
    "@keesa.example": "nothing stands before the @",
    "a@": "nothing stands after the @",
    "a@b@keesa.example": "it has more than one @",
    "a@@keesa.example": "it has more than one @",
    " a@keesa.example": "it begins or ends with a blank",
    "a@keesa.example\u00a0": "it begins or ends with a blank",
    "no body@keesa.example": "there is a blank in it",
    "no\u00a0body@keesa.example": "there is a blank in it",
    "no\tbody@keesa.example": "there is a blank in it",
    "a\0b@keesa.example": "U+0000 stands in it",
    "a\x1bb@keesa.example": "U+001B stands in it",
    "a\u200bb@keesa.example": "U+200B stands in it",
    "a\u200db@keesa.example": "U+200D stands in it",
    "moosa@keesa\u200c.example": "U+200C stands in it",
    "\u200dශ්@keesa.example": "U+200D stands in it",
    "a\u202eb@keesa.example": "U+202E stands in it",
    "\ufeffa@keesa.example": "U+FEFF stands in it",
    "a\ud800@keesa.example": "U+D800 stands in it",
    "<a@keesa.example>": "< stands in it",
    "a@keesa.example,b@keesa.example": ", stands in it",
    "a@.": ". is no host name",
    "a@keesa..example": "keesa..example is no host name",
    "a@-keesa.example": "-keesa.example is no host name",
    "a@keesa.example.": "keesa.example. is no host name",
    f"{'n' * 251}@x.mv": "it has more than 255 characters",
}


@pytest.mark.parametrize("email", GOOD)
def test_what_mail_can_be_sent_to_is_an_address(email: str) -> None:
    """In any script and any capitals, in a network of one's own too."""
    assert email_fault(email) is None


@pytest.mark.parametrize("email", BAD)
def test_what_is_no_address_has_its_sentence(email: str) -> None:
    """Which says what is wrong with it."""
    assert email_fault(email) == f"must be an email address: {BAD[email]}"


@pytest.mark.parametrize("written", ["ZOË@Keesa.Example", "zoe\u0308@keesa.example", " zoë@keesa.example\n"])
def test_an_address_has_one_form(written: str) -> None:
    """However it is typed."""
    assert canonical_email(written) == "zoë@keesa.example"


def test_a_text_without_end_is_nobody_s_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """A login's 16 kB are not brought into a form, which would hold up everybody else for a tenth of a second."""
    normalised: list[str] = []

    def normalize(_: str, text: str) -> str:
        normalised.append(text)
        return text

    monkeypatch.setattr(unicodedata, "normalize", normalize)
    assert canonical_email("a" + "\u0345\u0301\u0316\u05b0" * 1950 + "@b.example") == ""
    assert canonical_email("Moosa@keesa.example") == "moosa@keesa.example"
    assert normalised == ["moosa@keesa.example"]
