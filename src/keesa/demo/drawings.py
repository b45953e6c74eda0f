"""Small pictures for the demo's tickets, drawn by code: the same bytes each time, so that they are kept once."""

import math
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw

WIDTH: Final = 800
HEIGHT: Final = 600
_SMOOTH: Final = 2
"""Drawn so many times as large, and made smaller: lines have no steps then."""
QUALITY: Final = 85
"""As JPEG, which a telephone would have made."""
Colour = tuple[int, int, int]
_DARK: Final[Colour] = (38, 50, 56)
_STEEL: Final[Colour] = (144, 164, 174)
_RED: Final[Colour] = (229, 57, 53)
_GREEN: Final[Colour] = (67, 160, 71)
_AMBER: Final[Colour] = (255, 179, 0)
_BLUE: Final[Colour] = (30, 136, 229)


def drawing(name: str) -> bytes:
    """One of `NAMES`, as JPEG; KeyError for any other name."""
    image, draw = _sheet(*_SKIES[name])
    _DRAWINGS[name](draw)
    buffer = BytesIO()
    image.reduce(_SMOOTH).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


class _Pen:
    """Draws in the pixels of what is shown."""

    def __init__(self, image: Image.Image) -> None:
        self._draw = ImageDraw.Draw(image)

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour, round_by: float = 0) -> None:
        area = [side * _SMOOTH for side in (left, top, right, bottom)]
        self._draw.rounded_rectangle(area, round_by * _SMOOTH, colour)

    def line(self, *points: tuple[float, float], colour: Colour, width: float = 4) -> None:
        scaled = [(x * _SMOOTH, y * _SMOOTH) for x, y in points]
        self._draw.line(scaled, colour, round(width * _SMOOTH), joint="curve")

    def shape(self, *points: tuple[float, float], colour: Colour) -> None:
        self._draw.polygon([(x * _SMOOTH, y * _SMOOTH) for x, y in points], colour)

    def dot(self, x: float, y: float, radius: float, colour: Colour) -> None:
        area = [side * _SMOOTH for side in (x - radius, y - radius, x + radius, y + radius)]
        self._draw.ellipse(area, colour)

    def arc(
        self, x: float, y: float, radius: float, start: float, end: float, colour: Colour, width: float = 4
    ) -> None:
        """In degrees, from the right and downwards."""
        area = [side * _SMOOTH for side in (x - radius, y - radius, x + radius, y + radius)]
        self._draw.arc(area, start, end, colour, round(width * _SMOOTH))


def _sheet(above: Colour, below: Colour) -> tuple[Image.Image, _Pen]:
    """A sky of sixteen stripes."""
    image = Image.new("RGB", (WIDTH * _SMOOTH, HEIGHT * _SMOOTH))
    pen = _Pen(image)
    for stripe in range(16):
        share = stripe / 15
        red, green, blue = (round(a + (b - a) * share) for a, b in zip(above, below, strict=True))
        pen.box(0, HEIGHT * stripe / 16, WIDTH, HEIGHT * (stripe + 1) / 16, (red, green, blue))
    return image, pen


def _mast(pen: _Pen) -> None:
    """A mast on an island, whose upper antenna hangs."""
    pen.dot(650, 120, 46, (255, 241, 118))
    pen.box(0, 470, WIDTH, HEIGHT, (38, 166, 154))
    pen.dot(400, 760, 330, (255, 224, 178))
    for height in range(80, 450, 46):
        half, next_half = 14 + (height - 80) * 0.14, 14 + (height - 34) * 0.14
        pen.line((400 - half, height), (400 + next_half, height + 46), colour=_STEEL, width=3)
        pen.line((400 + half, height), (400 - next_half, height + 46), colour=_STEEL, width=3)
        pen.line((400 - half, height), (400 + half, height), colour=_STEEL, width=3)
    pen.line((386, 80), (332, 470), colour=_RED, width=7)
    pen.line((414, 80), (468, 470), colour=_RED, width=7)
    pen.line((400, 30), (400, 84), colour=_DARK, width=5)
    pen.dot(400, 28, 8, _RED)
    for side, y in ((-1, 200), (1, 200), (-1, 290)):
        pen.box(400 + side * 58 - 13, y, 400 + side * 58 + 13, y + 78, (236, 239, 241), 5)
        pen.line((400 + side * 58, y + 39), (400 + side * 30, y + 39), colour=_DARK, width=5)
    pen.shape((446, 300), (470, 292), (500, 362), (476, 372), colour=(236, 239, 241))
    for radius in (26, 46, 66):
        pen.arc(498, 342, radius, 320, 400, _AMBER, 5)
    _palm(pen, 190, 500)
    _palm(pen, 610, 520)


