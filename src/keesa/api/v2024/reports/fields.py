"""What several reports have."""

from typing import Annotated

from msgspec import Meta

List = Annotated[
    str | None,
    Meta(
        description="The query of `GET /tickets/rows` that lists these tickets; null where no list has such a filter",
        examples=["raised_from=2026-03-01&raised_to=2026-03-31&priority=2"],
    ),
]
