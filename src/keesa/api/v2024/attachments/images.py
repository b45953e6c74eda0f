"""Images of tickets: adding, listing, showing and removing them."""

from typing import Annotated

from msgspec import Meta, Struct

from keesa.accounts.permissions import TICKETS_READ, TICKETS_WRITE
from keesa.api.calls import Call
from keesa.api.cursor_pages import CursorQuery, Next
from keesa.api.ticket_states import CHANGED_SINCE
from keesa.api.v2024.attachments import forms
from keesa.api.v2024.attachments.forms import BODY, FilesToAdd
from keesa.api.v2024.attachments.shown import ADDED_IMAGE, IMAGE, AddedImage, ShownImage, added_image, shown_image
from keesa.api.vocabulary import DIGITS, TicketPath
from keesa.attachments.listing import NOT_FOUND, find_attachment
from keesa.attachments.storing import GONE
from keesa.db import Tx
from keesa.tickets.changing import FULL
from keesa.tickets.numbers import parse_number
from keesa.web.endpoints import PathParameter
from keesa.web.forms import Form
from keesa.web.replies import Reply
from keesa.web.routes import Prepare, Routes

ROUTES = Routes()

ImagePath = Annotated[
    int | None, PathParameter(parse_number, "The image's id", {**DIGITS, "examples": ["12"]}, NOT_FOUND["image"])
]


class ImagesOfTicket(Struct):
    images: Annotated[list[ShownImage], Meta(description="The images of this page")]
    next: Next


class ImagesOfTicketAnswer(Struct):
    data: ImagesOfTicket


@ROUTES.add(
    "GET",
    "/tickets/{ticket}/images",
    summary="List a ticket's images",
    permission=TICKETS_READ,
    conditional=True,
    csv=True,
    headers=("Link",),
    example={"data": {"images": [IMAGE], "next": None}},
)
def index(tx: Tx, call: Call[CursorQuery, None], ticket: TicketPath) -> Reply[ImagesOfTicketAnswer]:
    """In the order in which they were added, with those of the ticket's duplicates. Staff see those of internal notes
    too, and those of before the ticket was its customer's.

    An address serves whoever has it, without a token, until the second midnight (UTC) from now; `?size=` is `screen`,
    `thumbnail` or `original`.
    """
    found, cursor, link = forms.page(tx, call, ticket, "image")
    shown = [shown_image(call, each) for each in found]
    etag = call.etag_of_content("images", shown, cursor, link)
    return Reply(ImagesOfTicketAnswer(ImagesOfTicket(shown, cursor)), link, etag=etag)


class OneImage(Struct):
    image: Annotated[ShownImage, Meta(description="The image")]


class ImageAnswer(Struct):
    data: OneImage


@ROUTES.add(
    "GET",
    "/tickets/{ticket}/images/{image}",
    summary="Show an image of a ticket",
    permission=TICKETS_READ,
    conditional=True,
    example={"data": {"image": IMAGE}},
)
def show(tx: Tx, call: Call[None, None], ticket: TicketPath, image: ImagePath) -> Reply[ImageAnswer]:
    """What is known of it, with where its bytes are. To customers internal ones are 404."""
    found = shown_image(call, find_attachment(tx, call.actor, ticket, "image", image))
    return Reply(ImageAnswer(OneImage(found)), etag=call.etag_of_content("image", found))


class AddedImages(Struct):
    images: Annotated[list[AddedImage], Meta(description="Those that were added, uploads last")]


class AddedImagesAnswer(Struct):
    data: AddedImages


def prepare(tx: Tx, call: Call[None, Form], ticket: TicketPath) -> Prepare:
    return forms.prepare(tx, call, ticket, "image")


@ROUTES.add(
    "POST",
    "/tickets/{ticket}/images",
    status=201,
    summary="Add images to a ticket, or to one of its notes",
    permission=TICKETS_WRITE,
    conditional=True,
    outdated=CHANGED_SINCE,
    prepares=prepare,
    body_schema=FilesToAdd,
    file_part="images",
    headers=("Location",),
    body_example=BODY,
    errors={
        409: GONE,
        413: "A picture may have at most 26214400 bytes",
        415: "Pictures are taken as JPEG, PNG, WebP, GIF, HEIC or AVIF",
    },
    example={"data": {"images": [ADDED_IMAGE]}},
)
def create(tx: Tx, call: Call[None, Form], ticket: TicketPath) -> Reply[AddedImagesAnswer]:
    """Whoever sees a ticket may, closed ones too: as `multipart/form-data`, each part with a file is one; or from
    uploads that were sent piece by piece. JPEG, PNG, WebP, GIF, HEIC and AVIF, by their content; turned upright and
    made anew, so that nothing hidden is left in them. All are added, or none.

    What hangs on an internal note is seen by staff alone. A customer's picture on a ticket on hold or closed waits for
    the desk as a note of theirs does.
    """
    added, condition, location = forms.add(tx, call, ticket, "image")
    return condition.reply(AddedImagesAnswer(AddedImages([added_image(call, each) for each in added])), location)


@ROUTES.add(
    "DELETE",
    "/tickets/{ticket}/images/{image}",
    status=204,
    summary="Remove an image from a ticket",
    permission=TICKETS_WRITE,
    conditional=True,
    outdated=CHANGED_SINCE,
    headers=("ETag",),
    errors={422: f"ticket {FULL}"},
)
def destroy(tx: Tx, call: Call[None, None], ticket: TicketPath, image: ImagePath) -> Reply[None]:
    """Who added it may, for 15 minutes; administrators may at any time. It is gone from all that shows it, and its
    address serves it no more. One of a duplicate is removed by the duplicate's own path.
    """
    return forms.destroy(tx, call, ticket, "image", image)
