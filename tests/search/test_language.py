"""The language of searches: what is read as what, and what is refused with which sentence."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deterministic import deterministic
from keesa.errors import Invalid
from keesa.search.language import MOST_BEGINNINGS, MOST_CHARACTERS, MOST_TERMS, MOST_WORDS, Query, Term, read_query
from keesa.words.splitting import words_of


def word(*words: str) -> Term:
    return Term(words, prefix=False)


def beginning(*words: str) -> Term:
    return Term(words, prefix=True)


def faults(text: str) -> Sequence[str]:
    with pytest.raises(Invalid) as refused:
        read_query(text)
    assert list(refused.value.faults) == ["q"]
    return refused.value.faults["q"]


def test_words_beginnings_and_phrases_must_all_be_found() -> None:
    """Blanks part them; a star makes a beginning of a word, or of a phrase's last one."""
    assert read_query('Router rout* "no link at night" "port fl*" "port up"*') == Query(
        (
            word("router"),
            beginning("rout"),
            word("no", "link", "at", "night"),
            beginning("port", "fl"),
            beginning("port", "up"),
        ),
        (),
    )


def test_a_minus_in_front_refuses() -> None:
    """A word, a beginning, a phrase: each way; one that stands alone or within a word means nothing."""
    assert read_query('link -router -rout* -"no link" - sw-12 --"two of them"') == Query(
        (word("link"), word("sw", "12")),
        (word("router"), beginning("rout"), word("no", "link"), word("two", "of", "them")),
    )


def test_what_the_splitting_parts_is_a_phrase() -> None:
    """Codes, addresses and ports are found as they are written, in whatever signs."""
    assert read_query("sw-12 aisha@example.mv Ethernet1/0/24 10.2.3.4 sw-1/12*").terms == (
        word("sw", "12"),
        word("aisha", "example", "mv"),
        word("ethernet1", "0", "24"),
        word("10", "2", "3", "4"),
        beginning("sw", "1", "12"),
    )


def test_signs_that_keyboards_change_are_understood() -> None:
    """Telephones turn quotation marks, a keyboard of wide letters has its own, and marks of direction are not seen."""
    expected = Query((word("no", "link"), beginning("rout")), (word("down"),))
    assert read_query("\u201cno link\u201d rout* -down") == expected
    assert read_query("\u00abno link\u00bb \u200frout*\u200e \u202b-down") == expected
    assert read_query("\uff02no link\uff02 rout\uff0a \uff0ddown") == expected


def test_the_same_twice_is_asked_for_once() -> None:
    """However often it is typed, and in letters of whatever size."""
    assert read_query("link LINK Link -down -DOWN") == Query((word("link"),), (word("down"),))


def test_a_letter_that_is_a_word_needs_no_star() -> None:
    """Of Thai, Han and kana each letter is a word, and a letter with its marks is no beginning of a longer one."""
    assert read_query("ไท* 網路*").terms == (word("ไ", "ท"), word("網", "路"))
    assert read_query("އި* ก\u0e35* రా*").terms == (beginning("އި"), beginning("ก\u0e35"), beginning("రా"))


@pytest.mark.parametrize(
    "text",
    [
        *("link AND down", "link OR down", "NOT link", "NEAR(link down, 5)", "link & !down", "link <-> down"),
        *("{head} : link", "head : link", "(link)", "((((link", "link))", "link | down", "^link", "link + down"),
        *("'link'", "'; DROP TABLE tickets; --", "link\\", "\\", "\\' link", "link:A", "$1 :wanted link", "%link_%"),
    ],
)
def test_signs_of_the_engines_languages_mean_nothing(text: str) -> None:
    """What an engine would take for an operator is a word where it has letters, and a blank where it has none."""
    found = words_of(text)
    if not found:
        assert faults(text) == ["must have a word that is to be found"]
        return
    query = read_query(text)
    assert sorted({word for term in (*query.terms, *query.without) for word in term.words}) == sorted(set(found))
    assert not any(term.prefix for term in query.terms)


