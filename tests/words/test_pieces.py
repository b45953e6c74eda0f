"""What of texts stands in rows: pieces that fit, heads that are bounded, and the same words on both engines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deterministic import deterministic
from keesa.words.pieces import MOST_HEAD, MOST_OF_ONE, MOST_WORDS, Head, customer_mark, eco_mark, pieces_of
from keesa.words.places import MOST_ROWS
from keesa.words.plain import plain_text
from keesa.words.postgres_form import POSTGRES
from keesa.words.rows import NamedPiece, named, names_in, rows_of
from keesa.words.splitting import BOUNDARY, words_of
from keesa.words.sqlite_form import SQLITE

HEAD = Head(2025001, "Link down", "PO-17", "Ibrahim", 7771234, "777 1234", 3, 9)
TEXTS = st.lists(
    st.sampled_from(["link", "Down", "7912345", "sw-12", "ލިންކް", "網路", "<b>", "a"]) | st.text(max_size=6),
    max_size=60,
).map(" ".join)


@pytest.mark.parametrize(
    ("kept", "text"),
    [
        ("plain & <simple>", "plain & <simple>"),
        ("wo<b>rd</b>", "word"),
        ("<div>one</div><div>two</div>", "\none\n\ntwo\n"),
        ("one<br>two", "one\ntwo"),
        ("<ul><li>a</li><li>b</li></ul>", "\n\na\n\nb\n\n"),
        ('<a href="https://x.example/a>b" title="hidden">shown</a>', "shown"),
        ("Mal&eacute; &amp; &lt;b&gt; &#x41;", "Malé & <b> A"),
        ("5 < 6 and 7 > 2", "5 < 6 and 7 > 2"),
        ("host <sw-12> port", "host <sw-12> port"),
        ("<td>1</td><td>2</td>", "\n1\n\n2\n"),
    ],
)
def test_plain_text(kept: str, text: str) -> None:
    """Tags go, and a word ends where a block does; what stands in attributes is not found."""
    assert plain_text(kept) == text


def test_a_text_is_one_piece() -> None:
    """With a boundary before it, so that no phrase reaches into it from before; the ends of numbers behind another."""
    [piece] = pieces_of("Call 7912345 now")
    assert piece.words == (BOUNDARY, "call", "7912345", "now", BOUNDARY, "2345", "12345", "912345")
    assert (piece.size, piece.most) == (8, 1)


def test_a_text_without_words_is_a_piece() -> None:
    """So that it is known to be in the index."""
    assert [piece.words for piece in pieces_of("!!!")] == [(BOUNDARY,)]


@pytest.mark.parametrize(
    "text", ["one two three four " * 2000, "again " * 5000, "12345678901234567890 9876543 " * 3000]
)
def test_long_texts_are_cut(text: str) -> None:
    """Each piece fits an empty row; together they are the text."""
    pieces = pieces_of(text)
    assert len(pieces) > 1
    assert all(piece.size <= MOST_WORDS and piece.most <= MOST_OF_ONE for piece in pieces)
    whole = [word for piece in pieces for word in "\0".join(piece.words).split(f"{BOUNDARY}\0")[1].split("\0") if word]
    assert whole == words_of(text)


def test_a_head() -> None:
    """Number, title, reference and contact, each by itself; whose it is stands behind."""
    runs = " ".join(HEAD.words).split(f" {BOUNDARY} ")
    assert runs[:6] == ["2025001", "link down", "po 17", "ibrahim", "7771234", "777 1234"]
    assert set(runs[6].split()) == {"5001", "25001", "025001", "1234", "71234", "771234"}
    assert HEAD.marks == [eco_mark(9), customer_mark(3)]


def test_a_head_is_bounded() -> None:
    """Whatever a title of 255 letters becomes."""
    words = Head(2025001, "a " * 127, "\ufdfa" * 255, "ﷺ" * 255, 1, None, 3, None).words
    assert len(words) <= MOST_HEAD
    assert max(words.count(word) for word in set(words) - {BOUNDARY}) == 50


def test_rows_are_filled_one_after_the_other() -> None:
    """As writes fill them; none is fuller than it may be, and a ticket has no more than there are places for."""
    pieces = [each for number in range(20) for each in named("n", number, pieces_of("word other " * 150))]
    rows = rows_of(pieces)
    assert [each for row in rows for each in row.pieces] == pieces
    assert all(row.words <= MOST_WORDS and row.most <= MOST_OF_ONE for row in rows)
    [full] = pieces_of("x " * MOST_OF_ONE)
    assert len(rows_of([NamedPiece("n", 1, None, full)] * (MOST_ROWS + 5))) == MOST_ROWS
    assert len(rows_of([])) == 1


def test_names() -> None:
    """A row tells of what its words are."""
    [row] = rows_of([*named("t", None, pieces_of("a")), *named("n", 5, pieces_of("b")), *named("i", 6, pieces_of("c"))])
    assert row.names == '["t"],["n",5],["i",6]'.join("[]")
    assert names_in(row.names) == [("t", None, None), ("n", 5, None), ("i", 6, None)]
    long = rows_of(named("t", None, pieces_of("again " * 300)))
    assert [names_in(row.names) for row in long] == [[("t", None, 0)], [("t", None, 1)]]


@deterministic(200)
@given(title=TEXTS, description=TEXTS, note=TEXTS, internal=TEXTS)
def test_both_engines_keep_the_same(title: str, description: str, note: str, internal: str) -> None:
    """The same words side by side, in the same parts."""
    head = HEAD._replace(title=title)
    pieces = [
        *named("t", None, pieces_of(description)),
        *named("n", 5, pieces_of(note)),
        *named("i", 6, pieces_of(internal)),
        *named("n", 7, pieces_of(note)),
    ]
    [row] = rows_of(pieces)
    kept = SQLITE.said(SQLITE.row(head, row.pieces))
    assert kept == POSTGRES.said(POSTGRES.row(head, row.pieces))
    assert kept["said"] == sorted(run for each in pieces if not each.internal for run in runs(each.piece.words))
    assert kept["internal"] == sorted(runs(pieces_of(internal)[0].words))


def runs(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    parts = " ".join(words).split(BOUNDARY)
    return [tuple(part.split()) for part in parts if part.strip()]
