"""Uploads that go on where they were broken off: tus 1.0.0. Keesa's own addition to the 2024 document."""

from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from keesa.accounts.permissions import TICKETS_WRITE
from keesa.api import tus
from keesa.api.calls import Call
from keesa.api.v2024.fields import Time
from keesa.db import Tx
from keesa.uploads import uploads
from keesa.uploads.receiving import ALGORITHMS
from keesa.uploads.uploads import NOT_FOUND, Upload
from keesa.web.body_streams import BodyStream
from keesa.web.endpoints import PathParameter
from keesa.web.replies import Reply
from keesa.web.routes import Access, Parameter, Prepare, Routes

ROUTES = Routes()

_ID: Final = "0f8a6d5c9b3e47128d0a4c6b2e917f53"
UploadPath = Annotated[
    str | None,
    PathParameter(
        uploads.parse_id,
        "The upload's id",
        {"type": "string", "pattern": "^[0-9a-f]{32}$", "examples": [_ID]},
        NOT_FOUND,
    ),
]
_RESUMABLE: Final = Parameter("Tus-Resumable", "header", f"`{tus.VERSION}`, the version of tus")
_CHECKSUM: Final = Parameter(
    "Upload-Checksum",
    "header",
    f"What the body's checksum must be: {', '.join(f'`{name}`' for name in ALGORITHMS)}, and the sum in Base64",
)
_OTHER_VERSION: Final = f"Tus-Resumable must be {tus.VERSION}"
_OTHER_SUM: Final = "What has arrived does not have the checksum that was sent: send it again"


class UploadShown(Struct):
    id: Annotated[str, Meta(description="The upload's id, by which `POST /tickets/<id>/images` attaches it")]
    length: Annotated[int, Meta(description="Bytes that it will have")]
    received: Annotated[int, Meta(description="Bytes that are there for good")]
    name: Annotated[str, Meta(description="As its sender calls it")]
    media_type: Annotated[str, Meta(description="Likewise")]
    expires_at: Annotated[Time, Meta(description="Until when it can go on, or be attached")]


class OneUpload(Struct):
    upload: Annotated[UploadShown, Meta(description="The upload")]


class UploadAnswer(Struct):
    data: OneUpload


_EXAMPLE: Final = {
    "data": {
        "upload": {
            "id": _ID,
            "length": 5242880,
            "received": 1048576,
            "name": "mast.jpg",
            "media_type": "image/jpeg",
            "expires_at": "2024-06-02T10:00:00.000+05:00",
        }
    }
}


def _answer(call: Call[Any, Any], upload: Upload, *headers: tuple[str, str]) -> Reply[UploadAnswer]:
    shown = UploadShown(
        upload.id,
        upload.length,
        upload.received,
        upload.name,
        upload.media_type,
        call.services.clock.iso(upload.expires_at),
    )
    return Reply(UploadAnswer(OneUpload(shown)), (*tus.told_of(upload).items(), *headers))


@ROUTES.add(
    "OPTIONS",
    "/uploads",
    status=204,
    summary="Ask what uploads may be",
    access=Access.ANYONE,
    answer_headers=tus.OF_ALL,
    headers=("Tus-Version", "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm"),
)
def tell(_tx: Tx, call: Call[None, None]) -> Reply[None]:
    """The versions and extensions of tus that are known, and how many bytes an upload may have."""
    headers = (
        ("Tus-Version", tus.VERSION),
        ("Tus-Extension", tus.EXTENSIONS),
        ("Tus-Max-Size", str(call.services.receiving.limits.size)),
        ("Tus-Checksum-Algorithm", ",".join(ALGORITHMS)),
    )
    return Reply(None, headers)


def _prepare_creation(tx: Tx, call: Call[None, BodyStream]) -> Prepare:
    tus.require_version(call.headers)
    new, checksum = tus.new_upload_of(call.headers), tus.checksum_of(call.headers)
    uploads.require_length(new.length, call.services.receiving.limits.size)
    place, body = call.services.receiving.place(tx), call.body

    async def receive() -> list[uploads.Piece]:
        if body.is_empty:
            return []
        return await call.services.uploads.collect(place, new.length, body.chunks(), checksum)

    return receive


