"""Lists as CSV (RFC 4180), for spreadsheets and scripts: whole, from `after` on, read and sent page by page.

What is in a cell comes from anybody, and spreadsheets run what begins like a formula: such a text gets an apostrophe
before it (docs/decisions/0044-csv.md).
"""

import csv
import io
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Final, get_args, get_origin

import msgspec
from msgspec import Struct
from starlette.datastructures import Headers

from keesa.db import Database, Pace, Steps, Work
from keesa.errors import Invalid
from keesa.web.replies import EncodedReply, Reply, Stream, raw_headers
from keesa.web.weights import weights

CSV: Final = "text/csv"
JSON: Final = "application/json"
FORMATS: Final = ("json", "csv")
PAGE: Final = 500
"""Rows that are read at a time, each time in a transaction of its own."""
BOM: Final = b"\xef\xbb\xbf"
QUERY_WORDS: Final = ("format", "bom")
_STEP: Final = 50
"""Rows that are written until others have their turn."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - those of wide scripts too
_SWITCHES: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Columns:
    """Of a list's answer: the array inside `data`, and the fields of what stands in it."""

    array: str
    fields: Mapping[str, str]
    """Name in the struct to name in JSON, which is the column's."""


class Page:
    """One page of the list: its lines, and the cursor behind it."""

    def __init__(self, lines: bytes, after: str | None) -> None:
        self.lines = lines
        self.after = after


@lru_cache(maxsize=256)
def columns_of(answer: type[Struct]) -> Columns:
    """Raises `TypeError` where it is no list with a cursor."""
    data = _types(answer).get("data")
    inside = _types(data) if isinstance(data, type) and issubclass(data, Struct) else {}
    arrays = [(name, get_args(kind)[0]) for name, kind in inside.items() if get_origin(kind) is list]
    if "next" not in inside or len(arrays) != 1:
        raise TypeError(f"{answer.__name__} is no list as CSV: it needs one array in `data`, and `next` beside it")
    [(array, row)] = arrays
    return Columns(array, {field.name: field.encode_name for field in msgspec.structs.fields(_plain(row))})


def is_asked_for(query: Mapping[str, str], headers: Headers) -> bool:
    """By `format` in the query, else by `Accept`: only where CSV itself is named there, and wanted more than JSON.
    Raises `Invalid`.
    """
    if (named := query.get("format")) is not None:
        if named not in FORMATS:
            raise Invalid({"format": [f"must be {' or '.join(FORMATS)}"]})
        return named == "csv"
    accepted = ", ".join(headers.getlist("accept")).lower()
    if CSV not in accepted:  # as of nearly all
        return False
    wanted = weights(accepted)
    as_json = next((wanted[kind] for kind in (JSON, "application/*", "*/*") if kind in wanted), 0.0)
    return wanted.get(CSV, 0.0) > as_json


def reply(
    name: str, query: Mapping[str, str], first: Page, columns: Columns, further: Callable[[str], Work[Steps[Page]]]
) -> EncodedReply:
    """A file of that name, which is sent while it is made: `further` reads the page behind a cursor. Where that fails,
    the answer breaks off, so that nobody takes it for whole. Raises `Invalid`.
    """
    begin = BOM if _switch(query, "bom") else b""
    lines = begin + _line(list(columns.fields.values())) + first.lines

    async def pieces(database: Database) -> AsyncGenerator[bytes, None]:
        yield lines
        after = first.after
        while after is not None:
            page = await database.aread_in_steps(further(after), long=True)
            if page.lines:
                yield page.lines
            after = page.after

    headers = raw_headers([("Content-Disposition", f'attachment; filename="{name}.csv"')])
    return EncodedReply(200, Stream(pieces), f"{CSV}; charset=utf-8", headers)


def page_of(answer: object, columns: Columns) -> Steps[Page]:
    """The lines of what a list's endpoint has answered."""
    body: Any = answer.body if isinstance(answer, Reply) else answer
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    for number, row in enumerate(getattr(body.data, columns.array), 1):
        writer.writerow([_cell(getattr(row, field)) for field in columns.fields])
        if number % _STEP == 0:
            yield Pace.SHORT
    return Page(text.getvalue().encode(), body.data.next)


def _cell(value: object) -> str | int | float:
    """A number stays one; nothing for null; words of a list with a semicolon between; JSON for what has parts."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return value
        case str():
            return _harmless(value)
        case list() | tuple() if all(isinstance(item, str | int) for item in value):
            return _harmless(";".join(map(str, value)))
    return msgspec.json.encode(value).decode()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode()


def _switch(query: Mapping[str, str], name: str) -> bool:
    given = query.get(name, "false")
    if given not in _SWITCHES:
        raise Invalid({name: [f"must be {' or '.join(_SWITCHES)}"]})
    return _SWITCHES[given]


def _types(struct: type[Struct]) -> dict[str, Any]:
    return {field.encode_name: _plain(field.type) for field in msgspec.structs.fields(struct)}


def _plain(kind: Any) -> Any:  # noqa: ANN401 - a type form
    return _plain(get_args(kind)[0]) if get_origin(kind) is Annotated else kind