STARS = "may have a * behind the last letter or digit of a word alone"
SHORT = "must have at least 2 letters or digits before a *"
OPEN = "has a quotation mark that none closes"
EMPTY = "must have a word that is to be found"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((text, [EMPTY]) for text in ("", "   ", "-", "- -", "...", '""', "-router", '-"no link"', "\x00")),
        *(
            (text, [STARS])
            for text in ("*", "***", "* link", "-*", '"*"', "*ink", "l*nk", "sw-*", '"li*nk a"', "link :*")
        ),
        *((text, [SHORT]) for text in ("a*", "link 1*", "sw-1*", '"no l*"', "-a*", "é*", "ހ*")),
        *((text, [OPEN]) for text in ('"', '"no link', 'link -"', 'link"no "link', "\u201cno link")),
        ('a* "no', [SHORT, OPEN]),
        ("x" * (MOST_CHARACTERS + 1), [f"must have at most {MOST_CHARACTERS} characters"]),
        ("x" * 1_048_576, [f"must have at most {MOST_CHARACTERS} characters"]),
        (
            " ".join(f"w{number}" for number in range(MOST_TERMS + 1)),
            [f"may have at most {MOST_TERMS} words and phrases"],
        ),
        (
            "w " + " ".join(f"-w{number}" for number in range(MOST_TERMS)),
            [f"may have at most {MOST_TERMS} words and phrases"],
        ),
        ("\u5b57" * (MOST_WORDS + 1), [f"may have at most {MOST_WORDS} words, those of its phrases among them"]),
        ("\ufdfa" * MOST_CHARACTERS, [f"may have at most {MOST_WORDS} words, those of its phrases among them"]),
        (
            " ".join(f"w{number}*" for number in range(MOST_BEGINNINGS)) + " link -ww*",
            [f"may have at most {MOST_BEGINNINGS} words with a *"],
        ),
        (" ".join(["-"] * 127), [EMPTY]),
    ],
)
def test_what_is_refused_is_told(text: str, expected: Sequence[str]) -> None:
    """Each fault has its sentence, and all of them come together."""
    assert faults(text) == expected


def test_as_much_as_may_be_is_read() -> None:
    """The bounds themselves are good."""
    assert len(read_query("x" * MOST_CHARACTERS).terms[0].words) == 4
    assert len(read_query(" ".join(f"w{number}" for number in range(MOST_TERMS))).terms) == MOST_TERMS
    assert len(read_query(" ".join(f"w{number}*" for number in range(MOST_BEGINNINGS))).terms) == MOST_BEGINNINGS
    assert len(read_query("\u5b57" * MOST_WORDS).terms[0].words) == MOST_WORDS


anything = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('"*- ab\u200d\u0e01\u5b57'), max_size=300)


@given(anything)
@deterministic(600)
def test_whatever_is_typed_has_a_meaning_or_a_sentence(text: str) -> None:
    """Within the bounds, of words as the index has them."""
    try:
        query = read_query(text)
    except Invalid:
        return
    terms = query.terms + query.without
    assert query.terms
    assert len(terms) <= MOST_TERMS
    assert sum(len(term.words) for term in terms) <= MOST_WORDS
    assert sum(term.prefix for term in terms) <= MOST_BEGINNINGS
    for term in terms:
        assert all(words_of(one) == [one] for one in term.words)
        assert not term.prefix or len(term.words[-1]) >= 2


words = st.from_regex(r"[a-z0-9\u0780-\u07a5\u0905-\u0939]{2,6}", fullmatch=True)
terms = st.builds(Term, st.lists(words, min_size=1, max_size=3).map(tuple), st.booleans())


@given(st.lists(terms, min_size=1, max_size=4, unique=True), st.lists(terms, max_size=3, unique=True), st.booleans())
@deterministic(300)
def test_a_query_is_read_back_from_how_it_is_written(wanted: list[Term], without: list[Term], quoted: bool) -> None:  # noqa: FBT001 - drawn
    """Phrases in quotation marks or with signs between their words."""

    def written(term: Term) -> str:
        star = "*" if term.prefix else ""
        return f'"{" ".join(term.words)}{star}"' if quoted else "/".join(term.words) + star

    text = " ".join([*map(written, wanted), *(f"-{written(term)}" for term in without)])
    if len(text) <= MOST_CHARACTERS and sum(term.prefix for term in (*wanted, *without)) <= MOST_BEGINNINGS:
        assert read_query(text) == Query(tuple(wanted), tuple(without))
