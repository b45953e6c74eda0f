"""Pictures and files at the addresses that answers show: no token is needed, and nothing of them is run."""

import re
from functools import partial
from typing import Annotated, Any, Final, Literal

import structlog
from msgspec import Meta, Struct

from keesa.api.calls import Call
from keesa.api.etags import content_etag
from keesa.api.file_addresses import LENGTH
from keesa.attachments.serving import ServedFile, find_file
from keesa.db import Tx
from keesa.errors import NotFound
from keesa.files.places import Place
from keesa.pictures.prepared import ORIGINAL, SCREEN, SCREEN_WEBP, THUMBNAIL, THUMBNAIL_WEBP
from keesa.web.downloads import disposition
from keesa.web.endpoints import PathParameter
from keesa.web.replies import Content, Headers, Reply
from keesa.web.routes import Access, Routes
from keesa.web.weights import weights

ROUTES = Routes()

GONE: Final = "There is no such file, or its address is no longer good"
"""Of whatever is wrong with an address."""
WEBP: Final = "image/webp"
PICTURES: Final = frozenset({"image/jpeg", "image/png", WEBP, "image/gif", "image/avif", "image/heic", "image/heif"})
"""Media types that a browser may show in their place."""
_BYTES: Final = "application/octet-stream"
_HARMLESS: Final = re.compile(r"(?!.*(?:html|xml|svg|script|wasm))[a-z]+/[a-z0-9.+-]{1,100}(?:; charset=utf-8)?")
_ALWAYS: Final = (
    ("Content-Security-Policy", "default-src 'none'; sandbox"),
    ("Referrer-Policy", "no-referrer"),
    ("Vary", "Accept"),
)
_FORMS: Final = {
    "original": (ORIGINAL,),
    "screen": (SCREEN_WEBP, SCREEN, ORIGINAL),
    "thumbnail": (THUMBNAIL_WEBP, THUMBNAIL, SCREEN_WEBP, SCREEN, ORIGINAL),
}
"""By size: of what there is of these the first; a form that would be no smaller than the next one is not kept."""
_IN_WEBP: Final = frozenset({SCREEN_WEBP, THUMBNAIL_WEBP})

_log = structlog.get_logger("keesa.files")

Size = Annotated[
    Literal["original", "screen", "thumbnail"],
    Meta(
        title="ImageSize",
        description="Of an image: the whole, one that fits a screen, or a small one",
        extra_json_schema={"type": "string"},
    ),
]
AddressPath = Annotated[
    str,
    PathParameter(
        str,
        "As `image_urls` and the lists of images and files show it",
        {"type": "string", "pattern": f"^[A-Za-z0-9_-]{{{LENGTH}}}$"},
        GONE,
    ),
]


class FileQuery(Struct, frozen=True):
    size: Size = "screen"


@ROUTES.add(
    "GET",
    "/files/{address}",
    summary="Fetch a picture or a file by its address",
    access=Access.SIGNED_ADDRESS,
    answer_type="*/*",
    conditional=True,
    in_ranges=True,
    headers=("Accept-Ranges", "Content-Disposition"),
)
def fetch(tx: Tx, call: Call[FileQuery, None], address: AddressPath) -> Reply[None]:
    """Without a token, as by an image tag of any page: the address is signed, and good until the end of the next day
    (UTC). A picture comes in the size that is asked for, as WebP where `Accept` names it; a file always for download.

    404 for an address that is no longer good, or never was, and as soon as what it names was removed, or is out of
    the sight of the customer to whom it was shown.
    """
    said = call.services.file_addresses.read(address, call.at)
    found = None if said is None else find_file(tx, said.attachment_id, said.customer_id)
    if said is None or found is None:
        raise NotFound(GONE)
    form = _chosen(found, call.query.size, accepts_webp=_accepts_webp(call))
    stored = found.forms[form]
    media_type = _media_type(found.kind == "image", stored.media_type)
    shown = media_type in PICTURES
    name = f"{found.place}/{form}"
    headers: Headers = (
        *_ALWAYS,
        ("Cache-Control", f"private, max-age={(said.expires_at - call.at) // 1000}, immutable"),
        ("Cross-Origin-Resource-Policy", "cross-origin" if shown else "same-origin"),
        ("Content-Disposition", disposition(found.name, media_type, inline=shown)),
    )
    read = partial(_read, call.services.receiving.place(tx), name)
    content = Content(stored.size, read, found.created_at)
    return Reply(content, headers, media_type=media_type, etag=content_etag("file", name))


def _chosen(file: ServedFile, size: str, *, accepts_webp: bool) -> str:
    """The name of the form that is sent."""
    fit = (form for form in _FORMS[size] if accepts_webp or form not in _IN_WEBP)
    return next(form for form in fit if form in file.forms)


def _accepts_webp(call: Call[Any, Any]) -> bool:
    """Whether the client names it: one that takes anything need not know it."""
    return weights(", ".join(call.headers.getlist("accept"))).get(WEBP, 0.0) > 0


def _media_type(is_image: bool, stored: str) -> str:  # noqa: FBT001 - it is called once
    """What no browser runs: anything else is bytes."""
    if is_image:
        return stored if stored in PICTURES else _BYTES
    return stored if stored not in PICTURES and _HARMLESS.fullmatch(stored) else _BYTES


def _read(place: Place, name: str, start: int, stop: int) -> bytes:
    """Raises `NotFound` where there are no bytes of a row: that is the operator's to see, and nothing for clients."""
    try:
        return b"".join(place.read(name, start, stop))
    except FileNotFoundError as error:
        _log.error("the bytes of a file are missing", name=name, place=place.describe())
        raise NotFound(GONE) from error
