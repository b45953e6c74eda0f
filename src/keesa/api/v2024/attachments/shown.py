"""A picture or file as 2024 shows it, and where its bytes are found for whom."""

from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from keesa.accounts.permissions import sees_internal
from keesa.api.calls import Call
from keesa.api.v2024.fields import Time
from keesa.attachments.listing import Attachment

ADDER: Final = {"id": 2, "full_name": "Aishath Rasheed", "nick_name": "Aishu"}
ADDED_IMAGE: Final = {
    "id": 12,
    "ticket_number": "2025017",
    "name": "mast.jpg",
    "media_type": "image/jpeg",
    "size": 2483112,
    "note_id": 31,
    "internal": False,
    "added_by": ADDER,
    "added_at": "2025-03-04T16:21:00.000+05:00",
    "width": 4032,
    "height": 3024,
}
ADDED_FILE: Final = {
    "id": 13,
    "ticket_number": "2025017",
    "name": "router.cfg",
    "media_type": "text/plain; charset=utf-8",
    "size": 5120,
    "note_id": None,
    "internal": False,
    "added_by": ADDER,
    "added_at": "2025-03-04T16:21:00.000+05:00",
}
_ADDRESS: Final = "https://desk.example/api/v1/files/AAAAAAAAAAz__________wAATq5eYvLr3HRJkZ0h1n2pWc4Q"
IMAGE: Final = ADDED_IMAGE | {"taken": None, "url": _ADDRESS, "thumbnail_url": f"{_ADDRESS}?size=thumbnail"}
FILE: Final = ADDED_FILE | {"url": _ADDRESS}


class WhoAdded(Struct):
    id: Annotated[int, Meta(description="The user's id")]
    full_name: Annotated[str, Meta(description="Their full name")]
    nick_name: Annotated[str, Meta(description="Their nickname")]


class AddedFile(Struct):
    id: Annotated[int, Meta(description="Its id, which never changes")]
    ticket_number: Annotated[
        str | None,
        Meta(description="The ticket that it hangs on: this one, or a duplicate of it; null of one out of sight"),
    ]
    name: Annotated[str, Meta(description="As who added it called it, without a path and control characters")]
    media_type: Annotated[str, Meta(description="What it is by its content, whatever it is called")]
    size: Annotated[int, Meta(description="Its bytes; of a picture those of the largest form")]
    note_id: Annotated[int | None, Meta(description="The note that it hangs on; null of one on the ticket itself")]
    internal: Annotated[bool, Meta(description="Whether customers never see it; false in all that they see")]
    added_by: Annotated[WhoAdded, Meta(description="Who added it")]
    added_at: Annotated[Time, Meta(description="When it was added")]


class AddedImage(AddedFile):
    width: Annotated[int | None, Meta(description="Pixels of the largest form, upright")]
    height: Annotated[int | None, Meta(description="Likewise")]


_Url = Annotated[
    str,
    Meta(
        description="Where its bytes are, without a token, for a day or two: read this list again then",
        extra_json_schema={"format": "uri"},
    ),
]


class ShownFile(AddedFile):
    url: _Url


class ShownImage(AddedImage):
    taken: Annotated[
        dict[str, Any] | None,
        Meta(description="Where, when and with what it was taken, where that is kept; null to customers"),
    ]
    url: Annotated[_Url, Meta(description="The form for a screen; `?size=original` is the largest one")]
    thumbnail_url: Annotated[_Url, Meta(description="A small one, for a list")]


def added_image(call: Call[Any, Any], added: Attachment) -> AddedImage:
    return AddedImage(**_shared(call, added), width=added.width, height=added.height)


def added_file(call: Call[Any, Any], added: Attachment) -> AddedFile:
    return AddedFile(**_shared(call, added))


def shown_image(call: Call[Any, Any], image: Attachment) -> ShownImage:
    url = address_of(call, image)
    return ShownImage(
        **_shared(call, image),
        width=image.width,
        height=image.height,
        taken=None if image.taken is None else dict(image.taken),
        url=url,
        thumbnail_url=f"{url}?size=thumbnail",
    )


def shown_file(call: Call[Any, Any], file: Attachment) -> ShownFile:
    return ShownFile(**_shared(call, file), url=address_of(call, file))


def address_of(call: Call[Any, Any], attachment: Attachment) -> str:
    """For who asks: what customers are shown serves nobody but their customer, and no longer than they see it."""
    return call.addresses.of(attachment.id, None if sees_internal(call.actor) else call.actor.customer_id)


def _shared(call: Call[Any, Any], attachment: Attachment) -> dict[str, Any]:
    return {
        "id": attachment.id,
        "ticket_number": None if attachment.ticket_id is None else str(attachment.ticket_id),
        "name": attachment.name,
        "media_type": attachment.media_type,
        "size": attachment.size,
        "note_id": attachment.note_id,
        "internal": attachment.internal,
        "added_by": WhoAdded(*attachment.added_by),
        "added_at": call.services.clock.iso(attachment.added_at),
    }
