"""From the body of `POST /tickets`, in either version's form, to the fields of a draft."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from keesa.accounts.actors import Actor
from keesa.db import Tx
from keesa.errors import Faults, Invalid
from keesa.rich_text.html import RichText
from keesa.tickets.raising import Draft, draft_faults, missing_words
from keesa.web.input.kinds import places_of
from keesa.web.routes import Partial

_WIRE_NAMES: Final[Mapping[str, str]] = {"contact_name": "customer_name", "contact_number": "customer_contact"}
_EITHER_PLACE: Final = ("customer_id", "eco_id")
"""2021 puts `customer_id` inside `ticket` and `eco_id` beside it, 2024 both beside it; all is understood in both."""


def draft_of(tx: Tx, actor: Actor, values: Partial, description: RichText) -> Draft:
    """Raises `Invalid`, with the draft's other faults, where an id stands in both places and differs."""
    given, faults = _given(values)
    given["description"] = description
    if faults:
        raise Invalid(draft_faults(tx, actor, given) | faults | missing_words(tx, actor, given))
    return Draft(**given)


def all_faults(
    tx: Tx, actor: Actor, values: Partial, faults: Faults, body: type[Struct], paths: Mapping[str, str]
) -> Faults:
    """The faults that reading the body found, and those that the domain finds in what was good of it.

    Of `values` the description is a `RichText`. `paths` gives the version's names to the domain's fields. What only
    the domain knows to be missing stands among what reading found, in the order of the body's fields.
    """
    given, found = _given(values)
    missing = {paths[word]: sentences for word, sentences in missing_words(tx, actor, given).items()}
    read = dict(faults) | {path: told for path, told in missing.items() if not _is_told(path, faults)}
    found = draft_faults(tx, actor, given) | found
    if any(path.endswith(_EITHER_PLACE) for path in faults) and not given.keys() & set(_EITHER_PLACE):
        found.pop("customer_id", None)  # it is not missing, only unreadable
    order = places_of(body)
    in_order = dict(sorted(read.items(), key=lambda item: order[item[0]]))
    return {paths.get(field, field): sentences for field, sentences in found.items()} | in_order


def _is_told(path: str, faults: Faults) -> bool:
    """Whether a fault is known of the field, or of the object that it stands in."""
    return any(path == known or path.startswith(f"{known}.") for known in faults)


def _given(values: Partial) -> tuple[dict[str, Any], dict[str, list[str]]]:
    ticket: Partial = values.get("ticket", {})
    given = {}
    for field in Draft.__dataclass_fields__:
        value = ticket.get(_WIRE_NAMES.get(field, field))
        if value is not None:
            given[field] = value
    faults = {}
    for field in _EITHER_PLACE:
        beside = values.get(field)
        if beside is not None and given.setdefault(field, beside) != beside:
            faults[field] = ["is given twice, and differs"]
    return given, faults
