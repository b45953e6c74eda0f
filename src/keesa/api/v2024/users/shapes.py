"""How users are shown, and what stands in requests about them."""

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from keesa.accounts import users
from keesa.accounts.users import NOT_FOUND
from keesa.api.calls import Call
from keesa.api.v2024.fields import Time
from keesa.api.vocabulary import DIGITS
from keesa.tickets.numbers import parse_number
from keesa.web.endpoints import PathParameter
from keesa.web.input.fields import Id
from keesa.web.replies import Reply

UserPath = Annotated[int | None, PathParameter(parse_number, "The user's id", {**DIGITS, "examples": ["7"]}, NOT_FOUND)]
Email = Annotated[
    str, Meta(description="The address that they log in with; kept in small letters", examples=["hassan@example.com"])
]
FullName = Annotated[str, Meta(description="As tickets show it, at most 255 characters")]
NickName = Annotated[str, Meta(description="A short name, at most 255 characters")]
UserType = Annotated[
    Literal["admin", "staff", "customer", "bot"],
    Meta(
        title="UserType",
        description="What they are; it decides which tickets they see",
        extra_json_schema={"type": "string"},
    ),
]
CustomerId = Annotated[
    Annotated[int, Meta(ge=1)] | None,
    Meta(description="The customer whose user this is; null for any other type than `customer`"),
]
GivenCustomerId = Annotated[
    Id | None, Meta(description="The customer whose user they are to be; null for another type")
]
RoleNames = Annotated[
    list[str], Meta(description="Names of their roles; the first is the `role` of a 2021 token", max_length=50)
]
Disabled = Annotated[bool, Meta(description="Whether they are kept out; what they wrote stays")]

EXAMPLE: Final = {
    "id": 7,
    "email": "hassan@example.com",
    "full_name": "Hassan Waheed",
    "nick_name": "Hassan",
    "user_type": "staff",
    "customer_id": None,
    "roles": ["engineer"],
    "disabled": False,
    "has_password": True,
    "sign_in_count": 12,
    "created_at": "2025-03-04T09:00:00.000+05:00",
    "last_login_at": "2025-06-28T10:15:30.000+05:00",
}


class User(Struct):
    id: Annotated[int, Meta(description="The user's id, which never changes")]
    email: Email
    full_name: FullName
    nick_name: NickName
    user_type: UserType
    customer_id: CustomerId
    roles: RoleNames
    disabled: Disabled
    has_password: Annotated[bool, Meta(description="Whether they can log in with one; else a link sets it")]
    sign_in_count: Annotated[int, Meta(description="How often they have logged in")]
    created_at: Annotated[Time, Meta(description="When they were made")]
    last_login_at: Annotated[Time | None, Meta(description="When they last logged in; null before the first time")]


class OneUser(Struct):
    user: Annotated[User, Meta(description="The user")]


class UserAnswer(Struct):
    data: OneUser


def shown(call: Call[Any, Any], user: users.User) -> User:
    clock = call.services.clock
    return User(
        id=user.actor.id,
        email=user.actor.email,
        full_name=user.actor.full_name,
        nick_name=user.actor.nick_name,
        user_type=user.actor.user_type,
        customer_id=user.actor.customer_id,
        roles=list(user.actor.roles),
        disabled=user.disabled,
        has_password=user.has_password,
        sign_in_count=user.actor.sign_in_count,
        created_at=clock.iso(user.created_at),
        last_login_at=None if user.last_login_at is None else clock.iso(user.last_login_at),
    )


def answer(call: Call[Any, Any], user: users.User) -> Reply[UserAnswer]:
    found = shown(call, user)
    return Reply(UserAnswer(OneUser(found)), etag=call.etag_of(found))