@ROUTES.add(
    "POST",
    "/uploads",
    status=201,
    summary="Begin an upload",
    permission=TICKETS_WRITE,
    prepares=_prepare_creation,
    media_types=(tus.MEDIA_TYPE,),
    answer_headers=tus.OF_ALL,
    headers=("Location", "Upload-Offset", "Upload-Expires"),
    parameters=(
        _RESUMABLE,
        Parameter("Upload-Length", "header", "Bytes that the upload will have"),
        Parameter(
            "Upload-Metadata",
            "header",
            "Pairs of a key and its value in Base64, with commas between them: `filename` and `filetype` are known",
        ),
        _CHECKSUM,
    ),
    errors={412: _OTHER_VERSION, 413: "An upload may have at most 26214400 bytes", 422: None, 460: _OTHER_SUM},
    example=_EXAMPLE,
)
def create(tx: Tx, call: Call[None, BodyStream]) -> Reply[UploadAnswer]:
    """Its first bytes may come with the call. It is there for 24 hours: by then it has to be whole, and attached to a
    ticket or a note. A user may have 50 of them. What is announced as larger than a file may be is refused (413).
    """
    made = uploads.create_upload(tx, call.actor, tus.new_upload_of(call.headers), call.prepared, call.at)
    return _answer(call, made, call.location(f"/uploads/{made.id}"))


@ROUTES.add(
    "GET",
    "/uploads/{upload}",
    summary="Ask how far an upload is",
    permission=TICKETS_WRITE,
    answer_headers=tus.OF_ALL,
    headers=("Upload-Offset", "Upload-Length", "Upload-Expires", "Upload-Metadata"),
    parameters=(_RESUMABLE,),
    errors={412: _OTHER_VERSION},
    example=_EXAMPLE,
)
def show(tx: Tx, call: Call[None, None], upload: UploadPath) -> Reply[UploadAnswer]:
    """As tus has it, with `HEAD`. An upload of somebody else is 404, and so is one whose time is over."""
    tus.require_version(call.headers)
    found = uploads.find_upload(tx, call.actor, upload, call.at)
    said = tus.metadata_of(found)
    more = [("Upload-Metadata", said)] if said else []
    return _answer(call, found, ("Upload-Length", str(found.length)), *more)


def _prepare_bytes(tx: Tx, call: Call[None, BodyStream], upload: str | None) -> Prepare:
    tus.require_version(call.headers)
    offset, checksum = tus.number_of(call.headers, "Upload-Offset"), tus.checksum_of(call.headers)
    found = uploads.find_upload(tx, call.actor, upload, call.at)
    uploads.require_offset(tx, found, offset)
    place, body, actor = call.services.receiving.place(tx), call.body, call.actor

    async def receive() -> Upload:
        return await call.services.uploads.go_on(place, actor, found, body.chunks(), checksum)

    return receive


@ROUTES.add(
    "PATCH",
    "/uploads/{upload}",
    status=204,
    summary="Go on with an upload",
    permission=TICKETS_WRITE,
    prepares=_prepare_bytes,
    media_types=(tus.MEDIA_TYPE,),
    answer_headers=tus.OF_ALL,
    headers=("Upload-Offset", "Upload-Expires"),
    parameters=(
        _RESUMABLE,
        Parameter("Upload-Offset", "header", "Where it goes on: how many bytes are there"),
        _CHECKSUM,
    ),
    errors={
        409: uploads.MOVED,
        412: _OTHER_VERSION,
        413: "The body has more bytes than the upload has left",
        422: None,
        460: _OTHER_SUM,
    },
)
def go_on(_tx: Tx, call: Call[None, BodyStream], upload: UploadPath) -> Reply[None]:  # noqa: ARG001 - prepared with it
    """With the bytes behind those that are there. What has arrived is there for good, also where the connection breaks;
    with a checksum all of it is, or nothing.
    """
    return Reply(None, (*tus.told_of(call.prepared).items(),))


@ROUTES.add(
    "DELETE",
    "/uploads/{upload}",
    status=204,
    summary="Give an upload up",
    permission=TICKETS_WRITE,
    answer_headers=tus.OF_ALL,
    parameters=(_RESUMABLE,),
    errors={412: _OTHER_VERSION},
)
def drop(tx: Tx, call: Call[None, None], upload: UploadPath) -> None:
    """One that is whole too. What was attached stays."""
    tus.require_version(call.headers)
    uploads.drop(tx, call.actor, upload, call.at)
