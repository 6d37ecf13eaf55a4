"""The declared schema: which attributes items and users have, and of which types."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from models.data.catalogue import FIELDS

AttributeType = Literal["text", "number", "time", "category", "place", "vector"]
TYPES: tuple[str, ...] = get_args(AttributeType)
MAX_LENGTH = 4096
"""Numbers of the longest vector."""
MAX_ATTRIBUTES = 500
MAX_VECTORS = 8
"""Vectors of an item, at most: each has an index of its own."""
ITEM_FIELDS = frozenset({"item_id", *FIELDS, "texts", "vectors"})
MAX_BYTES = 262_144
"""Bytes of the longest schema file."""
_LONGEST_NAME = 128


class SchemaDeclarationError(ValueError):
    """A schema cannot be used; the text is one line that names the file, and the line or the key."""


class Attribute(BaseModel):
    """What values of an attribute are."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, json_schema_extra={"examples": [{"type": "vector", "length": 384}]}
    )

    type: AttributeType = Field(description="what its values are", examples=["category"])
    length: int | None = Field(None, ge=1, le=MAX_LENGTH, description="how many numbers a vector has")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        """Take `"number"` for `{type = "number"}`."""
        return {"type": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _length_of_vector(self) -> Self:
        if self.type == "vector" and self.length is None:
            raise PydanticCustomError("missing_length", "a vector needs its length, such as length = 384")
        if self.type != "vector" and self.length is not None:
            raise PydanticCustomError("length_without_vector", "only a vector has a length")
        return self


Attributes = dict[str, Attribute]


class Schema(BaseModel):
    """Attributes of items and of users by name; what is not declared is inferred from its values.

    A name is that of a value in `attributes`, on its first level.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "items": {"embedding": {"type": "vector", "length": 384}, "released": {"type": "time"}},
                    "users": {"country": {"type": "category"}},
                }
            ]
        },
    )

    items: Attributes = Field({}, description="attributes of items, by name")
    users: Attributes = Field({}, description="attributes of users, by name")

    @field_validator("items", "users")
    @classmethod
    def _usable(cls, declared: Attributes) -> Attributes:
        if len(declared) > MAX_ATTRIBUTES:
            raise PydanticCustomError(
                "too_many_attributes",
                "declares {found} attributes, more than {most}",
                {"found": len(declared), "most": MAX_ATTRIBUTES},
            )
        for name in declared:
            if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
                raise PydanticCustomError(
                    "attribute_name",
                    "{name}: a name has 1 to {most} printable characters",
                    {"name": repr(name[:_LONGEST_NAME]), "most": _LONGEST_NAME},
                )
            if name in ITEM_FIELDS and declared[name].type == "vector":
                raise PydanticCustomError(
                    "attribute_name", "{name}: a field of every item cannot be a vector", {"name": repr(name)}
                )
        vectors = sum(one.type == "vector" for one in declared.values())
        if vectors > MAX_VECTORS:
            raise PydanticCustomError(
                "too_many_vectors",
                "declares {found} vectors, more than {most}",
                {"found": vectors, "most": MAX_VECTORS},
            )
        return declared

    @property
    def vectors(self) -> dict[str, int]:
        """The vectors of items: their lengths by name."""
        return {name: one.length for name, one in self.items.items() if one.length is not None}


EMPTY = Schema()
"""Nothing is declared."""


def parse_schema(declared: Mapping[str, Any], place: str) -> Schema:
    """Read a schema from what a TOML file or a JSON document holds.

    Parameters
    ----------
    place
        Where it is from, for the message.

    Raises
    ------
    SchemaDeclarationError
        It is no schema.
    """
    try:
        return Schema.model_validate(declared)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the document"
        raise SchemaDeclarationError(f"{place}: {key}: {_reason(first)}") from error


def read_schema(path: Path) -> Schema:
    """Read a schema file: TOML with the tables `items` and `users`.

    Raises
    ------
    SchemaDeclarationError
        It is missing, not TOML, or declares what there is not.
    """
    try:
        with path.open("rb") as stream:
            text = stream.read(MAX_BYTES + 1)
        if len(text) > MAX_BYTES:
            raise SchemaDeclarationError(f"{path}: is longer than {MAX_BYTES:,} bytes: it is no schema")
        declared = tomllib.loads(text.decode())
    except OSError as error:
        raise SchemaDeclarationError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SchemaDeclarationError(f"{path}: line {line}: is not UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise SchemaDeclarationError(f"{path}: is not TOML: {error}") from error
    return parse_schema(declared, str(path))


def _reason(error: Mapping[str, Any]) -> str:
    if error["type"] == "literal_error":
        return f"{error['input']!r} is not a type: use one of {', '.join(TYPES)}"
    if error["type"] == "extra_forbidden":
        return "is not a key of a schema: attributes stand under items or users, each with type (and length)"
    return str(error["msg"])
