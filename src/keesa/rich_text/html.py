"""The HTML that a rich-text editor writes into descriptions and notes, made safe before it is kept.

Cleaning takes time and gives text in proportion to what was written (docs/decisions/0009-rich-text.md), and is done
before a transaction begins: what keeps a text takes a `RichText`, and this module alone makes those.
"""

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import nh3

from keesa.blank import is_blank, unescaped
from keesa.rich_text.addressing import addressed
from keesa.rich_text.attributes import MOST_ATTRIBUTES, TooManyAttributes
from keesa.rich_text.elements import ATTRIBUTES, SCHEMES, TAGS
from keesa.rich_text.nesting import Nesting
from keesa.rich_text.tags import Reader
from keesa.words.pieces import Piece, pieces_of
from keesa.words.plain import plain_text

LONGEST: Final = 65_536
"""Characters of a description or a note, as it is written."""
LONGEST_KEPT: Final = 2 * LONGEST
"""Characters of one as it is kept: end tags and `&lt;` come in."""
MOST_TAGS: Final = 4_000
"""Brackets that may begin a tag."""
TURN: Final = 64
"""Tags and texts between them that are read between two pauses."""
PASSES: Final = 3
"""The most times that a text is cleaned. What was written in a way that HTML nests otherwise may need two."""
QUICK: Final = 2_000
"""A text of no more characters is cleaned in a millisecond at the most."""

_CLEANER: Final = nh3.Cleaner(
    tags=set(TAGS),
    attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
    url_schemes=set(SCHEMES),
    link_rel=None,
)


@dataclass(frozen=True, slots=True)
class RichText:
    """A text as it may be kept, or what is wrong with the one that was written."""

    kept: str
    """Safe; empty where there is a fault."""
    size: int
    """Of what is kept, in bytes of UTF-8."""
    fault: str | None = None
    addressed: tuple[str, ...] = ()
    """What stands behind each `@` (`keesa.rich_text.addressing`)."""
    words: tuple[Piece, ...] = ()
    """What it is found by."""


class _TooLong(ValueError):
    """What would be kept is."""


def rich_text(written: str, pause: Callable[[], None] | None = None) -> RichText:
    """What is kept of a text: without any tag, attribute or link scheme that is not allowed. `pause` is called now and
    then, where a long text shall leave time to others.

    Where nothing had to go it is kept as it was written, to the letter: plain text keeps its `&` and `<`. Elsewhere a
    `<` that begins no tag is kept as `&lt;`, since a reader of HTML would swallow what follows it.
    """
    if len(written) > LONGEST:
        return refused(f"must have at most {LONGEST} characters")
    if "<" not in written:
        return refused("must not be empty") if is_blank(written) else accepted(written)
    if written.count("<") > MOST_TAGS:
        return refused(f"must have at most {MOST_TAGS} tags")
    try:
        kept = _cleaned(written, pause)
    except TooManyAttributes:
        return refused(f"must have at most {MOST_ATTRIBUTES} attributes")
    except _TooLong:
        return refused(f"must have at most {LONGEST_KEPT} characters once it is made safe")
    return refused("must not be empty") if kept is None else accepted(kept)


def is_quick(written: str) -> bool:
    """Whether `rich_text` takes so little time that nobody else would wait for it."""
    return len(written) <= QUICK and written.count("<") <= QUICK // 20


def accepted(kept: str) -> RichText:
    size = len(kept) if kept.isascii() else len(kept.encode())
    return RichText(kept, size, addressed=addressed(kept), words=pieces_of(plain_text(kept)))


def refused(fault: str) -> RichText:
    return RichText("", 0, fault)


def _cleaned(written: str, pause: Callable[[], None] | None) -> str | None:
    """None where nothing is left to read. What was checked must be what a browser reads: a sanitiser that knows
    nothing of ours reads what we made, and where it would write something else, its text is cleaned in turn. What
    still changes then is shown with its tags.
    """
    text = written
    for _ in range(PASSES):
        parts, texts = _made(text, pause)
        made = _short("".join(parts))
        if is_blank("".join(texts)):
            return None
        read = _CLEANER.clean(_as_readers_want(parts) if "<pre" in made else made)
        if read == made or _meaning(read) == _meaning(made):
            return text if made == text else _short(read)
        text = _short(read)
    return _short(html.escape(written, quote=False))


def _made(text: str, pause: Callable[[], None] | None) -> tuple[list[str], list[str]]:
    """The text of its allowed tags, each of them closed, in parts; and what is to be read of it, likewise."""
    nesting, texts = Nesting(again=len(text)), list[str]()
    for number, (name, written) in enumerate(Reader(text).tokens()):
        if pause and number % TURN == TURN - 1:
            pause()
        if not name:
            nesting.text(written)
            texts.append(written)
        elif name[0] == "/":
            nesting.end(name[1:])
        else:
            nesting.start(name, written)
    nesting.finish()
    return nesting.parts, texts


def _as_readers_want(parts: Sequence[str]) -> str:
    """With one more line end after `<pre>`: every reader of HTML skips one there, and the sanitiser writes none."""
    return "".join(
        f"{part}\n" if part.startswith("<pre") and following[:1] in ("\n", "\r") else part
        for part, following in pairwise([*parts, " "])
    )


def _short(text: str) -> str:
    if len(text) > LONGEST_KEPT:
        raise _TooLong
    return text


def _meaning(text: str) -> str:
    """The text with entities read and line ends made equal: in these alone does the sanitiser's form of safe
    text differ. A tag that it took out is gone from one side, and so tells the two apart.
    """
    return unescaped(text).replace("\r\n", "\n").replace("\r", "\n")
