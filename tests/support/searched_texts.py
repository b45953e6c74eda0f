"""Desks whose texts are in many scripts, and questions to them: drawn at random, mostly so that something is found."""

from collections.abc import Sequence
from random import Random
from typing import Final

from keesa.search.language import MOST_CHARACTERS
from keesa.words.pieces import Head
from keesa.words.splitting import words_of
from plain_search import Asked, PlainDesk, PlainName, PlainRow, PlainTicket, Reader


def _parted(text: str) -> Sequence[str]:
    return text.split("|")


OF_SCRIPTS: Final = _parted(
    "Café|cafe\u0301s|naïve|STRASSE|straße|İstanbul|ﬁbre|co\u00adop|AND|or|NOT|near|އިންޓަނެޓް|އިންޓަ|މާލެ|މާ|ރުފިޔާ|"
    "شبكة|الشَّبكة|کی\u200cبورد|شبكه|नेटवर्क|नेट|இணையம்|இணை|ජාලය|జాలం|網路故障|網路|ルーター|ﾙｰﾀｰ|ガ|カ\u3099|"
    "เครือข่าย|เครื่อง|ข่าย|ລາວ|မြန်မာ|ខ្មែរ|한국|한국어|Ωμέγα|сеть|сети|רשת|ქსელი|🛜 down|℃|½|①②|㍿|ﷺ"
)
CODES: Final = _parted(
    "sw-12|sw-120|SW 12|sw_12|Ethernet1/0/24|Ethernet1/0/2|ge-0/0/1.100|10.2.3.4|10.2.3.40|aisha@example.mv|example.mv|"
    "7e87i|1.5e3|1e5|PO 4711|2024-001|٠١٢٣٤٥|१२३४५|12345|+960 791-2345|9607912345|7912345|912345|x00112233|<b>|&amp;|"
    "C:\\link|it's|''|(a,b)"
)
COMMON: Final = (*_parted("link|links|linked|down|up|port|no|in|an"), "x" * 64, "x" * 70, "yx" * 40)
IN_NAMES: Final = _parted("Pvt Ltd|Pvt Ltd|Pvt Ltd|Horizon|Fisheries|Male' sw|މާލެ|Café|網路|Villa 12345|link|")
ALPHABETS: Final = _parted(
    "abcABC|0123|àéîõüßſ|ހށނރާިުެްޗ|ابتكةيَّ٠١|कखगनेि्टा१|அகஇண்ையா|කඛජාල්|字網路故|ルータ゛カﾞ|あいか\u3099|"
    "กขคาิี่้เ|ກຂາີ|ကခာျ|កខា|한국ㅎㅏᄒ\u1161|αΩς|сетьё|רשתּ|①②⑳|\U0001d41a\U0001d7cf|ﬁﬂ㎏|"
    "é\u0301\u0308|_-'\"*:&|!()<>\\{}^+|\u200d\u200b\u00ad\ufe0f"
)
_SIGNS: Final = (" ", " ", " ", " ", "-", "/", ", ", ".", "\n", " - ", "_", "\u200f", "、", "")
CUSTOMERS: Final = range(1, 9)
ECOS: Final = range(1, 9)
MOST_NAMES: Final = 2
"""Of these few customers as many are too many as of a whole desk's `keesa.search.names.MOST_NAMES`."""


def word(random: Random) -> str:
    kind = random.randrange(8)
    if kind == 7:
        return "".join(random.choices(random.choice(ALPHABETS), k=random.randint(1, 4)))
    return random.choice((COMMON, COMMON, COMMON, OF_SCRIPTS, OF_SCRIPTS, CODES, CODES)[kind])


def _text(random: Random, most: int) -> str:
    return "".join(word(random) + random.choice(_SIGNS) for _ in range(random.randint(0, most)))


def _name(random: Random) -> str:
    return " ".join(random.choices(IN_NAMES, k=random.randint(1, 3)))


def _ticket(random: Random, number: int) -> PlainTicket:
    """Mostly of two rows."""
    head = Head(
        id=2024001 + number,
        title=_text(random, 5),
        reference=random.choice((None, word(random))),
        contact_name=_text(random, 2),
        contact_number=random.choice((7, 7912345, 9607912345)),
        contact_phone=random.choice((None, "+960 791-2345", "9607912345")),
        customer_id=random.choice(CUSTOMERS),
        eco_id=random.choice((None, *ECOS)),
    )
    return PlainTicket(head, [_row(random) for _ in range(random.choice((1, 2, 2)))])


def _row(random: Random) -> PlainRow:
    said, internal = ([_text(random, 7) for _ in range(random.randint(0, most))] for most in (3, 2))
    return PlainRow(said, internal)


def desk(random: Random, tickets: int) -> PlainDesk:
    names = [PlainName(of_eco=False, id=number, customer_id=number, name=_name(random)) for number in CUSTOMERS]
    names += [PlainName(of_eco=True, id=id_, customer_id=random.choice(CUSTOMERS), name=_name(random)) for id_ in ECOS]
    return PlainDesk([_ticket(random, number) for number in range(tickets)], names, MOST_NAMES)


def question(random: Random, desk: PlainDesk) -> tuple[list[Asked], Reader]:
    """At least one must be found. Mostly all stand in one ticket, or in the names that it is found by."""
    ticket = random.choice(desk.tickets)
    row, head = random.choice(ticket.rows), ticket.head
    texts = [*ticket.texts, *row.said, *row.internal]
    names = [name.name for name in desk.names if name.id == (head.eco_id if name.of_eco else head.customer_id)]
    asked = [_one_of(random, random.choice((texts, texts, names))) for _ in range(random.choice((1, 1, 2, 2, 3, 3)))]
    refused = [_one_of(random, [word(random)])._replace(without=True) for _ in range(random.choice((0, 0, 1)))]
    while len(" ".join(one.typed for one in (*asked, *refused))) > MOST_CHARACTERS:
        asked = asked[:-1] or [Asked("link")]
    return [*asked, *refused], Reader(random.choice((None, head.customer_id, random.choice(CUSTOMERS))))


def _one_of(random: Random, standing: Sequence[str]) -> Asked:
    words = words_of(random.choice(standing)) or words_of(random.choice(COMMON))
    start = random.randrange(len(words))
    words = words[start : start + random.choice((1, 1, 1, 2, 3))]
    cut = words[-1][: random.randint(2, max(2, len(words[-1])))]
    beginning = random.random() < 0.4 and len(cut) >= 2 and words_of(cut) == [cut]
    if beginning:
        words[-1] = cut
    return Asked(" ".join(words), beginning=beginning, quoted=len(words) > 1 or random.random() < 0.3)
