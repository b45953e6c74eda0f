"""Types of fields that several nouns of 2024 have, and the answer that says what was done."""

from typing import Annotated

from msgspec import Meta, Struct

from keesa.api.vocabulary import TIME_PATTERN

Time = Annotated[
    str,
    Meta(pattern=TIME_PATTERN, examples=["2024-06-28T10:15:30.000+05:00"], extra_json_schema={"format": "date-time"}),
]
Day = Annotated[str, Meta(examples=["2025-04-01"], extra_json_schema={"format": "date"})]
Minute = Annotated[str, Meta(pattern=r"^\d\d:\d\d \d\d/\d\d/\d{4}$", examples=["10:30 06/28/2024"])]
Phone = Annotated[str, Meta(description="The contact's telephone number as it was written", examples=["+960 777-1234"])]
Priority = Annotated[int, Meta(ge=1, lt=6)]
ContactNumber = Annotated[
    str | int, Meta(description="A telephone number of at most 15 digits, with or without + and what sets them apart")
]
TicketNumber = Annotated[str | int, Meta(description="A ticket's number, or its id")]


class Message(Struct):
    message: str
