"""Descriptions and notes hold the HTML of a rich-text editor, and no other."""

from html import unescape
from html.parser import HTMLParser

import nh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deterministic import deterministic
from keesa.rich_text import html
from keesa.rich_text.elements import ATTRIBUTES, SCHEMES, TAGS
from keesa.rich_text.html import LONGEST, MOST_TAGS, rich_text


def sanitised(text: str) -> str:
    """What is kept of a text; nothing where it is refused."""
    return rich_text(text).kept


def is_blank(text: str) -> bool:
    return rich_text(text).fault == "must not be empty"


@pytest.mark.parametrize(
    "text",
    [
        "Replaced the card",
        "Tom & Jerry, R&D",
        "a < b && c > d",
        "3 <4 and 5> 4, I <3 it, <- there, a<=b",
        "&lt;b&gt; is bold, &amp; is and",
        "N Manadhoo\r\nM Muli\r\nSh Maaungoodhoo",
        "  two spaces  \t\n",
        "Malé, ރާއްޖެ, 📡",
        "<div><strong>sample comment<br></strong>something</div><ul><li>bullets</li></ul>",
        "<div>port 3 < port 4 & port 5</div>",
        "<div>port 3 &lt; port 4 &amp; port 5</div>",
        "<p>one</p>\r\n\r\n<p>two\u00a0lines</p>",
        '<h1 lang="en">Plan</h1><ol><li><em>first</em></li><li><u>then</u> <del>never</del></li></ol><hr>',
        "<blockquote>They said</blockquote><pre>\n\n  reboot\n</pre><code>reload</code>",
        '<a href="https://example.com/?a=1&amp;b=2" title="the graph">graph</a>',
        '<a href="mailto:desk@keesa.example">write</a> <a href="tel:+9607771234">call</a> <a href="/tickets">see</a>',
        pytest.param(f"<b>&#{'9' * 5000};</b>", id="a character past all"),
        '<table><thead><tr><th colspan="2">port</th></tr></thead><tbody><tr><td>3</td></tr></tbody></table>',
    ],
)
def test_what_is_harmless_comes_back_to_the_letter(text: str) -> None:
    """Neither plain text nor an editor's HTML is written in another way."""
    assert sanitised(text) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("From <ali@example.com>: no signal", "From &lt;ali@example.com&gt;: no signal"),
        ("<b>From</b> <ali@example.com>", "<b>From</b> &lt;ali@example.com&gt;"),
        ("level <min since Monday", "level &lt;min since Monday"),
        ("a<b", "a&lt;b"),
        ('<a href="https://keesa.example" title="5 < 6">x</a>', '<a href="https://keesa.example" title="5 < 6">x</a>'),
        ('<p dir="rtl">ދިވެހި</p>', '<p dir="rtl">ދިވެހި</p>'),
    ],
)
def test_what_is_no_tag_is_not_lost(text: str, kept: str) -> None:
    """A bracket that somebody wrote as a bracket stays readable, with all that follows it."""
    assert sanitised(text) == kept


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("x" * LONGEST, None),
        ("x" * (LONGEST + 1), "must have at most 65536 characters"),
        ("x" + "<b>" * MOST_TAGS, None),
        ("x" + "<b>" * (MOST_TAGS + 1), "must have at most 4000 tags"),
        ("<p><br></p>", "must not be empty"),
        ("<ali@example.com>", None),
    ],
)
def test_a_text_has_its_bounds(text: str, fault: str | None) -> None:
    """Long ones, those whose tags would take long to read, and those in which nothing is left to read."""
    assert rich_text(text).fault == fault


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("run ./test.sh -U <id> now", "run ./test.sh -U &lt;id&gt; now"),
        ("List<String> x", "List&lt;String&gt; x"),
        ("<p>Map<String, List<Port>> ports</p>", "<p>Map&lt;String, List&lt;Port&gt;&gt; ports</p>"),
        ("if (a<b && c>d) stop", "if (a&lt;b &amp;&amp; c&gt;d) stop"),
        ("if a<b and c>d", "if a&lt;b and c&gt;d"),
        ("<b>for</b> (i<s || j>0)", "<b>for</b> (i&lt;s || j&gt;0)"),
        ('<user id="7">', '&lt;user id="7"&gt;'),
        (
            "cp <path> <image>, <max-size>9</max-size>",
            "cp &lt;path&gt; &lt;image&gt;, &lt;max-size&gt;9&lt;/max-size&gt;",
        ),
        ("</String>, </3", "&lt;/String&gt;, &lt;/3"),
        ("connect <host:port>, <http://keesa.example/>", "connect &lt;host:port&gt;, &lt;http://keesa.example/&gt;"),
        ("std::vector<std::string>", "std::vector&lt;std::string&gt;"),
        ("<?php echo 1 ?> <!here> <% x %>", "&lt;?php echo 1 ?&gt; &lt;!here&gt; &lt;% x %&gt;"),
        ("x <!-- never ended", "x &lt;!-- never ended"),
        ("cd <dir> && ls <file>", "cd &lt;dir&gt; &amp;&amp; ls &lt;file&gt;"),
        ("set <interface> <address> <Time>", "set &lt;interface&gt; &lt;address&gt; &lt;Time&gt;"),
        ("Optional<Object>, <input/> and <LINK>", "Optional&lt;Object&gt;, &lt;input/&gt; and &lt;LINK&gt;"),
        ("<x:y> at <m:ss>", "&lt;x:y&gt; at &lt;m:ss&gt;"),
        ("an <xml> file", "an &lt;xml&gt; file"),
        ("put it into a <script> and a <title>", "put it into a  and a "),
        ("<![CDATA[a < b]]>", "a &lt; b"),
    ],
)
def test_a_name_that_is_no_element_is_kept_as_text(text: str, kept: str) -> None:
    """What stands in brackets is lost where it is markup, and only there; what follows is never lost."""
    assert sanitised(text) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("<p>Hello<o:p></o:p></p>", "<p>Hello</p>"),
        ("<p>Hello<o:p>&nbsp;</o:p></p>", "<p>Hello&nbsp;</p>"),
        (
            '<p class="MsoNormal"><w:sdt id="1">Hello</w:sdt><st1:place w:st="on">Malé</st1:place></p>',
            "<p>HelloMalé</p>",
        ),
        ("<v:shape id=x style='width:1pt'/><my:tag>x</my:tag><some:thing/>y", "xy"),
        ("<!DOCTYPE html>\n<html><body>x</body></html>", "\nx"),
        ('<?xml version="1.0" encoding="UTF-8"?><?xml:namespace prefix = o ns = "urn:x" />x', "x"),
        ("<![if !supportLists]>1. <![endif]>x", "1. x"),
        ("<!--[if gte mso 9]><xml><w:WordDocument>y</w:WordDocument></xml><![endif]-->x<!--EndFragment-->", "x"),
        ("<!--[if !mso]><!-->x<!--<![endif]-->", "x"),
        ("<xml><o:OfficeDocumentSettings>y</o:OfficeDocumentSettings></xml>x", "x"),
        (
            "<meta charset='utf-8'><google-sheets-html-origin><style><!--td {border: 1px}--></style><table><tr><td>x",
            "<table><tbody><tr><td>x</td></tr></tbody></table>",
        ),
        ("<a href=x><x-apple-data-detectors id=0>x</x-apple-data-detectors></a>", '<a href="x">x</a>'),
        ("<p><sdfield type=DATETIME sdnum='1'>x</sdfield><m:oMath><m:r>y</m:r></m:oMath></p>", "<p>xy</p>"),
        ("<table><colgroup><col><col></colgroup><tfoot><tr><td>x", "<table><tbody><tr><td>x</td></tr></tbody></table>"),
        ("<html><head><body><ruby>x<rt>y</ruby><select><option>z</select><wbr>", "xyz"),
        ("<style>p { color: red }</style><font face=Arial>x</font>", "x"),
        ("<svg viewBox='0 0 1 1'><path d='M0 0'/><text>x</text></svg>", "x"),
        ("<math><mi>x</mi><mo>=</mo><mn>1</mn></math>", "x=1"),
        (f'a<img src="data:image/png;base64,{"A" * 9000}">b', "ab"),
        (f"a<img alt='{'>' * 3000}' src=x>b", "ab"),
        (f'<a href="javascript:{"A" * 3000}" title="x">b</a>', '<a title="x">b</a>'),
        (f'<a class=c href="/{"A" * 3000}">b</a>', f'<a href="/{"A" * 3000}">b</a>'),
        ('<div ng-app data-x id="d" hidden>x</div><td nowrap>y', "<div>x</div>y"),
        (
            "<table x:str border=0><tr><td align=right x:num>12</td><td x:err>#N/A</td></tr></table>",
            "<table><tbody><tr><td>12</td><td>#N/A</td></tr></tbody></table>",
        ),
        ("<table border summary><tr><td>x</table>", "<table><tbody><tr><td>x</td></tr></tbody></table>"),
        ("<p class>one</p><p o:ole>two<div id>three</div><br clear>", "<p>one</p><p>two</p><div>three</div><br>"),
        ("<v:rect fillcolor stroke>x</v:rect><o:p class></o:p>", "x"),
        ('<img alt src="a.png">x<select multiple size><option>y</select>', "xy"),
        ("<script crossorigin>a<b</script><style media>p {}</style><script nomodule>c</script>x", "x"),
        ('<p style="color:red";>x</p>', "<p>x</p>"),
        ("<td width='50%', align='left', 50>x", "x"),
        (
            '<a href="http://x.mv"">x</a><p style="font-family:"Arial Black"">y</p>',
            '<a href="http://x.mv">x</a><p>y</p>',
        ),
        ('<p *ngIf="z" #ref (click)="w" [x] i18n>x</p>', "<p>x</p>"),
        ('<!DOCTYPE note [<!ENTITY y "z">]><?xml-stylesheet href="a>b"?><p>x</p>', "<p>x</p>"),
        ("<!-- one --!>x<!-- two -->y<!-- three --!>z", "xyz"),
    ],
)
def test_what_programs_write_goes_without_a_trace(text: str, kept: str) -> None:
    """Office's elements, declarations and comments, and what pages are made of; their text stays."""
    assert sanitised(text) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('<ol start="3"><li>x</li></ol>', '<ol start="3"><li>x</li></ol>'),
        ('<ol type="a" start=-1><li value="7">x</li></ol>', '<ol type="a" start="-1"><li value="7">x</li></ol>'),
        ("<ol reversed><li>x</li></ol>", '<ol reversed=""><li>x</li></ol>'),
        ('<ol start="+3"><li value=" 4 ">x</li></ol>', '<ol start="+3"><li value=" 4 ">x</li></ol>'),
        ('<ol start="x" type="disc"><li value="1e9">x</li></ol>', "<ol><li>x</li></ol>"),
        (
            '<table><tr><td colspan="2" rowspan="all">x</td></tr></table>',
            '<table><tbody><tr><td colspan="2">x</td></tr></tbody></table>',
        ),
    ],
)
def test_a_list_keeps_how_it_counts(text: str, kept: str) -> None:
    """Numbers are numbers."""
    assert sanitised(text) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("<pre title=x>\n\n\n\nx</pre>", '<pre title="x">\n\n\n\nx</pre>'),
        ("<b>one<i>two</b>three</i>", "<b>one<i>two</i></b><i>three</i>"),
        ("<p><b>one<p>two</b>three", "<p><b>one</b></p><p><b>two</b>three</p>"),
        ("<b><p>one</b>two</p>three", "<b><p>onetwo</p></b>three"),
        ("<ul><li>one<li>two</ul>", "<ul><li>one</li><li>two</li></ul>"),
        ("<dl><dt>one<dd>two</dl>", "<dl><dt>one</dt><dd>two</dd></dl>"),
        ("</div></td>x</p>", "x"),
        ("<td>x</td>", "x"),
        (
            "<table>one<tr><td>two<td>three</table>",
            "<table><tbody><tr><td>one</td></tr><tr><td>two</td><td>three</td></tr></tbody></table>",
        ),
        ("<h1>one<h2>two</h1>three", "<h1>one</h1><h2>two</h2>three"),
        ("<a href=/1>one<a href=/2>two</a>", '<a href="/1">one</a><a href="/2">two</a>'),
    ],
)
def test_what_is_nested_otherwise_is_written_as_it_is_read(text: str, kept: str) -> None:
    """Each element ends where a browser ends it, and nothing ends what a page has around the text."""
    assert sanitised(text) == kept


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("before<script>alert(1)</script>after", "beforeafter"),
        ("<SCRIPT SRC=//evil.example/x.js></SCRIPT>x", "x"),
        ("<scr<script>ipt>alert(1)</script>", "&lt;scr"),
        ("<style>*{display:none}</style>x", "x"),
        ("<img src=x onerror=alert(1)>x", "x"),
        ("<svg/onload=alert(1)>x", "x"),
        ("<iframe src='https://evil.example'>y</iframe>x", "yx"),
        ("<form action=/login><input name=password></form>x", "x"),
        ("<!-- hidden -->x", "x"),
        ("<p onclick=alert(1) class=big id=x style='color:red'>x</p>", "<p>x</p>"),
        ('<a href="javascript:alert(1)">x</a>', "<a>x</a>"),
        ('<a href="JaVaScRiPt:alert(1)">x</a>', "<a>x</a>"),
        ('<a href="java\tscript:alert(1)">x</a>', "<a>x</a>"),
        ('<a href=" &#106;avascript&colon;alert(1)">x</a>', "<a>x</a>"),
        ('<a href="data:text/html,<script>alert(1)</script>">x</a>', "<a>x</a>"),
        ('<a href="vbscript:x" onmouseover="alert(1)" target="_blank">x</a>', "<a>x</a>"),
        ("<textarea><script>alert(1)</script></textarea>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("<math><mi><style><img src=x onerror=alert(1)></style></mi></math>x", "x"),
        ("<plaintext><b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
        ("<b>bold", "<b>bold</b>"),
        ("harmless <img src=x onerror=alert(1) ", "harmless &lt;img src=x onerror=alert(1) "),
    ],
)
def test_what_could_harm_is_gone(text: str, left: str) -> None:
    """Scripts, their handlers and addresses, frames, forms and styles: what is left stays readable."""
    assert sanitised(text) == left


