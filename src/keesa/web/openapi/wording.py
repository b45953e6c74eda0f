"""What an application's OpenAPI documents say beside what its routes check."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keesa.web.routes import Access, ApiVersion

Entry = Mapping[str, Any]
"""What a field's schema says beside its type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    info: Callable[[ApiVersion], dict[str, str]]
    """Title, version and description of a version's document."""
    prefix: str
    """The path of the API."""
    fields: Mapping[str, Entry]
    """By a field's name, or by `Struct.field`."""
    tags: Mapping[str, tuple[str, str]]
    """By the name of the module or package that an endpoint is in: the tag, and what it is about."""
    statuses: Mapping[int, str]
    security: Mapping[Access, list[dict[str, list[str]]]]
    """The tokens of which one is needed."""
    schemes: Mapping[str, Any]
    """What those tokens are."""
    access: Mapping[Access, str]
    """A sentence without its full stop."""
    user_types: Sequence[str]
    lacking: Callable[..., Exception]
    """Given the permissions of which one is needed: the error where none is there."""
    headers: Mapping[str, Mapping[str, Any]]
    """The headers of answers, by name."""
    headers_with_token: Sequence[str]
    """Those of a good answer to who has shown a token."""
    errors: Mapping[int, Exception]
    """An example of each status that no route has its own of."""