def _palm(pen: _Pen, x: float, y: float) -> None:
    pen.line((x, y), (x + 10, y - 60), (x + 26, y - 110), colour=(121, 85, 72), width=11)
    for angle in (190, 225, 270, 315, 350, 20, 160):
        end = (x + 26 + 70 * math.cos(math.radians(angle)), y - 110 + 46 * math.sin(math.radians(angle)) + 14)
        pen.line((x + 26, y - 110), ((x + 26 + end[0]) / 2, (y - 110 + end[1]) / 2 - 16), end, colour=_GREEN, width=9)


def _fibre(pen: _Pen) -> None:
    """A cable in a trench, cut through by a digger's tooth."""
    pen.box(0, 250, WIDTH, HEIGHT, (141, 110, 99))
    pen.box(0, 236, WIDTH, 258, _GREEN)
    for x, y, radius in ((60, 320, 16), (180, 560, 22), (330, 300, 10), (560, 570, 18), (700, 330, 24), (750, 480, 12)):
        pen.dot(x, y, radius, (109, 76, 65))
    pen.line((0, 430), (150, 440), (330, 424), colour=_DARK, width=44)
    pen.line((800, 440), (650, 432), (486, 450), colour=_DARK, width=44)
    colours = (_BLUE, _AMBER, _GREEN, _RED, (236, 239, 241), (171, 71, 188))
    for place, colour in enumerate(colours):
        y = 406 + place * 8
        pen.line((330, y), (362 + place % 3 * 10, y - 12 + place * 5), colour=colour, width=4)
        pen.line((486, y + 24), (452 - place % 2 * 14, y + 10 + place * 4), colour=colour, width=4)
    pen.shape((345, 0), (520, 0), (470, 250), (428, 396), (396, 396), (372, 250), colour=_AMBER)
    pen.shape((386, 340), (446, 340), (424, 440), (402, 440), colour=_STEEL)
    pen.line((360, 60), (500, 60), colour=_DARK, width=6)
    for x, y in ((420, 470), (400, 480), (440, 484)):
        pen.dot(x, y, 7, (255, 241, 118))


def _router(pen: _Pen) -> None:
    """A router on a table, one of whose lamps is red."""
    pen.box(0, 430, WIDTH, HEIGHT, (161, 136, 127))
    pen.box(0, 430, WIDTH, 444, (188, 170, 164))
    for x in (230, 570):
        pen.line((x, 320), (x + (x - 400) * 0.22, 110), colour=_DARK, width=16)
        pen.dot(x + (x - 400) * 0.22, 110, 11, _DARK)
    pen.box(150, 310, 650, 440, _DARK, 26)
    pen.box(164, 322, 636, 344, (69, 90, 100), 10)
    for place, colour in enumerate((_GREEN, _GREEN, _RED, _GREEN, (84, 110, 122), _AMBER)):
        x = 230 + place * 68
        if colour == _RED:
            pen.dot(x, 394, 30, (105, 50, 50))
        pen.dot(x, 394, 14, colour)
        pen.dot(x - 4, 390, 4, (255, 255, 255))
    pen.line((650, 400), (720, 410), (740, 480), (800, 500), colour=_BLUE, width=10)