def test_what_is_left_reads_as_it_is_written() -> None:
    """Where a tag goes, the rest nests otherwise when it is read again: it is written as it will be read."""
    assert sanitised("<a>one<object id=x><a>two") == "<a>one</a><a>two</a>"


@pytest.mark.parametrize("before", ["", "<p>", "<li>", "<ul><li>", "<ul><li><p>"])
def test_a_table_at_the_greatest_depth_has_its_cells(before: str) -> None:
    """Text in it stands in one: a browser would move it out of the table."""
    kept = sanitised(before + "<table>x" * 60)
    assert "<tr>x" not in kept
    assert "<tbody>x" not in kept
    assert sanitised(kept) == kept


def test_what_never_comes_to_rest_is_shown_with_its_tags(monkeypatch: pytest.MonkeyPatch) -> None:
    """No such text is known; were there one, it would be plain text."""
    text = '<a href="https://[">one<object id=x>two</a>'
    assert sanitised(text) == "<a>onetwo</a>"
    monkeypatch.setattr(html, "PASSES", 1)
    assert sanitised(text) == '&lt;a href="https://["&gt;one&lt;object id=x&gt;two&lt;/a&gt;'


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff",
        "\x07",
        "<p>\u200b</p>",
        "<p>\ufffc</p>",
        "<b>&ZeroWidthSpace;</b>\u2060",
        "<p>\u3164<br>\u2800</p>",
        "<!-- x -->",
        "<img src=x>",
        "",
        "  \r\n\t",
        "&nbsp;\u00a0 &#32;",
        "<div><br></div>",
        "<p> </p><ul><li></li></ul>",
        "<b>&nbsp;</b>",
        "<hr>",
    ],
)
def test_text_without_anything_to_read_is_blank(text: str) -> None:
    """An editor sends its empty page as tags."""
    assert is_blank(text)


