"""The schemas of an OpenAPI document: a component of its own, under one name, for each struct and each vocabulary.

Names and titles are what generated clients call their classes. The types of the document's own version have their plain
names; those of another version, whose routes answer too, carry its year: `Ticket` and `Ticket2021`.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo

from keesa.web.openapi.wording import Entry

Node = dict[str, Any]

_REF: Final = "#/components/schemas/{name}"
_NULL: Final = {"type": "null"}
_VERSION_OF: Final = re.compile(r"keesa\.api\.v(\d{4})\.")


class Schemas:
    """What stands for each type of a document's routes, and `components`, what that refers to."""

    def __init__(
        self,
        version: str,
        types: Iterable[type[Struct]],
        fields: Mapping[str, Entry],
        closed: Collection[type[Struct]] = (),
    ) -> None:
        """`closed` are those that take no further key."""
        self._fields = fields
        self._closed = {_name_of(version, kind) for kind in closed}
        self.components: dict[str, Node] = {}
        self._refs: dict[type[Struct], Node] = {}
        for suffix, kinds in _by_suffix(version, types).items():
            refs, parts = msgspec.json.schema_components(kinds, ref_template=_REF + suffix)
            self._refs |= zip(kinds, refs, strict=True)
            for name, part in parts.items():
                self._add(name, suffix, part)

    def of(self, kind: type[Struct]) -> Node:
        return self._refs[kind]

    def form(self, kind: type[Struct], files: Node) -> Node:
        """The schema of a form whose texts are the struct's fields; what may be null in it may be left out."""
        name = self.of(kind)["$ref"].rpartition("/")[2]
        texts = {key: _without_null(dict(schema)) for key, schema in self.components[name]["properties"].items()}
        return {"type": "object", "properties": texts | files, "additionalProperties": False}

    def parameter(self, struct: type[Struct], field: FieldInfo) -> tuple[Node, str]:
        """The schema of a query field, and what is said of it. A query cannot say null; what may be null in it may
        be left out.
        """
        schema = _without_null(self._shared(msgspec.json.schema(field.type)))
        schema = {**self._said_of(struct.__name__, field.encode_name), **schema}
        return schema, schema.pop("description", "")

    def words(self, title: str, words: Sequence[str]) -> Node:
        """The schema of one of the words."""
        return self._shared({"title": title, "type": "string", "enum": list(words)})

    def _add(self, name: str, suffix: str, part: Node) -> None:
        title = f"{name}{suffix}"
        self._reserve(title)
        if "prefixItems" in part:  # a struct that is an array in JSON
            items = [self._shared(item) for item in part["prefixItems"]]
            self.components[title] = part | {"title": title, "prefixItems": items, "maxItems": len(items)}
            return
        properties = {key: self._property(name, key, schema) for key, schema in part["properties"].items()}
        self.components[title] = part | {"title": title, "properties": properties}
        if title in self._closed:
            self.components[title]["additionalProperties"] = False

    def _property(self, struct: str, key: str, schema: Node) -> Node:
        """A field with what is said of it, and without a default: generators take a field that has one for required."""
        schema = self._shared({name: value for name, value in schema.items() if name != "default"})
        return {**self._said_of(struct, key), **schema}

    def _shared(self, schema: Node) -> Node:
        """The schema with each part that has a title, such as the statuses, made a component that it refers to."""
        schema = dict(schema)
        if "anyOf" in schema:
            schema = self._flat([self._shared(part) for part in schema["anyOf"]], schema)
        if isinstance(schema.get("items"), dict):
            schema["items"] = self._shared(schema["items"])
        title = schema.get("title")
        if title is None:
            return schema
        if self.components.get(title) != schema:
            self._reserve(title)
            self.components[title] = schema
        return {"$ref": _REF.format(name=title)}

    def _flat(self, parts: list[Node], schema: Node) -> Node:
        """The schema with the choices within its choices as its own, and what was said of them."""
        said: Node = {}
        for part in parts:
            if "anyOf" in part:
                said |= {key: value for key, value in part.items() if key != "anyOf"}
        choices = [choice for part in parts for choice in part.get("anyOf", [part])]
        return {**said, **{key: value for key, value in schema.items() if key != "type"}, "anyOf": choices}

    def _said_of(self, struct: str, field: str) -> Entry:
        return self._fields.get(f"{struct}.{field}", self._fields.get(field, {}))

    def _reserve(self, title: str) -> None:
        if title in self.components or not title.isidentifier():
            raise ValueError(f"two types would be one class of a generated client: {title}")


def _without_null(schema: Node) -> Node:
    kept: list[Node] = [part for part in schema.pop("anyOf", ()) if part != _NULL]
    if len(kept) == 1:
        return schema | kept[0]
    return schema | {"anyOf": kept} if kept else schema


def _by_suffix(version: str, types: Iterable[type[Struct]]) -> dict[str, list[type[Struct]]]:
    """The types by what their names end in: nothing, or the year of another version than the document's."""
    groups: dict[str, list[type[Struct]]] = {}
    for kind in dict.fromkeys(types):
        groups.setdefault(_suffix(version, kind), []).append(kind)
    return groups


def _suffix(version: str, kind: type[Struct]) -> str:
    found = _VERSION_OF.match(kind.__module__)
    return "" if found is None or found[1] == version else found[1]


def _name_of(version: str, kind: type[Struct]) -> str:
    return kind.__name__ + _suffix(version, kind)