def _rack(pen: _Pen) -> None:
    """A rack with a switch that has no light, and a cable that is in no socket."""
    pen.box(170, 40, 630, 580, _DARK, 10)
    pen.box(196, 64, 604, 556, (18, 26, 30))
    for row in range(6):
        top = 76 + row * 80
        dead = row == 3
        pen.box(206, top, 594, top + 64, (84, 110, 122) if row % 2 else (96, 125, 139), 5)
        for port in range(10):
            left = 226 + port * 30
            pen.box(left, top + 28, left + 22, top + 50, (18, 26, 30), 2)
            lit = (18, 26, 30) if dead else _GREEN if (port * 7 + row * 5) % 4 else _AMBER
            pen.dot(left + 11, top + 16, 4, lit)
        pen.dot(564, top + 32, 9, _RED if dead else _GREEN)
    for port, row, colour in ((1, 0, _BLUE), (4, 1, _AMBER), (7, 0, (171, 71, 188)), (2, 4, _GREEN)):
        x, y = 237 + port * 30, 115 + row * 80
        pen.line((x, y), (x - 12, y + 30), (x + 22, y + 58), (x + 30, y + 80), colour=colour, width=7)
    pen.line((400, 355), (430, 470), (520, 520), (690, 470), colour=_BLUE, width=8)
    pen.box(682, 452, 722, 484, (236, 239, 241), 4)


def _phone(pen: _Pen) -> None:
    """A telephone without a tone."""
    pen.box(0, 450, WIDTH, HEIGHT, (161, 136, 127))
    pen.shape((230, 250), (590, 250), (650, 480), (170, 480), colour=_DARK)
    pen.box(330, 270, 560, 340, (165, 214, 167), 6)
    pen.line((360, 305), (400, 305), colour=_DARK, width=6)
    pen.line((430, 286), (470, 324), colour=_RED, width=8)
    pen.line((470, 286), (430, 324), colour=_RED, width=8)
    for row in range(3):
        for column in range(4):
            left, top = 330 + column * 58 - row * 2, 362 + row * 36
            pen.box(left, top, left + 44, top + 24, (207, 216, 220), 5)
    pen.box(210, 210, 300, 460, (55, 71, 79), 34)
    pen.box(222, 220, 288, 280, (69, 90, 100), 26)
    pen.box(222, 396, 288, 452, (69, 90, 100), 26)
    coil = [(200 - 26 * math.sin(turn * 1.3), 440 + turn * 5.0) for turn in range(32)]
    pen.line(*coil, colour=_DARK, width=6)


def _dish(pen: _Pen) -> None:
    """A dish in a storm, which looks away from its satellite."""
    for x, y, radius in ((120, 120, 60), (200, 90, 80), (300, 130, 60), (560, 100, 70), (660, 140, 60)):
        pen.dot(x, y, radius, (120, 134, 142))
    for number in range(70):
        x, y = number * 137 % 840, number * 89 % 470
        pen.line((x, y), (x - 14, y + 34), colour=(176, 190, 197), width=2)
    pen.shape(
        (470, 130), (430, 250), (468, 250), (436, 350), (530, 220), (488, 220), (520, 130), colour=(255, 241, 118)
    )
    pen.box(0, 510, WIDTH, HEIGHT, (93, 64, 55))
    for x in range(0, 820, 40):
        pen.line((x, 510), (x + 20, 600), colour=(78, 52, 46), width=3)
    pen.line((260, 520), (260, 400), colour=_STEEL, width=18)
    pen.line((210, 520), (260, 440), (310, 520), colour=_STEEL, width=8)
    pen.shape((130, 300), (330, 440), (290, 470), (210, 470), (140, 400), colour=(207, 216, 220))
    pen.line((130, 300), (330, 440), colour=(236, 239, 241), width=12)
    pen.line((230, 370), (300, 270), colour=_DARK, width=7)
    pen.dot(300, 270, 14, _RED)


_DRAWINGS: Final[Mapping[str, Callable[[_Pen], None]]] = {
    "mast": _mast,
    "fibre": _fibre,
    "router": _router,
    "rack": _rack,
    "phone": _phone,
    "dish": _dish,
}
_SKIES: Final[Mapping[str, tuple[Colour, Colour]]] = {
    "mast": ((79, 195, 247), (225, 245, 254)),
    "fibre": ((144, 202, 249), (227, 242, 253)),
    "router": ((236, 239, 241), (207, 216, 220)),
    "rack": ((176, 190, 197), (120, 144, 156)),
    "phone": ((255, 243, 224), (255, 224, 178)),
    "dish": ((55, 71, 79), (120, 144, 156)),
}
NAMES: Final = tuple(_DRAWINGS)