@pytest.mark.parametrize("text", ["x", "<p>x</p>", "0", "<", "&amp;", "<b>&lt;</b>", "📡"])
def test_text_with_anything_to_read_is_not_blank(text: str) -> None:
    """One character is enough."""
    assert not is_blank(text)


class Judge(HTMLParser):
    """Reads HTML with another parser than the sanitiser's, and notes what it was not to find."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            if name not in ATTRIBUTES["*"] | ATTRIBUTES.get(tag, set()):
                self.found.append(f"<{tag} {name}>")
            elif name == "href":
                scheme, colon, _ = "".join((value or "").split()).lower().partition(":")
                if colon and "/" not in scheme and "#" not in scheme and "?" not in scheme and scheme not in SCHEMES:
                    self.found.append(f"<{tag} href={value}>")

    def handle_endtag(self, tag: str) -> None:
        if tag not in TAGS:
            self.found.append(f"</{tag}>")

    def handle_comment(self, data: str) -> None:
        self.found.append(f"<!--{data}")

    def handle_decl(self, decl: str) -> None:
        self.found.append(f"<!{decl}")

    def handle_pi(self, data: str) -> None:
        self.found.append(f"<?{data}")

    def unknown_decl(self, data: str) -> None:
        self.found.append(f"<![{data}")


def judged(text: str) -> list[str]:
    judge = Judge()
    judge.feed(text)
    judge.close()
    return judge.found


def test_the_judge_finds_what_it_must() -> None:
    """The property below is worth what its judge is: it sees each kind of harm."""
    harm = "<script>1</script><p onclick=x></p><a href='java\nscript:1'></a><img src=x><!--c--><?x ?><b style=x>"
    assert judged(harm) == [
        "<script>",
        "</script>",
        "<p onclick>",
        "<a href=java\nscript:1>",
        "<img>",
        "<img src>",
        "<!--c",
        "<?x ?",
        "<b style>",
    ]


# fmt: off
_HARMFUL = (
    "script", "style", "img", "svg", "math", "mi", "mtext", "mglyph", "annotation-xml", "foreignObject", "desc",
    "iframe", "textarea", "title", "noscript", "template", "form", "select", "option", "xmp", "plaintext",
    "noembed", "object", "input", "button", "body", "html", "frameset", "meta", "link", "base",
)
# fmt: on
_NAMES = st.sampled_from((*sorted(TAGS), *_HARMFUL))
_ATTRIBUTES = st.sampled_from(
    (
        "onclick=alert(1)",
        'onerror="alert(1)"',
        'href="javascript:alert(1)"',
        "href=' &#106;avascript:alert(1)'",
        "href=data:text/html,x",
        'href="https://example.com/?a=1&amp;b=2"',
        "href=x:y",
        'title="</b><script>alert(1)</script>"',
        "title='\"><img src=x onerror=alert(1)>'",
        "colspan=2",
        "style=x:y",
        "src=x",
        "xlink:href=javascript:alert(1)",
    )
)
_PIECES = st.one_of(
    _NAMES.map(lambda name: f"<{name}>"),
    _NAMES.map(lambda name: f"</{name}>"),
    st.tuples(_NAMES, st.lists(_ATTRIBUTES, min_size=1, max_size=2)).map(lambda tag: f"<{tag[0]} {' '.join(tag[1])}>"),
    st.sampled_from(
        (
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
            "<!",
            "<?",
            "&lt;",
            "&amp;",
            "&#60;",
            "&quot;",
            "<",
            ">",
            "&",
            '"',
            "'",
            "/",
        )
    ),
    st.sampled_from(("x", " ", "\n", "\r\n", "\t", "\x0c", "\u00a0", "\ufeff", "a<b", "=", "script", "ރާ")),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=4),  # NUL is refused before
)
EDITED = st.lists(_PIECES, max_size=14).map("".join)


@deterministic(400)
@given(EDITED)
def test_no_text_keeps_a_tag_an_attribute_or_an_address_that_is_not_allowed(text: str) -> None:
    """Whatever is written, another parser finds nothing in what is kept but what the lists allow."""
    assert judged(sanitised(text)) == []


@deterministic(400)
@given(EDITED)
def test_what_is_sanitised_stays_as_it_is(text: str) -> None:
    """To edit a text and save it again changes nothing."""
    kept = sanitised(text)
    assert sanitised(kept) == kept


@deterministic(400)
@given(EDITED)
def test_what_is_kept_is_in_proportion_to_what_was_written(text: str) -> None:
    """Eight times as long at the most: a cell gets the table's parts around it, a quotation mark is six characters."""
    assert len(sanitised(text)) <= 8 * len(text)


def words(text: str) -> list[str]:
    """And tags and brackets, without regard to blanks: a reader drops the line end that `<pre>` begins with."""
    return unescape(text).replace("<", " <").replace(">", "> ").split()


@deterministic(400)
@given(EDITED)
def test_a_reader_of_html_has_nothing_to_mend(text: str) -> None:
    """A sanitiser that knows nothing of ours reads what is kept as it stands: so does a browser.

    Before it reads, it drops one U+FEFF at the very beginning as the mark of an encoding: it gets one to drop.
    """
    kept = sanitised(text)
    marked = f"\ufeff{kept}"
    read = nh3.clean(marked, tags=set(TAGS), attributes=dict(ATTRIBUTES), url_schemes=set(SCHEMES), link_rel=None)
    assert words(read) == words(kept)


@deterministic(300)
@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="<\0")))
def test_text_without_a_tag_comes_back_to_the_letter(text: str) -> None:
    """Whatever its letters, line ends, quotes and ampersands are."""
    assert sanitised(f"x{text}") == f"x{text}"
