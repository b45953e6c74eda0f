"""What tickets and notes say."""

from collections.abc import Sequence
from random import Random
from typing import Final

_TITLE: Final = (
    ("Internet", "Wi-Fi", "Telephone line", "PABX", "Fax", "Router", "Switch", "Camera", "Door reader", "IPTV"),
    ("is down", "drops every hour", "is slow in the evening", "has to move", "is wanted", "shows an alarm", "is noisy"),
)
_TROUBLE: Final = (
    ("The line", "The router in the cabinet", "One of the two switches", "The camera at the jetty", "The whole site"),
    ("drops", "loses its settings", "has no power", "answers slowly", "restarts by itself", "shows a red light"),
    ("since the storm", "every evening", "when it rains", "since the last power cut", "after ten minutes", "at night"),
    ("and nobody can work", "but comes back", "as we told you before", "and the guests complain", "on all floors"),
)
_ANSWER: Final = (
    ("Called back:", "Measured at the cabinet:", "Went there by ferry:", "Changed the card:", "Asked the carrier:"),
    ("port 3 was dead,", "the battery swells,", "the fibre is bent,", "settings were lost,", "no fault was found,"),
    ("waiting for the part", "watching it until Sunday", "the customer has confirmed", "we shall come again"),
)
_RICH: Final = (
    "<div>{}<br>{}</div>",
    "<div><strong>{}</strong></div><ul><li>{}</li></ul>",
    "<p>{}</p><p><em>{}</em></p>",
)
_RICH_FROM: Final = 120
"""Characters; shorter texts are plain."""


class Texts:
    """Enough different ones that they look written, and few enough to make them beforehand."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.titles = [f"{thing} {trouble}" for thing in _TITLE[0] for trouble in _TITLE[1]]
        self.descriptions = [self._text(_TROUBLE, 50, 800) for _ in range(2_000)]
        self.notes = [self._text(_ANSWER, 20, 400) for _ in range(4_000)]

    def _text(self, parts: Sequence[Sequence[str]], shortest: int, longest: int) -> str:
        """Mostly short; a third of the longer ones as a rich-text editor writes them."""
        length = shortest + int((longest + 1 - shortest) * self._random.random() ** 2)
        if length < _RICH_FROM or self._random.random() > 0.33:
            return self._plain(parts, length)
        rich = self._random.choice(_RICH)
        text = self._plain(parts, length - len(rich.format("", "")) + 1)
        middle = text.index(" ", len(text) // 2)
        return rich.format(text[:middle], text[middle + 1 :])

    def _plain(self, parts: Sequence[Sequence[str]], length: int) -> str:
        """Sentences, cut to the length."""
        text = ""
        while len(text) < length:
            text += " ".join(map(self._random.choice, parts)) + ". "
        return f"{text[: length - 1].rstrip(' .,:'):.<{length}}"
